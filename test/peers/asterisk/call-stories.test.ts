// What can happen inside a call, on real Asterisk: the story that Enlace keeps of it, and what its connectors received.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { openProduct, type Product } from "./product.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
const product = (skip === false ? await openProduct(asterisk) : undefined) as Product;

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    await world.reset();
    await product.forget();
    await run();
  });
};

/** Resolves with the one call that resulted, as the API shows it, after its connectors were looked at. */
async function onlyCall(): Promise<Json> {
  const calls = await world.settle();
  assert.equal(calls.size, 1, [...calls.keys()].join());
  await product.check(calls);
  return product.show([...calls.keys()][0] ?? "");
}

const summary = ({ direction, from, to, outcome, agent_extension }: Json): string =>
  `${direction} ${from} > ${to} ${outcome} by ${agent_extension}`;

const heard = (event: string, channel = "") =>
  until(
    () => world.heard.find((each) => each.get("Event") === event && (each.get("Channel") ?? "").startsWith(channel)),
    `${event} ${channel}`,
  );
const hasHappened = (event: string, count = 1) =>
  until(
    () => world.told.filter(({ raw }) => JSON.parse(raw).event === event).length >= count || undefined,
    `${event} is told`,
  );
const channelOf = async (peer: string): Promise<string> => {
  const { items } = await world.tester.list({ name: "CoreShowChannels" });
  return items.map((item) => item.get("Channel") ?? "").find((name) => name.startsWith(`PJSIP/${peer}-`)) ?? "";
};

scenario("rings are in order, by step, with how long and how they ended", async () => {
  await world.phone("101", "ring");
  await world.phone("102", "busy");
  await world.callIn("0009003");
  const { details, ring_seconds, hangup_cause } = await onlyCall();
  assert.deepEqual(
    details.rings.map(({ step, extension, result }: Json) => [step, extension, result]),
    [
      [1, "101", "no_answer"],
      [2, "102", "busy"],
      [3, "103", "answered"],
    ],
  );
  assert.ok(details.rings[0].seconds >= 1, "101 rang for its second");
  assert.ok(ring_seconds >= 1);
  assert.equal(hangup_cause, 16);
});

scenario("a ring group is one step", async () => {
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  await world.callIn("0009002");
  const { details, agent_extension } = await onlyCall();
  assert.equal(agent_extension, "103");
  const steps = details.rings.map(({ step, extension, result }: Json) => `${step} ${extension} ${result}`).sort();
  assert.deepEqual(steps, ["1 101 cancelled", "1 102 cancelled", "1 103 answered"]);
});

scenario("a busy phone is a missed call that says so", async () => {
  await world.phone("101", "busy");
  await world.callIn("0009001");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009001 missed by null");
  assert.deepEqual(
    call.details.rings.map(({ extension, result, hangup_cause }: Json) => [extension, result, hangup_cause]),
    [["101", "busy", 17]],
  );
});

scenario("a phone that holds is seen holding, and the hold is part of the talk", async () => {
  await world.phone("101", "hold");
  const hangUp = await world.callIn("0009001");
  await hasHappened("unhold");
  await hangUp();
  const { details, hold_seconds, talk_seconds, timeline } = await onlyCall();
  assert.deepEqual(
    details.holds.map(({ extension, seconds }: Json) => [extension, seconds === hold_seconds]),
    [["101", true]],
  );
  assert.ok(hold_seconds >= 1 && talk_seconds >= hold_seconds, `${hold_seconds} of ${talk_seconds} s`);
  assert.ok(
    timeline.some(({ text }: Json) => text.includes("hold by 101")),
    "the timeline says it in words",
  );
});

scenario("a caller who waits in a queue in vain has abandoned it", async () => {
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  const hangUp = await world.callIn("0009004");
  await hasHappened("ring", 2);
  await hangUp();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009004 missed by null");
  const [stay] = call.details.queues;
  assert.deepEqual([stay.queue, stay.outcome, stay.extension, stay.rings], ["support", "abandoned", null, 2]);
  assert.equal(call.queue, "support");
});

scenario("a queue tells who took the call, after how long, and whom it rang", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009004");
  const { details } = await onlyCall();
  const [stay] = details.queues;
  assert.deepEqual([stay.outcome, stay.extension, stay.rings], ["connected", "102", 2]);
  assert.ok(stay.wait_seconds >= 0);
  assert.deepEqual([...new Set(details.rings.map(({ queue }: Json) => queue))], ["support"]);
});

scenario("a parked call is fetched by a colleague and stays the one call", async () => {
  await world.talkSeconds(30);
  const hangUp = await world.callIn("0009001");
  await hasHappened("talk");
  const fields = { Channel: await channelOf("trunk"), Parkinglot: "default", TimeoutChannel: "PJSIP/101" };
  await world.tester.send({ name: "Park", fields });
  await hasHappened("parked");
  const putDown = await world.dial("102", "701");
  await hasHappened("talk", 2);
  await hangUp();
  await putDown();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009001 answered by 102");
  const [{ lot, space, from, by, outcome }] = call.details.parkings;
  assert.deepEqual([lot, space, from, by, outcome], ["default", "701", "101", "102", "retrieved"]);
  assert.deepEqual(
    call.details.talks.map(({ extension }: Json) => extension),
    ["101", "102"],
  );
});

scenario("a parked caller who gives up is a missed call", async () => {
  const hangUp = await world.callIn("0009010");
  await hasHappened("parked");
  await hangUp();
  const call = await onlyCall();
  assert.equal(call.outcome, "missed");
  assert.deepEqual(
    call.details.parkings.map(({ outcome }: Json) => outcome),
    ["abandoned"],
  );
});

scenario("a conference is a call of each member: customers' ones go to the CRM, colleagues' stay here", async () => {
  const first = await world.dial("101", "601");
  await heard("ConfbridgeJoin", "PJSIP/101");
  const customer = await world.callIn("0009011");
  await heard("ConfbridgeJoin", "PJSIP/trunk");
  const second = await world.dial("102", "601");
  await heard("ConfbridgeJoin", "PJSIP/102");
  for (const hangUp of [customer, first, second]) await hangUp();
  const calls = await world.settle();
  await product.check(calls);
  const directions = [...calls.values()].map(({ direction }) => direction).sort();
  assert.deepEqual(directions, ["inbound", "internal", "internal"]);
  const [uuid] = [...calls].find(([, { direction }]) => direction === "inbound") ?? [""];
  const { details, outcome } = await product.show(uuid);
  assert.equal(outcome, "answered");
  assert.deepEqual(details.talks.map(({ extension }: Json) => extension).sort(), ["101", "102"]);
  assert.deepEqual(
    details.conferences.map(({ name, extension }: Json) => [name, extension]),
    [["601", null]],
  );
});

scenario("a recorded call names its file as the PBX does", async () => {
  await world.callIn("0009012");
  const call = await onlyCall();
  await eventually(async () => {
    const { details } = await product.show(call.call_uuid);
    assert.match(details.recordings[0]?.file ?? "none", /\/monitor\/in-[\d.]+\.wav$/);
  });
});

scenario("when the first trunk is down the call goes over the second, and that is the one it names", async () => {
  await world.dial("101", "8600000011");
  const call = await onlyCall();
  assert.equal(summary(call), "outbound 101 > +34600000011 answered by 101");
  assert.equal(call.trunk, "trunk");
  assert.deepEqual(
    call.details.rings.map(({ number, trunk, result }: Json) => [number, trunk, result]),
    [["600000011", "trunk", "answered"]],
  );
});

scenario("outgoing calls that come to nothing say why by Asterisk's cause", async () => {
  const causes: Record<string, number> = {};
  for (const last of ["3", "5", "6"]) {
    await world.dial("101", `960000001${last}`);
    causes[last] = (await onlyCall()).hangup_cause;
    await world.reset();
  }
  assert.deepEqual(causes, { 3: 17, 5: 1, 6: 34 });
});

scenario("a blind transfer names who transferred, to whom and when", async () => {
  await world.talkSeconds(30);
  const hangUp = await world.callIn("0009001");
  await hasHappened("talk");
  await world.pbx.commands().transfer(world.told[0]?.callUuid ?? "", "102", "blind");
  await hasHappened("talk", 2);
  await hangUp();
  const call = await onlyCall();
  assert.deepEqual(
    call.details.transfers.map(({ kind, from, to }: Json) => [kind, from, to]),
    [["blind", "101", "102"]],
  );
  assert.ok(call.timeline.some(({ text }: Json) => text.includes("blind transfer from 101 to 102")));
});
