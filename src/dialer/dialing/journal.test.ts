// Who waits for whom when the store and those who are told are slow; real rows.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { systemClock } from "../../kit/clock.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { systemRandom } from "../../kit/random.ts";
import { newAttemptId } from "./attempt-id.ts";
import { createDialingFigures } from "./figures.ts";
import { createJournal } from "./journal.ts";
import type { LiveCall } from "./live-call.ts";
import { toQueued } from "./place-dial.ts";
import { loadById, writeDown } from "./store.ts";

const database = await createTestDatabase();
const TENANT = 1 as TenantId;

function openJournal(conclude: (calls: readonly LiveCall[]) => Promise<void>) {
  const levels = { channels: () => new Map(), queued: () => 0, perSecond: () => 0, unwritten: () => 0 };
  const figures = createDialingFigures(createMetrics({ includeProcess: false }), () => levels);
  const journal = createJournal({ database, clock: systemClock, log: silentLog, figures, conclude });
  journal.start();
  after(() => journal.stop());
  return journal;
}

async function newCall(): Promise<LiveCall> {
  const attempt = toQueued({
    ...{ tenantId: TENANT, id: newAttemptId(systemRandom, TENANT), projectId: "1" as RowId, source: "api" },
    ...{ number: "+34600000001" as PhoneNumber, variables: {}, queuedAt: new Date() },
  });
  Object.assign(attempt, { state: "talking", dialedAt: new Date() });
  await writeDown(database, [attempt]);
  return { attempt, isTold: false } as LiveCall;
}

const end = ({ attempt }: LiveCall): void =>
  void Object.assign(attempt, { state: "ended", disposition: "answered", endedAt: new Date() });
const stateOf = async ({ attempt }: LiveCall) => (await loadById(database, attempt.id))?.state;

test("a call's word is kept while others never stop changing", async () => {
  const journal = openJournal(async () => undefined);
  const [call, other] = [await newCall(), await newCall()];
  const restless = setInterval(() => journal.note(other), 1);
  try {
    Object.assign(call.attempt, { digit: "1" });
    journal.note(call);
    await journal.kept(call.attempt.id);
    assert.equal((await loadById(database, call.attempt.id))?.digit, "1");
    assert.ok(journal.has(other.attempt.id), "the other one is still changing");
  } finally {
    clearInterval(restless);
  }
});

test("nothing is waited for of a call that nothing was noted of", async () => {
  const journal = openJournal(async () => undefined);
  await journal.kept((await newCall()).attempt.id);
});

test("an outcome does not wait for those before it to be told, and is told after them", async () => {
  const told: string[] = [];
  const slow = Promise.withResolvers<void>();
  const journal = openJournal(async (calls) => {
    if (told.length === 0) await slow.promise;
    told.push(...calls.map(({ attempt }) => attempt.id));
  });
  const [first, second] = [await newCall(), await newCall()];
  end(first);
  journal.note(first);
  await eventually(async () => assert.equal(await stateOf(first), "ended"));
  end(second);
  journal.note(second);
  await eventually(async () => assert.equal(await stateOf(second), "ended"));
  assert.deepEqual(told, []);
  assert.equal(journal.waiting(), 2);
  slow.resolve();
  await eventually(async () => assert.deepEqual(told, [first.attempt.id, second.attempt.id]));
  await eventually(async () => assert.equal(journal.waiting(), 0));
});

test("what could not be told is told again, and meanwhile outcomes are kept", async () => {
  let tries = 0;
  const journal = openJournal(async () => {
    tries++;
    if (tries < 3) throw new Error("the front door is away");
  });
  const [first, second] = [await newCall(), await newCall()];
  end(first);
  journal.note(first);
  await eventually(async () => assert.ok(tries > 0));
  end(second);
  journal.note(second);
  await eventually(async () => assert.equal(await stateOf(second), "ended"));
  await eventually(async () => assert.deepEqual([first.isTold, second.isTold, journal.waiting()], [true, true, 0]));
});
