import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { toTenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { systemRandom } from "../../kit/random.ts";
import { createKnownCallers, type KnownCaller } from "./known-callers.ts";

const CONNECTION: ConnectionRecord = {
  ...{ tenantId: toTenantId(1), id: "5", connector: "vtiger", name: "Vtiger", settings: {}, problem: null },
  ...{ enabled: true, version: 1, origin: "api" },
};
const ANN: KnownCaller = { contact: { id: "12x7", name: "Ann" } };
const toNumber = (last: number): PhoneNumber => `+3460000000${last}` as PhoneNumber;

function createFixture(findCaller: (number: string, signal: AbortSignal) => Promise<KnownCaller | null>) {
  const clock = createManualClock();
  let asked = 0;
  const callers = createKnownCallers({
    ...{ clock, random: { ...systemRandom, fraction: () => 1 }, metrics: createMetrics({ includeProcess: false }) },
    loadConnection: async (_tenantId, _id, version) => ({ ...CONNECTION, version }),
    findCaller: (_, number, signal) => {
      asked++;
      return findCaller(number, signal);
    },
  });
  return { clock, find: (last = 1) => callers.find(CONNECTION, toNumber(last)), asked: () => asked };
}

test("fifty calls of one number at once are one question, and its answer is good for a minute", async () => {
  const { find, asked, clock } = createFixture(async () => ANN);
  await Promise.all(Array.from({ length: 50 }, () => find()));
  await clock.advance(59_999);
  await find();
  assert.equal(asked(), 1);
});

test("an older answer is given at once and renewed behind it, also when the CRM is down by then", async () => {
  let isDown = false;
  const { find, asked, clock } = createFixture(async () => {
    if (isDown) throw new Error("down");
    return ANN;
  });
  await find();
  isDown = true;
  await clock.advance(5 * 60_000);
  assert.equal(await find(), ANN);
  assert.equal(asked(), 2);
  await clock.advance(5 * 60_000);
  await assert.rejects(find(), /down/, "ten minutes is too old");
});

test("nobody is remembered as nobody, an outage is not remembered at all", async () => {
  const answers: (() => Promise<KnownCaller | null>)[] = [
    async () => {
      throw new Error("502");
    },
    async () => null,
  ];
  const { find, asked } = createFixture(() => answers.shift()?.() ?? Promise.reject(new Error("asked again")));
  await assert.rejects(find(), /502/);
  assert.equal(await find(), null);
  assert.equal(await find(), null);
  assert.equal(asked(), 2);
});

test("a CRM that does not answer is given up after three seconds", async () => {
  const { find, clock } = createFixture(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const found = find();
  const refused = assert.rejects(found, /no answer within 3000 ms/);
  await clock.advance(0);
  await clock.advance(3_000);
  await refused;
});

test("a CRM that fails five times in a row is left alone, then asked once, then trusted again", async () => {
  let isDown = true;
  const { find, asked, clock } = createFixture(async () => {
    if (isDown) throw new Error("down");
    return ANN;
  });
  for (let last = 0; last < 5; last++) await assert.rejects(find(last), /down/);
  await assert.rejects(find(5), /left alone/);
  assert.equal(asked(), 5);
  await clock.advance(5_001);
  isDown = false;
  assert.equal(await find(6), ANN);
  assert.equal(await find(7), ANN);
});

test("a CRM is asked about eight callers at once and no more", async () => {
  const answer = Promise.withResolvers<KnownCaller | null>();
  const { find } = createFixture(() => answer.promise);
  const first = Array.from({ length: 8 }, (_, last) => find(last));
  await assert.rejects(find(9), /busy/);
  answer.resolve(ANN);
  await Promise.all(first);
  assert.equal(await find(9), ANN, "being busy is not remembered");
});
