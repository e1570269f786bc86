import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import { createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { toTenantId } from "../../core/ids.ts";
import { systemClock } from "../../kit/clock.ts";
import { createMetrics } from "../../kit/metrics.ts";
import type { AmiItem } from "../ami/stream.ts";
import type { PbxSettings } from "../pbx.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import { createReconciliation } from "./reconciliation.ts";
import { loadGaps, loadProgress, saveNewGap } from "./store.ts";

const { database, tenants } = await createTenantsFixture();
const tenantId = toTenantId(1);
await tenants.pbxs.applyEnvironmentPbx(tenantId, {
  host: "pbx.example.test",
  port: 5038,
  username: "enlace",
  secret: "x",
});
const [pbx] = await tenants.pbxs.list(tenantId, { afterId: "0", rowsMax: 1 });
const key = { tenantId, pbxId: pbx?.id ?? "" };
const clock = systemClock;
const ago = (seconds: number): Date => new Date(clock.now().getTime() - seconds * 1000);
const snapshot = (at: Date): AmiItem => ({ kind: "snapshot", at, channels: [], after: "connect" });
const gapsOf = () => loadGaps(database, key, { beforeId: null, rowsMax: 50 });

/** Watches as the owner of the PBX does, for as long as `work` takes. */
async function watch(
  cdr: NonNullable<PbxSettings["cdr"]>,
  items: readonly AmiItem[],
  work: () => Promise<void>,
): Promise<void> {
  const { observe } = createReconciliation({
    ...{ database, clock, log: silentLog, metrics: createMetrics({ includeProcess: false }) },
    accept: async () => assert.fail("there is nothing to tell"),
    timing: { tickMs: 5, settleMs: 0, heartbeatMs: 10 },
  });
  const settings = {
    ...{ id: key.pbxId, name: "main", tenantId, country: "ES", callIdPrefix: "", timeZone: "UTC", cdr },
    address: { host: "127.0.0.1", port: 1, username: "", secret: "" },
    dial: { extension: "", context: "", number: "" },
    extensions: new Map(),
    trunks: new Set<string>(),
  } satisfies PbxSettings;
  const plan = createPbxPlan(settings);
  const view = {
    plan,
    isReady: () => true,
    droppedEvents: () => 0,
    liveIds: () => new Set<string>(),
    isCall: () => true,
    list: async () => [],
  };
  const stopping = new AbortController();
  const observer = observe(settings, view);
  observer.take(items);
  const running = observer.run(stopping.signal);
  try {
    await work();
  } finally {
    stopping.abort(new Error("stopped"));
    await running;
  }
}

test("what was before Enlace first heard a PBX is no gap; what it did not hear since is one, also over a restart", async () => {
  await watch({ kind: "none" }, [snapshot(ago(600))], async () => {
    await eventually(async () => assert.ok(await loadProgress(database, key)));
  });
  assert.deepEqual(await gapsOf(), []);
  const { heardAt } = (await loadProgress(database, key)) ?? assert.fail();
  assert.ok(heardAt > ago(30), "who stops says until when it listened");
  await database.pool.query("update pbx_progress set heard_at = $1", [ago(300)]);
  await watch({ kind: "none" }, [snapshot(ago(100))], async () => {
    await eventually(async () => assert.equal((await gapsOf())[0]?.state, "unchecked"));
  });
  const [gap, ...others] = await gapsOf();
  assert.deepEqual([gap?.reason, others.length], ["not_listening", 0]);
  assert.match(gap?.problem ?? "", /Nobody said where/);
});

test("a gap whose records cannot be read stays open, says why, and is tried again later", async () => {
  const csv = { kind: "csv", path: "/nowhere/Master.csv" } as const;
  await watch(csv, [snapshot(ago(60)), { kind: "lost", at: ago(50) }, snapshot(ago(20))], async () => {
    await eventually(async () => assert.match((await gapsOf())[0]?.problem ?? "", /ENOENT/));
  });
  const [gap] = await gapsOf();
  assert.deepEqual([gap?.state, gap?.reason, gap?.tries], ["open", "connection_lost", 1]);
  const { rows } = await database.pool.query("select next_try_at from pbx_gaps where id = $1", [gap?.id]);
  assert.ok(rows[0].next_try_at > clock.now());
  await database.pool.query("update pbx_gaps set state = 'unchecked' where id = $1", [gap?.id]);
});

test("over AMI a gap before the connection is compared as far as it can be, and the report says how far", async () => {
  const now = clock.now();
  await saveNewGap(database, key, { fromAt: ago(7_200), toAt: now, reason: "asked", nextTryAt: now }, now);
  await watch({ kind: "ami" }, [snapshot(ago(1))], async () => {
    await eventually(async () => assert.equal((await gapsOf())[0]?.state, "unchecked"));
  });
  assert.match((await gapsOf())[0]?.problem ?? "", /calls that ended before .* could not be compared/);
});
