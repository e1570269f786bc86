// What a real Asterisk says of its phones, when it is asked and by itself, is what a wallboard shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPhones, type Phone } from "../../../src/telephony/phones/phones.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const { pbx, far } = (started ?? {}) as { pbx: Asterisk; far: Asterisk };
const world = (skip === false ? await openWorld({ pbx, far }) : undefined) as World;
const phones = createPhones((peer) => (/^\d{3}$/.test(peer) ? peer : undefined));
const known = new Map<string, Phone>();
let read = 0;

/** Resolves once all that was heard makes the phone look so. */
const see = (extension: string, check: (phone: Phone) => boolean): Promise<Phone> =>
  until(
    () => {
      for (; read < world.heard.length; read++) {
        const message = world.heard[read];
        if (message) phones.take({ kind: "event", message, at: new Date() });
      }
      for (const phone of phones.takeChanged(1_000)) known.set(phone.extension, phone);
      const phone = known.get(extension);
      return phone && check(phone) ? phone : undefined;
    },
    `phone ${extension}: ${JSON.stringify(known.get(extension))}`,
  );

test("asked, it names every phone of the plan, and no trunk", { skip }, async () => {
  for (const name of ["DeviceStateList", "QueueStatus"])
    for (const message of (await world.tester.list({ name })).items)
      phones.take({ kind: "event", message, at: new Date() });
  for (const extension of ["101", "102", "103"]) await see(extension, ({ state }) => state === "free");
  assert.deepEqual([...known.keys()].sort(), ["101", "102", "103"]);
});

test("a phone that calls out talks with whom it called, and is free when it hung up", { skip }, async () => {
  await world.talkSeconds(60);
  const hangUp = await world.dial("102", "9600000011");
  await see("102", ({ state }) => state === "talking");
  await hangUp();
  await see("102", ({ state, other }) => state === "free" && other === null);
});

test("who is paused in the queue is paused, for the reason given", { skip }, async () => {
  const pause = async (Paused: string): Promise<void> => {
    const fields = { Interface: "PJSIP/101", Queue: "support", Paused, Reason: "lunch" };
    await world.tester.send({ name: "QueuePause", fields });
  };
  await pause("true");
  const paused = await see("101", (phone) => phone.paused);
  assert.equal(paused.pauseReason, "lunch");
  await pause("false");
  await see("101", (phone) => !phone.paused);
});
