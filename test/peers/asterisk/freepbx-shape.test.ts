// The dialplans that FreePBX and Issabel generate, by their shape (etc/shape): whatever a call goes through there is one call, and
// its connectors received that one. On Asterisk 16 with Macro, as Issabel has it; on 22, which has none, with Gosub, as FreePBX 17.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
if (skip === false) await takeShape();
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
const product = (skip === false ? await openProduct(asterisk) : undefined) as Product;

async function takeShape(): Promise<void> {
  const hasMacro = /\bMacro:/.test(await asterisk.cli("core show applications like Macro"));
  for (const name of ["extensions.conf", "queues.conf"]) {
    const shape = readFileSync(join(import.meta.dirname, "etc", "shape", name), "utf8");
    writeFileSync(join(asterisk.folder, "etc", "asterisk", name), hasMacro ? toMacros(shape) : shape);
  }
  await asterisk.cli("dialplan reload");
  await asterisk.cli("queue reload all");
  assert.match(await asterisk.cli("dialplan show macro-dial"), hasMacro ? /MacroExit\(\)/ : /Return\(\)/);
}

/** `Gosub(macro-dial,s,1(a,b))` as `Macro(dial,a,b)`, and the ends of these subroutines to match. */
function toMacros(dialplan: string): string {
  const called = dialplan.replaceAll(
    /Gosub\(macro-([\w-]+),s,1\((.*)\)\)$/gm,
    (_, name, args) => `Macro(${name}${args && `,${args}`})`,
  );
  const contexts = called.split(/^(?=\[)/m);
  return contexts
    .map((context) => (context.startsWith("[macro-") ? context.replaceAll("Return()", "MacroExit()") : context))
    .join("");
}

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 120_000 }, async () => {
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

const summary = ({ direction, from, to, outcome, agent_extension, trunk }: Json): string =>
  `${direction} ${from} > ${to} ${outcome} by ${agent_extension} on ${trunk}`;
const rings = ({ details }: Json): string[] =>
  details.rings.map(({ extension, number, result }: Json) => `${extension ?? number} ${result}`).sort();
const talkers = ({ details }: Json): string[] =>
  details.talks.map(({ extension, number }: Json) => extension ?? number);

scenario("a ring group of Local channels is one call of the one who answered, and its recording is named", async () => {
  await world.phone("101", "ring");
  await world.callIn("0008001");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008001 answered by 102 on trunk");
  assert.deepEqual(rings(call), ["101 cancelled", "102 answered"]);
  assert.deepEqual(talkers(call), ["102"]);
  await eventually(async () => {
    const { details } = await product.show(call.call_uuid);
    assert.match(details.recordings[0]?.file ?? "none", /group-600-[\d.]+\.wav$/);
  });
});

scenario("a group that nobody answers ends in voicemail: a missed call, however long the message is", async () => {
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  await world.callIn("0008001");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008001 missed by null on trunk");
  assert.deepEqual(rings(call), ["101 no_answer", "102 no_answer"]);
  assert.deepEqual([talkers(call), call.talk_seconds ?? 0], [[], 0]);
});

scenario("follow-me rings the desk phone, then it and the mobile, and is the one incoming call", async () => {
  await world.phone("103", "ring");
  await world.callIn("0008002");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008002 answered by null on trunk");
  assert.deepEqual(rings(call), ["103 cancelled", "103 no_answer", "600000011 answered"]);
  assert.deepEqual(talkers(call), ["600000011"]);
});

scenario("follow-me that the desk phone answers rings nobody else", async () => {
  await world.callIn("0008002");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008002 answered by 103 on trunk");
  assert.deepEqual(rings(call), ["103 answered"]);
});

scenario("a queue of Local members knows who was rung and who took the call", async () => {
  await world.phone("101", "ring");
  await world.callIn("0008003");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008003 answered by 102 on trunk");
  const [stay, ...others] = call.details.queues;
  assert.deepEqual([stay.queue, stay.outcome, stay.extension, others], ["400", "connected", "102", []]);
  assert.deepEqual(rings(call), ["101 cancelled", "102 answered"]);
});

scenario("a queue that nobody answers is left for voicemail: a missed call of that queue", async () => {
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  await world.callIn("0008003");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008003 missed by null on trunk");
  const [stay] = call.details.queues;
  assert.deepEqual([stay.queue, stay.outcome], ["400", "left"]);
});

scenario(
  "an extension that is busy, or rings out, sends its caller to voicemail: a missed call that rang it",
  async () => {
    await world.phone("101", "busy");
    await world.callIn("0008004");
    const busy = await onlyCall();
    assert.equal(summary(busy), "inbound +34600000001 > 0008004 missed by null on trunk");
    assert.deepEqual(rings(busy), ["101 busy"]);
    await world.reset();
    await world.phone("101", "ring");
    await world.callIn("0008004");
    assert.deepEqual(rings(await onlyCall()), ["101 no_answer"]);
  },
);

scenario("a group that goes on to a queue is one call from the first ring to the last word", async () => {
  for (const extension of ["101", "103"]) await world.phone(extension, "ring");
  await world.callIn("0008005");
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008005 answered by 102 on trunk");
  assert.equal(call.details.queues.length, 1);
  assert.deepEqual(talkers(call), ["102"]);
});

scenario("a caller who gives up in a storm of Local channels is one missed call", async () => {
  for (const extension of ["101", "102"]) await world.phone(extension, "ring");
  const hangUp = await world.callIn("0008003");
  await until(
    () => world.told.filter(({ raw }) => JSON.parse(raw).event === "ring").length >= 2 || undefined,
    "both are rung",
  );
  await hangUp();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0008003 missed by null on trunk");
  assert.equal(call.details.queues[0].outcome, "abandoned");
});

scenario("an outgoing call whose first trunk is down goes over the next and names that one", async () => {
  await world.dial("101", "9600000011");
  const call = await onlyCall();
  assert.equal(summary(call), "outbound 101 > +34600000011 answered by 101 on trunk");
});

scenario("colleagues who call each other, voicemail included, are nobody's customers", async () => {
  await world.dial("101", "102");
  assert.equal(summary(await onlyCall()), "internal 101 > 102 answered by 102 on null");
  await world.reset();
  await world.phone("102", "ring");
  await world.dial("101", "102");
  const { direction, outcome } = await onlyCall();
  assert.deepEqual([direction, outcome], ["internal", "missed"]);
});
