import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { AppError } from "../core/errors.ts";
import type { RowId } from "../core/ids.ts";
import { toTenantId } from "../core/ids.ts";
import { createAttempt } from "./attempt.ts";
import type { LeasedDelivery } from "./claim.ts";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { ringing } from "./fake-surroundings.ts";
import { createSessionPool } from "./session-pool.ts";

const clock = createManualClock();
const fake = createFakeConnector();
const tenantId = toTenantId(1);
const connection: ConnectionRecord = {
  ...{ tenantId, id: "1", connector: "fake", name: "c", settings: { name: "c", signals: true } },
  ...{ problem: null, enabled: true, version: 1, origin: "api" },
};
let known: ConnectionRecord | undefined = connection;
const attempt = createAttempt({
  loadConnection: async () => known,
  sessions: createSessionPool({
    connectors: [fake],
    loadTenant: async () => ({ number: "1", name: "T", timeZone: "UTC", country: "ES", language: "es" }),
    openMemory: () => ({ load: async () => null, save: async () => undefined, forget: async () => undefined }),
    exclusive: (_key, signal, work) => work(signal),
    publicUrl: "",
    clock,
    log: silentLog,
  }),
  http: async () => ({ status: 200, headers: {}, text: "ok" }),
  clock,
  log: silentLog,
  timeoutMs: 60_000,
});
const delivery: LeasedDelivery = {
  ...{
    tenantId,
    id: "9" as RowId,
    connectionId: "1",
    connectionVersion: 1,
    subjectKind: "call",
    subjectId: "5" as RowId,
  },
  ...{ subjectCreatedAt: clock.now(), kind: "record", name: "", revision: 2, attempts: 0, attemptsMax: 5 },
  ...{ laneTroubled: false, number: 1, expiresAt: null, leasedAt: clock.now(), remote: { id: "12x3" } },
};
const subject = { callId: "5", callUuid: "u", revision: 3, call: ringing };
const never = new AbortController().signal;
const run = (changes: Partial<LeasedDelivery> = {}, signal = never) =>
  attempt({ delivery: { ...delivery, ...changes }, subject, signal });

beforeEach(() => {
  known = connection;
  fake.arrivals.length = 0;
  fake.answer = () => delivered();
});

test("a record is sent with what is known of it over there, and counts as the revision that was really sent", async () => {
  const result = await run();
  assert.deepEqual([result.outcome.kind, result.revision, result.cause], ["delivered", 3, "answer"]);
  assert.deepEqual(fake.arrivals[0]?.subject.remote, { id: "12x3" });
});

test("a signal carries its name and an id that stays the same over retries", async () => {
  await run({ kind: "signal", name: "ringing", expiresAt: new Date(clock.now().getTime() + 30_000) });
  const [arrival] = fake.arrivals;
  assert.ok(arrival && "messageId" in arrival.subject);
  assert.deepEqual([arrival.subject.name, arrival.subject.messageId], ["ringing", "enlace-9"]);
});

test("what was sent over HTTP is kept with the attempt", async () => {
  fake.answer = async (_, { http, signal }) => {
    await http({ method: "POST", url: "https://crm.example.test/", body: "x", timeoutMs: 1_000, signal });
    return delivered();
  };
  const { exchanges } = await run();
  assert.deepEqual(
    exchanges.map(({ method, url, status }) => [method, url, status]),
    [["POST", "https://crm.example.test/", 200]],
  );
});

test("a call or a connection that is gone is a rejection, unusable settings are a hold", async () => {
  const gone = await attempt({ delivery, subject: undefined, signal: never });
  assert.equal(gone.outcome.kind, "rejected");
  known = undefined;
  assert.equal((await run()).outcome.kind, "rejected");
  const problem = { text: "its secrets do not open", code: "connection.sealed", values: { said: "no key" } };
  known = { ...connection, settings: null, problem };
  const { text: reason, ...words } = problem;
  assert.deepEqual((await run()).outcome, { kind: "hold", reason, words });
});

test("a signal is given up when its deadline passes", async () => {
  let isAborted = false;
  fake.answer = (_, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        isAborted = true;
        resolve({ kind: "retry", reason: "too late" });
      });
    });
  const running = run({ kind: "signal", name: "ringing", expiresAt: new Date(clock.now().getTime() + 5_000) });
  await clock.advance(4_999);
  assert.equal(isAborted, false);
  await clock.advance(1);
  assert.deepEqual((await running).outcome, { kind: "retry", reason: "too late" });
});

test("our own store being away blames nobody over there", async () => {
  fake.answer = () => {
    throw new AppError("unavailable", "the lock was lost");
  };
  const { outcome, cause } = await run();
  assert.deepEqual([outcome.kind, cause], ["retry", "given_back"]);
});

test("what we end ourselves is given back, but what arrived all the same counts as delivered", async () => {
  const stop = new AbortController();
  fake.answer = (_, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "retry", reason: "cut" }));
    });
  const running = run({}, stop.signal);
  await clock.advance(0);
  stop.abort(new Error("this process is stopping"));
  assert.deepEqual(
    [(await running).cause, (await running).outcome],
    ["given_back", { kind: "retry", reason: "cut", uncertain: true }],
  );
  fake.answer = () => delivered();
  assert.equal((await run({}, stop.signal)).outcome.kind, "delivered");
});
