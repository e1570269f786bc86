// The IVR with real Asterisk: people at the other end of a SIP trunk press keys, hang up, or are machines.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type RowId, toTenantId } from "../../../src/core/ids.ts";
import type { PhoneNumber } from "../../../src/core/phone-number.ts";
import type { AttemptChange, DialAttempt } from "../../../src/dialer/attempt.ts";
import { OLDER_AMD } from "../../../src/dialer/ivr/amd.ts";
import { createIvrScript } from "../../../src/dialer/ivr/ivr-script.ts";
import type { AgentRequest, FreeAgent, OptOut } from "../../../src/dialer/ivr/ivr-session.ts";
import type { Project } from "../../../src/dialer/project.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { createAgiServer } from "../../../src/telephony/agi/server.ts";
import { silentLog } from "../../database.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { writeTones } from "./tones.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const TENANT = toTenantId(1);
const row = (id: number): RowId => String(id) as RowId;

/** Who is called, by number. Each one says what it came to in the global SEEN of the far side. */
const PEOPLE = `
[reached]
; presses this key after a second, and stays
exten => _61XXXXXXX,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(\${EXTEN:-1})
 same => n,Wait(40)
; presses 5, and 5 again
exten => 620000001,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(5)
 same => n,Wait(3)
 same => n,SendDTMF(5)
 same => n,Wait(20)
; says nothing, for long
exten => 620000002,1,Answer()
 same => n,Wait(40)
; hangs up after a second
exten => 620000003,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
; presses 1 and hangs up three seconds later
exten => 620000004,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(1)
 same => n,Wait(3)
 same => n,Hangup()
; says a short word and listens
exten => 620000005,1,Answer()
 same => n,Playback(/tones/word)
 same => n,Wait(20)
; a machine: a long greeting, a beep, and then it records what it hears
exten => 620000006,1,Answer()
 same => n,Playback(/tones/greeting)
 same => n,WaitForNoise(400,1,30)
 same => n,Set(GLOBAL(SEEN)=message \${WAITSTATUS})
 same => n,Wait(20)
; the overflow numbers, with the prefix of the trunk
exten => 9700000001,1,Set(GLOBAL(SEEN)=\${EXTEN} from \${CALLERID(num)})
 same => n,Answer()
 same => n,Wait(2)
 same => n,Hangup()
exten => 9700000002,1,Set(GLOBAL(SEEN)=\${EXTEN})
 same => n,Hangup(17)
exten => 9700000003,1,Set(GLOBAL(SEEN)=\${EXTEN})
 same => n,Ringing()
 same => n,Wait(30)
exten => 9700000004,1,Set(GLOBAL(SEEN)=\${EXTEN})
 same => n,Answer()
 same => n,Wait(30)
`;

async function teach({ folder, cli }: Asterisk, more: string): Promise<void> {
  const file = join(folder, "etc", "asterisk", "extensions.conf");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${more}`);
  await cli("dialplan reload");
}

async function open({ pbx, far }: { pbx: Asterisk; far: Asterisk }): Promise<World> {
  const deployed = join(import.meta.dirname, "..", "..", "..", "deploy", "asterisk", "extensions-dialer.conf");
  await teach(pbx, readFileSync(deployed, "utf8").replace("127.0.0.1:4573", `127.0.0.1:${pbx.agiPort}`));
  await teach(far, PEOPLE);
  writeTones(join(far.folder, "tones"), "word", [
    { pitch: 300, seconds: 0.4 },
    { pitch: 0, seconds: 8 }, // a person who listens sends silence; an Asterisk that waits sends nothing
  ]);
  writeTones(join(far.folder, "tones"), "greeting", [
    ...[1, 2, 3, 4, 5, 6].flatMap(() => [
      { pitch: 300, seconds: 0.4 },
      { pitch: 0, seconds: 0.15 },
    ]),
    { pitch: 0, seconds: 0.6 },
    { pitch: 1000, seconds: 0.6 },
  ]);
  writeTones(join(pbx.folder, "tones"), "message", [{ pitch: 500, seconds: 15 }]);
  writeTones(join(pbx.folder, "tones"), "short", [{ pitch: 500, seconds: 1.5 }]);
  return await openWorld({ pbx, far });
}

const asterisks = started as { pbx: Asterisk; far: Asterisk };
// Only looked at by scenarios, which are skipped without Asterisk.
const world = (skip === false ? await open(asterisks) : undefined) as World;

const project: Project = {
  ...{ tenantId: TENANT, id: row(7), number: "100", name: "Test", timeZone: "Europe/Madrid", language: "es" },
  ...{ trunks: [], prefix: "9", callerId: "+34910000001" as PhoneNumber, usesCallerIdPool: false, channelsMax: null },
  ...{ ringSeconds: 30, mode: "ivr", allowedAddresses: [], webhookUrl: null, policyId: null, disabledAt: null },
  agents: { extensions: ["101"], abandonedShareMax: 0.03, waitMs: 2_000 },
  retry: { attemptsMax: 3, afterSeconds: 60, byDisposition: {} },
  amd: { ...OLDER_AMD, enabled: false },
  ivr: {
    ...{ audioId: row(1), text: null, expectedDigit: "1", digitAttempts: 2, digitWaitMs: 4_000, bargeIn: true },
    ...{ optOutDigit: "9", overflow: { kind: "number", number: "+34700000001" as PhoneNumber } },
    ...{ overflowRingSeconds: 5, onMachine: "hang_up", machineAudioId: null, prompts: {} },
  },
};

interface Scene {
  number: string;
  ivr?: Partial<Project["ivr"]>;
  project?: Partial<Project>;
  message?: "message" | "short" | "absent";
  /** What Dial rings. */
  overflow?: string;
  requestAgent?(request: AgentRequest): Promise<FreeAgent | null>;
}

let calls = 0;

/** Calls somebody, and resolves when the IVR and the channel are through with each other. */
async function call(scene: Scene) {
  const id = `d${(++calls).toString(16).padStart(24, "0")}`;
  const attempt = {
    ...{ tenantId: TENANT, id, projectId: row(7), campaignId: null, number: "+34600000001", variables: {} },
    callerId: "+34910000001",
  } as DialAttempt;
  const changes: AttemptChange[] = [];
  const said: string[] = [];
  const optOuts: OptOut[] = [];
  const metrics = createMetrics({ includeProcess: false });
  const session = { attempt, project: { ...project, ...scene.project, ivr: { ...project.ivr, ...scene.ivr } } };
  const script = createIvrScript({
    ...{ clock: systemClock, log: silentLog, metrics },
    loadSession: async (asked) => (asked === id ? session : null),
    report: (change) => void changes.push(change),
    toPlayable: async (wish) => {
      said.push("prompt" in wish ? wish.prompt : "message");
      return `/tones/${"prompt" in wish ? "short" : (scene.message ?? "message")}`;
    },
    toOverflowChannel: async () => scene.overflow ?? "PJSIP/9700000001@trunk",
    suppress: async (optOut) => void optOuts.push(optOut),
    ...(scene.requestAgent && { requestAgent: scene.requestAgent }),
  });
  const at = { host: "127.0.0.1", port: asterisks.pbx.agiPort, allow: ["127.0.0.1"] };
  const server = createAgiServer({
    ...{ ...at, clock: systemClock, log: silentLog },
    onCall: (channel) => script(channel, { tenantId: TENANT, id: "1" }),
  });
  await server.start();
  try {
    await originate(id, scene.number);
    await hangupOf(id);
    await until(() => changes.some(({ endedAt }) => endedAt) || undefined, "the script is over");
  } finally {
    await server.stop();
  }
  assert.equal(changes.filter(({ disposition }) => disposition).length, 1, "how it came out is said once");
  const told: Omit<AttemptChange, "id" | "source"> = Object.assign({}, ...changes);
  return { told, said, optOuts, seen: await readSeen(), text: await metrics.toText() };
}

async function originate(id: string, number: string): Promise<void> {
  await asterisks.far.cli("dialplan set global SEEN nothing");
  await world.tester.send({
    name: "Originate",
    fields: {
      ...{ Channel: `PJSIP/${number}@trunk`, Context: "enlace-ivr", Exten: "s", Priority: 1, Async: true },
      ...{ Timeout: 10_000, ChannelId: id, CallerID: "34910000001" },
    },
  });
}

async function hangupOf(id: string): Promise<string | undefined> {
  const event = await until(
    () => world.heard.find((each) => each.get("Event") === "Hangup" && each.get("Uniqueid") === id),
    "the call is over",
    60_000,
  );
  return event.get("Cause");
}

const readSeen = async (): Promise<string> =>
  /SEEN=(.*)/.exec(await asterisks.far.cli("dialplan show globals"))?.[1]?.trim() ?? "";

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 120_000 }, async () => {
    await world.reset();
    await run();
  });
};

scenario(
  "a key in the message cuts it short and connects with the overflow number, prefix and caller id set",
  async () => {
    const { told, seen, said } = await call({ number: "610000001" });
    assert.deepEqual([told.disposition, told.digit], ["transferred", "1"]);
    assert.ok((told.transferTalkSeconds ?? 0) >= 1, `talked ${told.transferTalkSeconds} s`);
    assert.equal(seen, "9700000001 from 34910000001");
    assert.deepEqual(said, ["message", "one_moment"]);
  },
);

scenario("an overflow number that is busy, or does not answer in time, is a failure that keeps the key", async () => {
  for (const overflow of ["PJSIP/9700000002@trunk", "PJSIP/9700000003@trunk"]) {
    const { told, seen, said } = await call({ number: "610000001", overflow, ivr: { overflowRingSeconds: 2 } });
    assert.deepEqual([told.disposition, told.digit, told.transferTalkSeconds], ["failed", "1", 0]);
    assert.equal(seen, overflow.slice(6, 16));
    assert.equal(said.at(-1), "transfer_failed");
  }
});

scenario("an overflow over a trunk that is down is a failure", async () => {
  const { told } = await call({ number: "610000001", overflow: "PJSIP/9700000001@dead" });
  assert.deepEqual([told.disposition, told.digit], ["failed", "1"]);
});

scenario("who hangs up in the conversation was transferred; who hangs up while it rings was answered", async () => {
  const talked = await call({ number: "620000004", overflow: "PJSIP/9700000004@trunk", message: "message" });
  assert.deepEqual([talked.told.disposition, talked.told.digit], ["transferred", "1"]);
  const left = await call({ number: "620000004", overflow: "PJSIP/9700000003@trunk" });
  assert.deepEqual([left.told.disposition, left.told.digit, left.seen], ["answered", "1", "9700000003"]);
});

scenario("a wrong key twice is no input with that key, the prompt between them heard once", async () => {
  const { told, said } = await call({ number: "620000001", ivr: { bargeIn: true } });
  assert.deepEqual([told.disposition, told.digit], ["no_input", "5"]);
  assert.deepEqual(said, ["message", "invalid_key"]);
});

scenario("silence is no input without a key", async () => {
  const { told, said } = await call({ number: "620000002", message: "short", ivr: { digitWaitMs: 500 } });
  assert.deepEqual([told.disposition, told.digit], ["no_input", undefined]);
  assert.deepEqual(said, ["message", "invalid_key"]);
});

scenario("the opt-out key is heard in a message that no other key interrupts", async () => {
  const { told, said, optOuts } = await call({ number: "610000009", ivr: { bargeIn: false } });
  assert.deepEqual([told.disposition, told.digit, optOuts.length], ["opted_out", "9", 1]);
  assert.deepEqual(said, ["message", "opted_out"]);
  const deaf = await call({ number: "610000001", message: "short", ivr: { bargeIn: false, digitWaitMs: 500 } });
  assert.equal(deaf.told.disposition, "no_input");
});

scenario("a hang-up in the message ends the session long before the message would have", async () => {
  const { told, text } = await call({ number: "620000003" });
  assert.equal(told.disposition, "answered");
  const seconds = ((told.endedAt?.getTime() ?? 0) - (told.answeredAt?.getTime() ?? 0)) / 1_000;
  assert.ok(seconds > 0.5 && seconds < 12, `${seconds} s of a message of 15`);
  assert.doesNotMatch(text, /enlace_ivr_faults_total\{/);
});

scenario("a message that Asterisk does not have is a failure with an alarm, not a hang-up", async () => {
  const { told, text } = await call({ number: "620000002", message: "absent" });
  assert.equal(told.disposition, "failed");
  assert.match(text, /enlace_ivr_faults_total\{fault="message_missing"\} 1/);
});

const amd = { ...OLDER_AMD, enabled: true };

scenario("who says a word and listens is a person, and hears the message", async () => {
  const { told, said } = await call({
    number: "620000005",
    message: "short",
    project: { amd },
    ivr: { digitWaitMs: 500 },
  });
  assert.deepEqual([told.amd?.status, told.disposition, said[0]], ["HUMAN", "no_input", "message"]);
});

scenario("a machine is hung up on", async () => {
  const { told, seen } = await call({ number: "620000006", project: { amd } });
  assert.deepEqual([told.amd?.status, told.disposition, seen], ["MACHINE", "machine", "nothing"]);
});

scenario("a machine is left a message that begins after its beep", async () => {
  const { told, seen } = await call({
    ...{ number: "620000006", message: "message", project: { amd } },
    ivr: { onMachine: "leave_message" },
  });
  assert.deepEqual([told.disposition, seen], ["machine", "message NOISE"]);
});

const agent: FreeAgent = { extension: "101", channel: "PJSIP/101", release: () => undefined };

scenario("a person is given to an agent's phone, and who finds none in time is told so", async () => {
  const requestAgent = async (): Promise<FreeAgent> => agent;
  const scene = { number: "620000002", project: { mode: "agents" }, requestAgent } as const;
  const talked = await call(scene);
  assert.equal(talked.told.disposition, "transferred");
  await world.phone("101", "ring");
  const none = await call({ ...scene, requestAgent: async ({ except }) => (except.length > 0 ? null : agent) });
  assert.deepEqual([none.told.disposition, none.said], ["abandoned", ["safe_harbour"]]);
});

scenario("with nobody at the other end of FastAGI the call is ended as one that failed", async () => {
  const id = `d${"f".repeat(24)}`;
  await originate(id, "620000002");
  assert.equal(await hangupOf(id), "41");
});
