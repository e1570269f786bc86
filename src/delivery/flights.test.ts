import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { RowId } from "../core/ids.ts";
import { toTenantId } from "../core/ids.ts";
import type { LeasedDelivery } from "./claim.ts";
import { ringing } from "./fake-surroundings.ts";
import { createFlights } from "./flights.ts";
import type { AttemptResult, Settle, Settled } from "./settle.ts";

const clock = createManualClock();
const era = new AbortController().signal;
const toDelivery = (id: string, connectionId = "1"): LeasedDelivery => ({
  ...{ tenantId: toTenantId(1), id: id as RowId, connectionId, connectionVersion: 1, subjectKind: "call" },
  ...{ subjectId: id as RowId, subjectCreatedAt: clock.now(), kind: "record", name: "", revision: 1, attempts: 0 },
  ...{ attemptsMax: 5, laneTroubled: false, number: 1, expiresAt: null, leasedAt: clock.now(), remote: null },
});
const exchange = {
  ...{ method: "GET", url: "https://crm.example.test", requestHeaders: {}, requestBody: null, status: 200 },
  ...{ answerHeaders: {}, answerBody: "", failure: null, durationMs: 1, at: clock.now() },
};

/** Flights whose store does what the test says. */
function createTestFlights(settle: (result: AttemptResult) => Promise<Settled>, loads = true) {
  const landed: [string, Date | null][] = [];
  const flights = createFlights({
    clock,
    log: silentLog,
    attempt: async ({ delivery, subject }) => ({
      ...{ delivery, revision: subject?.revision ?? 0, cause: "answer", durationMs: 1, exchanges: [exchange] },
      outcome: { kind: "delivered", remote: null },
    }),
    settle: Object.assign(settle, { idle: async () => undefined }) as Settle,
    loadCallSubjects: async (refs) => {
      if (!loads) throw new Error("connection terminated");
      return refs.map(({ tenantId, callId }) => ({ tenantId, callId, callUuid: "u", revision: 7, call: ringing }));
    },
    onLanded: (connectionId, dueAt) => landed.push([connectionId, dueAt]),
  });
  return { flights, landed };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("deliveries are counted per lane until they are settled", async () => {
  const gate = Promise.withResolvers<void>();
  const dueAt = new Date("2026-03-10T10:01:00Z");
  const { flights, landed } = createTestFlights(async () => {
    await gate.promise;
    return { state: "pending", dueAt };
  });
  flights.takeOff([toDelivery("1"), toDelivery("2"), toDelivery("3", "8")], era);
  assert.deepEqual([flights.size(), flights.inLane("1"), flights.inLane("8"), flights.inLane("9")], [3, 2, 1, 0]);
  assert.deepEqual(flights.keys()[0], { id: "1", number: 1 });
  gate.resolve();
  await turn();
  assert.deepEqual([flights.size(), flights.inLane("1")], [0, 0]);
  assert.deepEqual(landed[2], ["8", dueAt]);
});

test("what an attempt came to is kept while the store is away, and written whole when it is back", async () => {
  const tries: AttemptResult[] = [];
  const { flights } = createTestFlights(async (result) => {
    tries.push(result);
    if (tries.length < 4)
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
    return { state: "delivered", dueAt: null };
  });
  flights.takeOff([toDelivery("1")], era);
  for (let second = 0; second < 4; second++) {
    await turn();
    await clock.advance(1_000);
  }
  await turn();
  assert.deepEqual([tries.length, flights.size()], [4, 0]);
  assert.equal(tries[3]?.exchanges.length, 1);
});

test("what cannot be stored as it is is stored without what the other side sent", async () => {
  const tries: AttemptResult[] = [];
  const { flights } = createTestFlights(async (result) => {
    tries.push(result);
    if (result.exchanges.length > 0) throw Object.assign(new Error("invalid input syntax"), { code: "22P02" });
    return { state: "delivered", dueAt: null };
  });
  flights.takeOff([toDelivery("1")], era);
  await turn();
  await clock.advance(1_000);
  await turn();
  assert.deepEqual(
    tries.map(({ outcome, exchanges }) => [outcome.kind, exchanges.length]),
    [
      ["delivered", 1],
      ["delivered", 0],
    ],
  );
});

test("when the calls cannot be read nothing is sent, and the deliveries go back uncounted", async () => {
  const settled: AttemptResult[] = [];
  const { flights } = createTestFlights(async (result) => {
    settled.push(result);
    return { state: "pending", dueAt: null };
  }, false);
  flights.takeOff([toDelivery("1")], era);
  await turn();
  assert.deepEqual(
    [settled[0]?.cause, settled[0]?.outcome.kind, settled[0]?.exchanges.length],
    ["given_back", "retry", 0],
  );
});

test("a stop does not wait for ever for a store that stays away", async () => {
  const { flights } = createTestFlights(() => Promise.reject(new Error("away")));
  flights.takeOff([toDelivery("1")], era);
  await turn();
  let isStopped = false;
  const stopped = flights.stop(2_000).then(() => {
    isStopped = true;
  });
  await clock.advance(1_900);
  assert.equal(isStopped, false);
  await clock.advance(6_000);
  await stopped;
  assert.equal(flights.size(), 0);
});
