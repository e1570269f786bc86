// What people have a PBX do with calls that go on, against real Asterisk: see README.md for the two that run.
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Call } from "../../../src/core/call.ts";
import { AppError } from "../../../src/core/errors.ts";
import { toTenantId } from "../../../src/core/ids.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { systemRandom } from "../../../src/kit/random.ts";
import type { AmiMessage } from "../../../src/telephony/ami/message.ts";
import { AmiSession } from "../../../src/telephony/ami/session.ts";
import type { CallCommands } from "../../../src/telephony/call-commands.ts";
import { createPbx, type Pbx } from "../../../src/telephony/pbx.ts";
import type { Json } from "../../api-client.ts";
import { silentLog } from "../../database.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { openProduct } from "./product.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk, far } = (started ?? {}) as { pbx: Asterisk; far: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
/** Keys that the phones and the carrier hear. */
const heardThere: AmiMessage[] = [];
if (skip === false) {
  const address = { host: "127.0.0.1", port: far.amiPort, username: "tester", secret: AMI_SECRET };
  const hooks = { onEvent: (message: AmiMessage) => void heardThere.push(message), onOversized: () => undefined };
  const session = await AmiSession.open(
    { address, eventClasses: "dtmf", clock: systemClock, ...hooks },
    new AbortController().signal,
  );
  after(() => session.close(new Error("the tests are over")));
}

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    await world.reset();
    heardThere.length = 0;
    await world.talkSeconds(30);
    await run();
  });
};

const isTalking = (extension: string) =>
  until(
    () =>
      world.told.some(({ fact, raw }) => fact.status === "in_progress" && JSON.parse(raw).extension === extension) ||
      undefined,
    `${extension} talks`,
  );
const heard = (what: string, isIt: (event: AmiMessage) => boolean): Promise<AmiMessage> =>
  until(() => world.heard.find(isIt), what);

/** A customer talks with 101. */
async function talk(): Promise<{ uuid: string; commands: CallCommands; hangUp(): Promise<void> }> {
  const hangUp = await world.callIn("0009001");
  await isTalking("101");
  return { uuid: world.told[0]?.callUuid ?? "", commands: world.pbx.commands(), hangUp };
}

async function onlyCall(): Promise<Call> {
  const calls = [...(await world.settle()).values()];
  assert.equal(calls.length, 1, [...world.told.map(({ callUuid }) => callUuid)].join());
  return calls[0] as Call;
}

scenario("a blind transfer to a number outside leaves the customer with it, and the agent free", async () => {
  const { uuid, commands, hangUp } = await talk();
  await commands.transfer(uuid, { number: "600000011" }, "blind");
  await heard("the mobile talks", (event) => {
    const isMobile = event.get("Event") === "BridgeEnter" && event.get("Channel")?.startsWith("PJSIP/trunk-");
    return isMobile === true && event.get("Uniqueid") !== uuid;
  });
  await hangUp();
  const call = await onlyCall();
  assert.deepEqual([call.direction, call.outcome], ["inbound", "answered"]);
});

for (const [behaviour, sign] of [
  ["ring", { Event: "Newstate", ChannelState: "5" }],
  ["answer", { Event: "BridgeEnter" }],
] as const)
  scenario(
    `an attended transfer given up on a phone that does "${behaviour}" leaves the agent with the customer`,
    async () => {
      const { uuid, commands, hangUp } = await talk();
      const isRefused = (error: AppError): boolean => error.code === "conflict";
      await assert.rejects(commands.cancelTransfer(uuid), isRefused);
      await world.phone("102", behaviour);
      await commands.transfer(uuid, "102", "attended");
      const isAsked = (event: AmiMessage): boolean =>
        event.get("Channel")?.startsWith("PJSIP/102-") === true &&
        Object.entries(sign).every(([name, value]) => event.get(name) === value);
      await heard("102 is asked", isAsked);
      const isBack = (event: AmiMessage): boolean =>
        event.get("Event") === "BridgeEnter" && event.get("Channel")?.startsWith("PJSIP/101-") === true;
      const giveUp = async (): Promise<void> => {
        const before = world.heard.length;
        const cancel = async (): Promise<boolean> => {
          const refusal = await commands.cancelTransfer(uuid).catch((error: AppError) => error);
          if (refusal && !isRefused(refusal)) throw refusal;
          return refusal === undefined;
        };
        await until(cancel, "the PBX's word that 101 asks is heard, and 101 gives up");
        await until(() => world.heard.slice(before).some(isBack) || undefined, "101 is back with the customer");
      };
      await giveUp();
      const before = world.heard.length; // at once, while the agent hears the tone that says that nobody was found
      await commands.transfer(uuid, "102", "attended");
      await until(() => world.heard.slice(before).find(isAsked), "102 is asked again");
      await assert.rejects(commands.transfer(uuid, "103", "attended"), isRefused);
      await giveUp();
      await hangUp();
      const call = await onlyCall();
      assert.deepEqual([call.direction, call.outcome, call.agentExtension], ["inbound", "answered", "101"]);
    },
  );

scenario("an agent may steer the call he is part of, and no other", async () => {
  const { uuid, hangUp } = await talk();
  const order = { kind: "transfer", callUuid: uuid, way: "blind", to: { extension: "103" } } as const;
  await assert.rejects(
    world.pbx.run({ ...order, onlyFor: ["102"] }),
    (error) => error instanceof AppError && error.code === "forbidden",
  );
  await world.pbx.run({ ...order, onlyFor: ["101"] });
  await isTalking("103");
  await hangUp();
  assert.equal((await onlyCall()).agentExtension, "103");
});

scenario("a parked call stands where the answer says, and is fetched there", async () => {
  const { uuid, commands, hangUp } = await talk();
  const { space, lot } = await commands.park(uuid);
  assert.equal(lot, "default");
  assert.match(space ?? "", /^70\d$/);
  const shown = await asterisk.cli("parking show default");
  assert.match(shown, new RegExp(` Space +: +${space}\n`));
  assert.match(shown, /Parker Dial String +: +PJSIP\/101/, "whose phone rings when nobody comes");
  const hangUpToo = await world.dial("102", space ?? "");
  await isTalking("102");
  await hangUp();
  await hangUpToo();
  const calls = [...(await world.settle()).values()];
  assert.equal(calls.find(({ direction }) => direction === "inbound")?.agentExtension, "102");
});

scenario("keys are heard by the customer in their order, and by the agent when they are meant for him", async () => {
  const { uuid, commands, hangUp } = await talk();
  const keysOf = (start: string) =>
    heardThere
      .filter((event) => event.get("Event") === "DTMFEnd" && event.get("Direction") === "Received")
      .filter((event) => event.get("Context") === start)
      .map((event) => event.get("Digit"));
  await commands.pressKeys(uuid, { digits: "12#A", to: "customer" });
  await until(() => keysOf("calling").length === 4 || undefined, "four keys");
  assert.deepEqual(keysOf("calling"), ["1", "2", "#", "A"]);
  await commands.pressKeys(uuid, { digits: "9", to: "agent" });
  await until(() => keysOf("reached").length === 1 || undefined, "one key");
  await hangUp();
  await onlyCall();
});

/** Puts deploy/asterisk/extensions-enlace.conf into the PBX's dialplan. */
let hasSnippet = false;
async function useSnippet(): Promise<void> {
  if (hasSnippet) return;
  hasSnippet = true;
  const snippet = readFileSync(join(import.meta.dirname, "../../../deploy/asterisk/extensions-enlace.conf"), "utf8");
  appendFileSync(join(asterisk.folder, "etc/asterisk/extensions.conf"), `\n${snippet}`);
  await asterisk.cli("dialplan reload");
}

const monitor = (file: string | null): string => join(asterisk.folder, "var/spool/asterisk/monitor", file ?? "");
const sizeOf = (file: string | null): number => (existsSync(monitor(file)) ? statSync(monitor(file)).size : 0);
/** Loudness of what was said: the mean of the samples' sizes. The customer and the agent both play a tone. */
function toLoudness(file: string | null): number {
  const samples = readFileSync(monitor(file)).subarray(44);
  let sum = 0;
  for (let index = 0; index + 1 < samples.length; index += 2) sum += Math.abs(samples.readInt16LE(index));
  return sum / (samples.length / 2);
}

/** Samples without any sound, one after the other; 8,000 are a second. */
function toLongestSilence(file: string | null): number {
  const samples = readFileSync(monitor(file)).subarray(44);
  let [longest, current] = [0, 0];
  for (let index = 0; index + 1 < samples.length; index += 2) {
    current = samples.readInt16LE(index) === 0 ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

/** Records for a while, with a pause, and returns the call's one recording. */
async function record(pbx: Pbx): Promise<{ file: string | null; call: Call }> {
  const { uuid, hangUp } = await talk();
  await until(() => pbx.status().calls === 1 || undefined, "the call is known");
  const commands = pbx.commands();
  const { file } = await until(
    () =>
      commands.record(uuid, "start").catch((error: unknown) => {
        if (error instanceof AppError && error.code === "conflict" && /Nobody/.test(error.message)) return undefined;
        throw error;
      }),
    "it records",
  );
  await until(() => sizeOf(file) > 16_000 || undefined, "a second is recorded");
  await commands.record(uuid, "pause");
  const paused = sizeOf(file);
  await until(() => sizeOf(file) > paused + 16_000 || undefined, "a second of silence");
  await commands.record(uuid, "resume");
  await commands.record(uuid, "stop");
  const stopped = sizeOf(file);
  await assert.rejects(
    commands.record(uuid, "stop"),
    (error) => error instanceof AppError && error.code === "conflict",
  );
  await hangUp();
  const call = await onlyCall();
  assert.ok(sizeOf(file) - stopped < 16_000, "nothing is written after the stop");
  assert.ok(toLoudness(file) > 500, `${toLoudness(file)}`);
  assert.ok(toLongestSilence(file) > 4_000, `${toLongestSilence(file)} samples of silence`);
  return { file, call };
}

scenario(
  "a recording without the right to run commands is written by a channel of its own, which is nobody's call",
  async () => {
    const { uuid, commands, hangUp } = await talk();
    await assert.rejects(
      commands.record(uuid, "start"),
      (error) => error instanceof AppError && /enlace-record/.test(error.message),
    );
    await hangUp();
    await onlyCall();
    await useSnippet();
    await world.reset();
    await world.talkSeconds(30);
    const { file, call } = await record(world.pbx);
    assert.match(file ?? "", /^enlace-\d{8}-\d{6}-[\w.-]+\.wav$/);
    assert.deepEqual(
      call.details?.recordings.map((one) => one.file),
      [file],
    );
  },
);

scenario("an AMI user with the right to record needs no dialplan", async () => {
  const pbx = createPbx({
    settings: {
      ...{ id: "2", name: "second", tenantId: toTenantId(1), country: "ES", callIdPrefix: "" },
      address: { host: "127.0.0.1", port: asterisk.amiPort, username: "tester", secret: AMI_SECRET },
      extensions: new Map([["101", "101"]]),
      trunks: new Set(["trunk"]),
      dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" },
    },
    ...{ clock: systemClock, random: systemRandom, log: silentLog },
    accept: async () => undefined,
    exclusive: (_key, signal, work) => work(signal),
    listOpenCalls: async () => [],
  });
  after(() => pbx.stop());
  pbx.start();
  await until(() => pbx.status().ami?.state === "ready" || undefined, "it is ready");
  const { file } = await record(pbx);
  assert.ok(world.heard.some((event) => event.get("Event") === "MixMonitorStart"));
  assert.notEqual(file, null);
  await pbx.stop();
});

scenario("who listens hears the agent's channel, whispers or barges as asked, and is nobody's call", async () => {
  const { uuid, commands, hangUp } = await talk();
  for (const [mode, options] of [
    ["listen", "quE"],
    ["whisper", "quEw"],
    ["barge", "quEB"],
  ] as const) {
    const id = `spy-${mode}`;
    await commands.listenIn(uuid, { id, extension: "103", mode });
    const spies = await heard(
      `${mode} begins`,
      (event) => event.get("Event") === "ChanSpyStart" && event.get("SpyerUniqueid") === id,
    );
    assert.match(spies.get("SpyeeChannel") ?? "", /^PJSIP\/101-/);
    const { items } = await world.tester.list({ name: "CoreShowChannels" });
    const spy = items.find((item) => item.get("Uniqueid") === id);
    assert.match(spy?.get("ApplicationData") ?? "", new RegExp(`,${options}$`));
    await world.tester.send({ name: "Hangup", fields: { Channel: spy?.get("Channel") ?? "" } });
    await heard(`${mode} ends`, (event) => event.get("Event") === "Hangup" && event.get("Uniqueid") === id);
  }
  await commands.listenIn(uuid, { id: "spy-last", extension: "103", mode: "listen" });
  await heard("it listens", (event) => event.get("SpyerUniqueid") === "spy-last");
  await hangUp(); // whoever listens goes with the call
  const call = await onlyCall();
  assert.equal(call.agentExtension, "101");
});

scenario(
  "a click by call file, for an AMI user who may not originate, is one call under Asterisk's own id",
  async () => {
    const spoolFolder = join(asterisk.folder, "var/spool/asterisk");
    const told: { callUuid: string }[] = [];
    const pbx = createPbx({
      settings: {
        ...{ id: "3", name: "files", tenantId: toTenantId(1), country: "ES", callIdPrefix: "f:", spoolFolder },
        address: { host: "127.0.0.1", port: asterisk.amiPort, username: "steward", secret: AMI_SECRET },
        extensions: new Map([["101", "101"]]),
        trunks: new Set(["trunk"]),
        dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" },
      },
      ...{ clock: systemClock, random: systemRandom, log: silentLog },
      accept: async (item) => void told.push(item),
      exclusive: (_key, signal, work) => work(signal),
      listOpenCalls: async () => [],
    });
    after(() => pbx.stop());
    pbx.start();
    await until(() => pbx.status().ami?.state === "ready" || undefined, "it is ready");
    await world.talkSeconds(2);
    const answer = await pbx.run({ kind: "originate", id: "cfile1", extension: "101", number: "600000011" });
    await world.settle();
    assert.deepEqual([...new Set(told.map(({ callUuid }) => callUuid))], [answer.callUuid]);
    const outcomes: Record<string, string> = {};
    for (const behaviour of ["answer", "busy", "refuse", "ring"] as const) {
      await world.phone("101", behaviour);
      const click = { id: `cfile-${behaviour}`, extension: "101", number: "600000011", ringMs: 1_000 };
      outcomes[behaviour] = (await (await pbx.commands().clickToCall(click)).result).outcome;
    }
    assert.deepEqual(outcomes, { answer: "answered", busy: "busy", refuse: "rejected", ring: "no_answer" });
    await pbx.stop();
  },
);

scenario(
  "a click over HTTP is one call under its id in Asterisk, in the log and in the CRM, and is steered there",
  async () => {
    const { enlace, show } = await openProduct(asterisk);
    const { api } = enlace;
    const [pbx] = (await api.get("/api/v1/pbxs")).body.items;
    const dial = { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" };
    assert.equal((await api.patch(`/api/v1/pbxs/${pbx.id}`, { dial: { ...dial, form: "local" } })).status, 200);
    await until(async () => {
      const [{ status }] = (await api.get("/api/v1/pbxs")).body.items;
      return (status.state === "ready" && status.since !== pbx.status.since) || undefined;
    }, "it is connected to anew");
    const clicked = await api.post("/api/v1/calls/originate", { extension: "101", number: "+34 600 000 011" });
    assert.equal(clicked.status, 202, JSON.stringify(clicked.body));
    const placed: string = clicked.body.call_uuid;
    const call = await until(async () => {
      const [found] = (await api.get(`/api/v1/calls?call_uuid=${placed}`)).body.items;
      return found?.answered_at ? found : undefined;
    }, "they talk");
    const order = (name: string, body: object) => api.post(`/api/v1/calls/${call.id}/${name}`, body);
    await useSnippet();
    const { body: recording } = await order("recording", { action: "start" });
    await until(() => sizeOf(recording.file) > 16_000 || undefined, "a second is recorded");
    assert.equal((await order("recording", { action: "stop" })).status, 200);
    assert.equal((await order("dtmf", { digits: "12" })).status, 204);
    assert.equal((await order("transfer", { extension: "102" })).status, 204);
    await until(async () => {
      const { details } = await show(placed);
      return details.talks.some(({ extension }: Json) => extension === "102") || undefined;
    }, "102 talks");
    assert.equal((await order("hangup", {})).status, 204);
    const calls = await world.settle();
    assert.deepEqual([...calls.keys()], [placed]);
    const shown = await until(async () => {
      const found = await show(placed);
      return found.deliveries.length > 0 &&
        found.deliveries.every(({ state }: Json) => state === "delivered") &&
        found.ended_at
        ? found
        : undefined;
    }, "it is delivered");
    assert.deepEqual(
      [shown.direction, shown.outcome, shown.agent_extension, shown.to],
      ["outbound", "answered", "102", "+34600000011"],
    );
    assert.deepEqual(
      shown.details.recordings.map(({ file }: Json) => file),
      [recording.file],
    );
    const records = enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === placed);
    assert.equal(records.length, 1);
    await enlace.stop();
  },
);
