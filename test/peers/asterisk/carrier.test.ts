// Calls over trunks whose carrier is sipp: what each answer of a carrier makes of the one call, held against the carrier's own log.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../../src/core/call.ts";
import { toPartyText } from "../../../src/core/phone-number.ts";
import { eventually } from "../../eventually.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { type Carrier, type CarrierCall, checkReachable, findCarrierProblem, startCarrier } from "./carrier.ts";
import { openProduct, type Product } from "./product.ts";
import { openWorld, type World } from "./world.ts";

const problem = findCarrierProblem();
const started = problem === false ? await startAsterisks() : problem;
const skip = typeof started === "string" && started;
const { pbx, far } = (skip === false ? started : {}) as { pbx: Asterisk; far: Asterisk };
const world = (skip === false ? await openWorld({ pbx, far }) : undefined) as World;
const product = (skip === false ? await openProduct(pbx) : undefined) as Product;
const carrier = (skip === false ? await startCarrier({ pbx, trunk: "carrier" }) : undefined) as Carrier;
const spare = (skip === false ? await startCarrier({ pbx, trunk: "spare" }) : undefined) as Carrier;

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 120_000 }, async () => {
    await world.reset();
    await product.forget();
    await run();
  });
};

async function onlyCall(): Promise<string> {
  const calls = await world.settle();
  assert.equal(calls.size, 1);
  await product.check(calls);
  return describe([...calls.values()][0] as Call);
}

function describe({ direction, from, to, outcome, agentExtension, trunk }: Call): string {
  const [caller, called] = [from, to].map((party) => party && toPartyText(party));
  return `${direction} ${caller} > ${called} ${outcome} by ${agentExtension} on ${trunk}`;
}

/** Once all of them are over. */
const seenBy = (side: Carrier, since: number): Promise<CarrierCall[]> =>
  eventually(() => {
    const calls = side.calls().slice(since);
    for (const { number, endedAt } of calls) assert.ok(endedAt, `the carrier's call to ${number} goes on`);
    return calls;
  });

const ended = (calls: CarrierCall[]): string[] => calls.map(({ number, end }) => `${number} ${end}`);

scenario("each answer of a carrier is the outcome of the originate that asked for it", async () => {
  const before = carrier.calls().length;
  const outcomes: Record<string, string> = {};
  for (const last of ["1", "3", "4", "5", "6", "7", "0"]) {
    const placed = await world.pbx.originate({
      id: `carrier-${last}`,
      channel: `PJSIP/60000002${last}@carrier`,
      to: { application: "Wait", data: "0.2" }, // the PBX hangs up before the impatient one does
      timeoutMs: 1_500,
    });
    outcomes[last] = (await placed.result).outcome;
  }
  assert.deepEqual(outcomes, {
    1: "answered",
    3: "busy",
    4: "no_answer",
    5: "invalid_number",
    6: "congestion",
    7: "answered",
    0: "rejected",
  });
  const calls = await seenBy(carrier, before);
  assert.deepEqual(
    calls.map(({ behaviour, end, answeredAt }) => `${behaviour} ${end} ${answeredAt !== undefined}`),
    [
      "human bye true",
      "busy 486 false",
      "no_answer cancel false",
      "unknown_number 404 false",
      "congested 503 false",
      "short bye true",
      "declined 603 false",
    ],
  );
});

scenario("an agent's call is one call with the outcome that the carrier gave it", async () => {
  const before = carrier.calls().length;
  const outcomes: Record<string, string> = {};
  for (const last of ["7", "3", "5", "6", "0"]) {
    await world.dial("101", `760000003${last}`);
    outcomes[last] = await onlyCall();
    await world.reset();
  }
  const hangUp = await world.dial("101", "7600000034");
  await eventually(() =>
    assert.ok(carrier.calls().at(-1)?.behaviour === "no_answer" && carrier.calls().at(-1)?.rangAt),
  );
  await hangUp();
  outcomes["4"] = await onlyCall();
  assert.deepEqual(outcomes, {
    7: "outbound 101 > +34600000037 answered by 101 on carrier",
    3: "outbound 101 > +34600000033 busy by 101 on carrier",
    4: "outbound 101 > +34600000034 cancelled by 101 on carrier",
    5: "outbound 101 > +34600000035 failed by 101 on carrier",
    6: "outbound 101 > +34600000036 failed by 101 on carrier",
    0: "outbound 101 > +34600000030 busy by 101 on carrier",
  });
  assert.deepEqual(ended(await seenBy(carrier, before)), [
    "600000037 hangup",
    "600000033 486",
    "600000035 404",
    "600000036 503",
    "600000030 603",
    "600000034 cancel",
  ]);
});

scenario("a call that a congested carrier refuses goes over the spare one and stays one call", async () => {
  const [before, beforeSpare] = [carrier.calls().length, spare.calls().length];
  await world.dial("101", "5600000046");
  assert.equal(await onlyCall(), "outbound 101 > +34600000046 failed by 101 on spare");
  assert.deepEqual(ended(await seenBy(carrier, before)), ["600000046 503"]);
  assert.deepEqual(ended(await seenBy(spare, beforeSpare)), ["600000046 503"]);
});

scenario(
  "when a trunk's carrier is down, the call goes over the spare one, and comes back with the carrier",
  async () => {
    const before = spare.calls().length;
    await carrier.stop();
    await eventually(() => assert.rejects(checkReachable(pbx, "carrier")));
    const placed = await world.pbx.originate({
      id: "carrier-down",
      channel: "PJSIP/600000057@carrier",
      to: { application: "Wait", data: "1" },
      timeoutMs: 5_000,
    });
    assert.equal((await placed.result).outcome, "unavailable");
    await world.reset();
    await product.forget();
    await world.dial("101", "5600000057");
    assert.equal(await onlyCall(), "outbound 101 > +34600000057 answered by 101 on spare");
    assert.deepEqual(ended(await seenBy(spare, before)), ["600000057 hangup"]);
    await world.reset();
    const again = await startCarrier({ pbx, trunk: "carrier" });
    await world.dial("101", "5600000057");
    assert.equal(await onlyCall(), "outbound 101 > +34600000057 answered by 101 on carrier");
    assert.deepEqual(ended(await seenBy(again, 0)), ["600000057 hangup"]);
  },
);
