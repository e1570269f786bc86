import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { toTenantId } from "../core/ids.ts";
import { createAccept } from "../intake/accept.ts";
import { createFakeFanOut } from "../intake/fake-fan-out.ts";
import { systemClock } from "../kit/clock.ts";
import { createMetrics } from "../kit/metrics.ts";
import { systemRandom } from "../kit/random.ts";
import { callAgi } from "./agi/fake-agi-caller.ts";
import type { AgiRoutes } from "./agi-routes.ts";
import { type FakeFields, startFakeAmi } from "./ami/fake-ami.ts";
import { listOpenCalls } from "./store.ts";
import { createTelephony, type TelephonyOptions } from "./telephony.ts";

// Bytes of AMI on one side, PostgreSQL on the other, and nothing made up between them.
const database = await createTestDatabase();
const tenantId = toTenantId(1);

async function until<T>(read: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let turn = 0; turn < 200_000; turn++) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it never came true");
}

async function openDoor(more: Partial<TelephonyOptions> = {}) {
  const fake = await startFakeAmi();
  const metrics = createMetrics({ includeProcess: false });
  const given = { database, clock: systemClock, log: silentLog, metrics };
  const { accept } = createAccept({ ...given, ...createFakeFanOut() });
  const telephony = createTelephony({
    ...given,
    loadPbxs: async () => [
      {
        ...{ id: "1", name: "main", tenantId, country: "ES", callIdPrefix: "" },
        address: { host: "127.0.0.1", port: fake.port, username: "enlace", secret: "test-secret" },
        extensions: new Map(["101", "102", "103"].map((extension) => [extension, extension])),
        trunks: new Set(["trunk"]),
        dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" },
      },
    ],
    listener: { on: () => () => undefined },
    random: systemRandom,
    accept,
    exclusive: (_key, signal, work) => work(signal),
    listOpenCalls: (id, pbx) => listOpenCalls(database, id, pbx),
    ...more,
  });
  after(async () => {
    await telephony.stop();
    await fake.stop();
  });
  await telephony.start();
  await until(() => telephony.list()[0]?.ami?.state === "ready" || undefined);
  return { fake, telephony, metrics };
}

const rowOf = async (callUuid: string) =>
  (
    await database.pool.query(
      "select direction, from_text, to_text, outcome, agent_extension, trunk, pbx, sources from calls where call_uuid = $1",
      [callUuid],
    )
  ).rows[0];

test("the events of a real transferred call become one row of the call log", async () => {
  const { fake, telephony } = await openDoor();
  const lines = readFileSync(join(import.meta.dirname, "tracker/fixtures/attended.jsonl"), "utf8")
    .trim()
    .split("\n");
  const events = lines.map((line): FakeFields => {
    const { ms: _, ...fields } = JSON.parse(line);
    return fields;
  });
  for (const event of events) fake.event(event);
  const callUuid = events[0]?.Linkedid ?? "";
  const row = await until(async () => {
    const found = await rowOf(callUuid);
    return found?.outcome === "answered" ? found : undefined;
  });
  assert.deepEqual(row, {
    ...{ direction: "inbound", from_text: "+34600000001", to_text: "0009001", outcome: "answered" },
    ...{ agent_extension: "102", trunk: "trunk", pbx: "main", sources: ["ami"] },
  });
  const { rows } = await database.pool.query("select count(*)::int as calls from calls where tenant_id = 1");
  assert.deepEqual(rows, [{ calls: 1 }]);
  assert.deepEqual(await listOpenCalls(database, tenantId, "main"), []);
  assert.equal(telephony.list(toTenantId(2)).length, 0);
});

test("a call left open by a process that died is closed by the next one as lost", async () => {
  const first = await openDoor();
  const trunk = { Channel: "PJSIP/trunk-00000001", Uniqueid: "7.1", Linkedid: "7.1" };
  first.fake.event({ Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: "600000001", Exten: "0009001" });
  await until(async () => ((await listOpenCalls(database, tenantId, "main")).includes("7.1") ? true : undefined));
  await first.telephony.stop();
  await openDoor();
  const row = await until(async () => {
    const found = await rowOf("7.1");
    return found?.outcome === "lost" ? found : undefined;
  });
  assert.deepEqual(row.sources, ["ami", "recovery"]);
});

test("FastAGI is served to those who may, and all of it is counted", async () => {
  const scripts: string[] = [];
  const agi = { host: "127.0.0.1", port: 0, allow: ["127.0.0.1"] };
  const agiRoutes: AgiRoutes = { ivr: async ({ script }, pbx) => void scripts.push(`${script} of ${pbx.name}`) };
  const log = { ...silentLog, info: (fields: object) => void ports.push(fields as { port?: number }) };
  const ports: { port?: number }[] = [];
  const { metrics, telephony } = await openDoor({ agi, agiRoutes, log: log as unknown as TelephonyOptions["log"] });
  const port = ports.find((fields) => fields.port !== undefined)?.port ?? 0;
  await (await callAgi(port)).ended;
  assert.deepEqual(scripts, ["ivr of main"]);
  const page = await metrics.toText();
  assert.match(page, /enlace_agi_outcomes\{outcome="accepted"\} 1/);
  assert.match(page, /enlace_agi_session_seconds_count\{script="ivr"\} 1/);
  assert.match(page, /enlace_pbx_ready 1/);
  assert.match((await telephony.checks[0]?.check())?.detail ?? "", /^1 of 1 owned; ready: 1$/);
});
