// Posted events through the store: in any order that a line may deliver, as often as it likes, in any pieces.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { Call } from "../../core/call.ts";
import { fromCallRow } from "../../core/call-row.ts";
import { AppError } from "../../core/errors.ts";
import { toTenantId } from "../../core/ids.ts";
import { moveDeliveries } from "../../delivery/merged-calls.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { createAccept } from "../accept.ts";
import { mergeCalls } from "../call-merge.ts";
import { createFakeFanOut } from "../fake-fan-out.ts";
import { saveNames } from "../identity-store.ts";
import { createAssembler } from "./assembler.ts";
import { BEGUN_MS, loadSequence, PBX_ZONE, type Posted, SEQUENCES } from "./fake-deliveries.ts";
import { readHookBody } from "./hook-body.ts";
import type { HookPbx } from "./hook-pbx.ts";
import { saveHookEvents } from "./store.ts";

const database = await createTestDatabase(new Date(BEGUN_MS));
let tenants = 0;

/** A PBX of a tenant of its own, whose line is played by the test. */
function createLine() {
  const clock = createManualClock(new Date(BEGUN_MS));
  const options = { database, clock, log: silentLog };
  const front = createAccept({
    ...options,
    metrics: createMetrics({ includeProcess: false }),
    fanOuts: createFakeFanOut().fanOuts,
  });
  const refused = new Set<string>();
  const accept: typeof front.accept = async (item) => {
    if (refused.has(item.callUuid)) throw new AppError("conflict", "refused by the test");
    return front.accept(item);
  };
  const { assemble } = createAssembler({ ...options, accept });
  const tenantId = toTenantId(++tenants);
  const pbx: HookPbx = {
    ...{ tenantId, tenantNumber: "9001", pbxId: String(tenants), name: "Office", timeZone: PBX_ZONE },
    ...{ callIdPrefix: "", country: "ES", extensions: [] },
  };
  return {
    accept,
    clock,
    refused,
    tenantId,
    /** Posts events at `seconds` after the call began, and lets them be put together. */
    async hear(events: readonly Posted[], seconds: number) {
      const at = new Date(BEGUN_MS + seconds * 1000);
      await clock.advance(Math.max(0, at.getTime() - clock.now().getTime()));
      for (const { type, fields } of events) {
        const { hash, stored: body } = readHookBody(Buffer.from(JSON.stringify(fields)));
        const uid = String(fields.UniqueId);
        const event = { tenantId, pbxId: pbx.pbxId, type, uid, hash, body, problem: null, at: clock.now() };
        await saveHookEvents(database.sql, [event]);
      }
      const { twins } = await assemble(pbx);
      for (const twin of twins) assert.ok(await mergeCalls(twin, { ...options, accept, moveDeliveries }));
    },
    async calls(): Promise<Record<string, Call>> {
      const { rows } = await database.pool.query("select * from calls where tenant_id = $1 order by call_uuid", [
        tenantId,
      ]);
      return Object.fromEntries(rows.map((row) => [row.call_uuid, fromCallRow(row)]));
    },
    async states() {
      const { rows } = await database.pool.query(
        "select state, type from hook_events where tenant_id = $1 order by id",
        [tenantId],
      );
      return rows.map(({ state, type }) => `${type} ${state}`);
    },
  };
}

/** What comes of a sequence that is delivered as it happened. */
async function deliverPlainly(posted: readonly Posted[]) {
  const line = createLine();
  for (const event of posted) await line.hear([event], event.seconds + 1);
  await line.hear([], 500);
  return line.calls();
}

const withTimes = (posted: readonly Posted[]): Posted[] =>
  posted.map((event) => ({ ...event, fields: { ...event.fields, SentAt: BEGUN_MS / 1000 + event.seconds } }));

/** Each event comes 1 to 8 s late, perhaps twice; they are heard in up to 8 pieces. */
const toDelivery = (posted: readonly Posted[]) => {
  const lag = fc.integer({ min: 1000, max: 8000 }).map((ms) => ms / 1000);
  const once = fc.tuple(...posted.map((event) => lag.map((late) => ({ event, heard: event.seconds + late }))));
  const again = fc.subarray(
    posted.map((event) => ({ event, heard: event.seconds + 9 })),
    { maxLength: Math.min(4, posted.length) },
  );
  return fc.tuple(once, again, fc.integer({ min: 1, max: 8 })).map(([first, second, pieces]) => {
    const all = [...first, ...second].sort((a, b) => a.heard - b.heard);
    const size = Math.ceil(all.length / pieces);
    return Array.from({ length: pieces }, (_, n) => all.slice(n * size, (n + 1) * size)).filter(
      ({ length }) => length > 0,
    );
  });
};

for (const name of SEQUENCES) {
  test(`${name}: late, swapped, doubled and in pieces it is the same`, async () => {
    const posted = withTimes(loadSequence(name));
    const expected = await deliverPlainly(posted);
    assert.ok(Object.keys(expected).length > 0);
    await fc.assert(
      fc.asyncProperty(toDelivery(posted), async (pieces) => {
        const line = createLine();
        for (const piece of pieces)
          await line.hear(
            piece.map(({ event }) => event),
            piece.at(-1)?.heard ?? 0,
          );
        await line.hear([], 500);
        assert.deepEqual(await line.calls(), expected);
      }),
      { numRuns: 5 },
    );
  });
}

test("without a time of its own an event counts from when it came, as late as the first of the call", async () => {
  const line = createLine();
  for (const event of loadSequence("s01")) await line.hear([event], event.seconds + 6);
  const [call] = Object.values(await line.calls());
  assert.deepEqual([call?.ringSeconds, call?.talkSeconds], [5, 35]);
});

test("a call rings and is talked on before it ends", async () => {
  const line = createLine();
  const phases: string[] = [];
  for (const event of loadSequence("s01")) {
    await line.hear([event], event.seconds + 1);
    const [call] = Object.values(await line.calls());
    if (call && call.phase !== phases.at(-1)) phases.push(call.phase);
  }
  assert.deepEqual(phases, ["ringing", "talking", "ended"]);
});

test("what belongs to no call is held for ten seconds and then kept apart; nothing is told of it", async () => {
  const line = createLine();
  const [, , , bridge] = loadSequence("s01");
  const consultation = loadSequence("s13").find(({ fields }) => fields.CallType === 2);
  assert.ok(bridge && consultation);
  await line.hear([bridge, consultation], 1);
  assert.deepEqual(await line.states(), ["bridge_create held", "hangup held"]);
  await line.hear([], 20);
  assert.deepEqual(await line.states(), ["bridge_create kept", "hangup kept"]);
  assert.deepEqual(await line.calls(), {});
});

test("a consultation that is heard before the call it is about finds it", async () => {
  const line = createLine();
  const posted = loadSequence("s13");
  const consultation = posted.filter(({ fields }) => fields.CallType === 2);
  await line.hear(consultation, 1);
  await line.hear(
    posted.filter((event) => !consultation.includes(event)),
    3,
  );
  const calls = await line.calls();
  assert.deepEqual(Object.keys(calls), ["1700000100.90"]);
  assert.ok((await line.states()).every((state) => state.endsWith("told")));
});

test("a hang-up told live and again by recovery changes nothing but who told of the call", async () => {
  const line = createLine();
  const posted = withTimes(loadSequence("s01")); // 30
  for (const event of posted) await line.hear([event], event.seconds + 1);
  const [before] = Object.values(await line.calls());
  const again = posted.filter(({ type }) => type === "hangup");
  await line.hear(
    again.map((event) => ({ ...event, fields: { ...event.fields, origin: "download" } })),
    300,
  );
  const [after] = Object.values(await line.calls());
  assert.deepEqual(after, { ...before, sources: ["hook", "recovery"] });
});

test("a consultation that is posted about a call of AMI's does not end it", async () => {
  const line = createLine();
  const at = new Date(BEGUN_MS);
  const callUuid = "1700000100.90";
  const tenant = { id: line.tenantId };
  const names = [callUuid, "1700000100.93"].map((alias) => ({
    tenantId: line.tenantId,
    alias,
    callUuid,
    source: "ami",
  }));
  await saveNames(database.sql, names, at);
  await line.accept({
    tenant,
    callUuid,
    fact: { key: "ami:1", source: "ami", at, status: "in_progress", direction: "inbound" },
    raw: "{}",
  });
  await line.hear(
    loadSequence("s13").filter(({ type, fields }) => type === "hangup" && fields.CallType === 2),
    40,
  );
  const { [callUuid]: call, ...others } = await line.calls();
  assert.deepEqual([call?.outcome, call?.direction, others], ["in_progress", "inbound", {}]);
});

test("a call that the store refuses for good does not hold up the others", async () => {
  const line = createLine();
  line.refused.add("1700000100.20");
  await line.hear([...loadSequence("s02"), ...loadSequence("s03")], 60);
  assert.deepEqual(Object.keys(await line.calls()), ["1700000100.25"]);
  const { rows } = await database.pool.query("select distinct problem from hook_events where problem is not null");
  assert.deepEqual(rows, [{ problem: "refused by the test" }]);
});

test("an event that cannot be read any more is put aside", async () => {
  const line = createLine();
  await line.hear([{ seconds: 0, type: "hangup", fields: { UniqueId: "1.1", EndTime: "soon" } }], 1);
  assert.deepEqual(await line.states(), ["hangup refused"]);
});
