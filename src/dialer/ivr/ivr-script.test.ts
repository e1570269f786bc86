import assert from "node:assert/strict";
import { after, test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import { type RowId, toTenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { callAgi, ENVIRONMENT, toEnvironmentBytes } from "../../telephony/agi/fake-agi-caller.ts";
import { createAgiServer } from "../../telephony/agi/server.ts";
import type { AttemptChange, DialAttempt } from "../attempt.ts";
import type { Project } from "../project.ts";
import { OLDER_AMD } from "./amd.ts";
import { createFakeCallee, type FakeCallee } from "./fake-callee.ts";
import { createIvrScript } from "./ivr-script.ts";
import type { AgentRequest, FreeAgent, IvrOptions, OptOut } from "./ivr-session.ts";

const ID = `d${"0".repeat(23)}1`;
const TENANT = toTenantId(1);
const row = (id: number): RowId => String(id) as RowId;

const attempt: DialAttempt = {
  ...{ tenantId: TENANT, id: ID, projectId: row(7), campaignId: row(3), contactId: row(4), source: "campaign" },
  ...{ number: "+34600000001" as PhoneNumber, variables: { nombre: "Ana" }, ordinal: 1, state: "dialing" },
  ...{ pbxId: row(1), trunkId: row(2), callerId: "+34910000001" as PhoneNumber, disposition: null },
  ...{ dispositionSource: null, cause: null, digit: null, amd: null, queuedAt: new Date(0), dialedAt: null },
  ...{ answeredAt: null, endedAt: null, transferWaitSeconds: null, transferTalkSeconds: null },
};

const project: Project = {
  ...{ tenantId: TENANT, id: row(7), number: "100", name: "Test", timeZone: "Europe/Madrid", language: "es" },
  ...{ trunks: [], prefix: "9", callerId: null, usesCallerIdPool: false, channelsMax: null, ringSeconds: 30 },
  ...{ mode: "ivr", allowedAddresses: [], webhookUrl: null, policyId: null, disabledAt: null },
  agents: { extensions: ["101", "102"], abandonedShareMax: 0.03, waitMs: 2_000 },
  retry: { attemptsMax: 3, afterSeconds: 60, byDisposition: {} },
  amd: { ...OLDER_AMD, enabled: false },
  ivr: {
    ...{ audioId: row(9), text: null, expectedDigit: "1", digitAttempts: 2, digitWaitMs: 10_000, bargeIn: true },
    ...{ optOutDigit: "9", overflow: { kind: "number", number: "+34600000099" as PhoneNumber } },
    ...{ overflowRingSeconds: 20, onMachine: "hang_up", machineAudioId: null, prompts: {} },
  },
};

interface Scene extends FakeCallee {
  project?: Partial<Project>;
  ivr?: Partial<Project["ivr"]>;
  options?: Partial<IvrOptions>;
  needsNotice?: boolean;
  uniqueId?: string;
  /** Time goes on from when this is so: it must not while bytes are under way. */
  timeGoesOnFrom?(commands: readonly string[]): boolean;
  stepMs?: number;
}

const STEP_MS = 100;
const since =
  (command: RegExp) =>
  (commands: readonly string[]): boolean =>
    commands.some((line) => command.test(line));

/** Plays one call to its end. */
async function play(scene: Scene) {
  const { project: changes = {}, ivr = {}, options = {}, needsNotice = false, uniqueId = ID, ...callee } = scene;
  const clock = createManualClock();
  const metrics = createMetrics({ includeProcess: false });
  const changesTold: AttemptChange[] = [];
  const optOuts: OptOut[] = [];
  const wishes: unknown[] = [];
  const session = { attempt, needsNotice, project: { ...project, ...changes, ivr: { ...project.ivr, ...ivr } } };
  const script = createIvrScript({
    ...{ clock, metrics, log: silentLog },
    loadSession: async (id) => (id === ID ? session : null),
    report: (change) => void changesTold.push(change),
    toPlayable: async (wish) => {
      wishes.push(wish);
      return "prompt" in wish ? wish.prompt : "audioId" in wish ? `audio-${wish.audioId}` : "spoken";
    },
    toOverflowChannel: async () => "PJSIP/934600000099@trunk",
    suppress: async (optOut) => void optOuts.push(optOut),
    ...options,
  });
  const pbx = { tenantId: TENANT, id: "1" };
  const listener = { host: "127.0.0.1", port: 0, allow: ["127.0.0.1"], clock, log: silentLog };
  const server = createAgiServer({ ...listener, onCall: (channel) => script(channel, pbx) });
  const port = await server.start();
  after(() => server.stop(0));
  const environment = toEnvironmentBytes({ ...ENVIRONMENT, agi_uniqueid: uniqueId });
  const caller = await callAgi(port, createFakeCallee(callee), environment);
  let isOver = false;
  const over = caller.ended.then(() => {
    isOver = true;
  });
  const mayPass = (): boolean => scene.timeGoesOnFrom?.(caller.commands) ?? false;
  while (scene.timeGoesOnFrom && !isOver) await clock.advance(mayPass() ? (scene.stepMs ?? STEP_MS) : 0);
  await over;
  const told: Omit<AttemptChange, "id" | "source"> = Object.assign({}, ...changesTold);
  const heard = caller.commands.flatMap((line) => /^STREAM FILE "([^"]*)"/.exec(line)?.[1] ?? []);
  const dispositions = changesTold.flatMap(({ disposition }) => disposition ?? []);
  assert.ok(dispositions.length <= 1, "how a call came out is said once");
  return { told, heard, optOuts, wishes, commands: caller.commands, text: await metrics.toText() };
}

const ENDED = /enlace_ivr_sessions_total\{outcome="(\w+)"\} 1/;
const outcomeOf = ({ text }: { text: string }): string | undefined => ENDED.exec(text)?.[1];
const faultOf = ({ text }: { text: string }): string | undefined =>
  /enlace_ivr_faults_total\{fault="(\w+)"\} [1-9]/.exec(text)?.[1];

test("the expected key connects with the overflow number, and is a transfer because it answered", async () => {
  const call = await play({ keys: ["1"], dials: [{ status: "ANSWER", dialed: 65, answered: 60 }] });
  assert.deepEqual(call.heard, ["audio-9", "one_moment"]);
  assert.ok(call.commands.includes('SET VARIABLE "CALLERID(num)" "34910000001"'));
  assert.ok(call.commands.includes('EXEC "Dial" "PJSIP/934600000099@trunk,20,rgS(7200)"'));
  const { disposition, digit, transferWaitSeconds, transferTalkSeconds } = call.told;
  assert.deepEqual([disposition, digit, transferWaitSeconds, transferTalkSeconds], ["transferred", "1", 5, 60]);
  assert.equal(call.commands.at(-1), "HANGUP");
  assert.equal(outcomeOf(call), "transferred");
});

for (const status of ["BUSY", "NOANSWER", "CHANUNAVAIL", "CONGESTION", ""]) {
  test(`an overflow number with DIALSTATUS "${status}" is a failure that keeps the key, and the person is told`, async () => {
    const call = await play({ keys: ["1"], dials: [{ status, dialed: 3 }] });
    assert.deepEqual(call.heard, ["audio-9", "one_moment", "transfer_failed"]);
    assert.deepEqual([call.told.disposition, call.told.digit, call.told.transferTalkSeconds], ["failed", "1", 0]);
    assert.equal(faultOf(call), "transfer_failed");
  });
}

test("who hangs up while the overflow number rings was answered, not failed", async () => {
  const call = await play({ keys: ["1"], dials: [{ status: "CANCEL", dialed: 4 }] });
  assert.deepEqual([call.told.disposition, call.told.digit, call.told.transferWaitSeconds], ["answered", "1", 4]);
  assert.equal(faultOf(call), undefined);
});

test("a hang-up after the conversation does not take the transfer back", async () => {
  const dials = [{ status: "ANSWER", dialed: 40, answered: 35 }];
  const call = await play({ keys: ["1"], dials, hangsUpAt: /Dial/ });
  assert.deepEqual([call.told.disposition, call.told.transferTalkSeconds], ["transferred", 35]);
});

test("an overflow that cannot be dialled at all is a failure that keeps the key", async () => {
  const call = await play({
    keys: ["1"],
    options: { toOverflowChannel: () => Promise.reject(new Error("the trunk is gone")) },
  });
  assert.deepEqual([call.told.disposition, call.told.digit], ["failed", "1"]);
  assert.ok(!call.commands.some((line) => line.includes("Dial")));
});

test("a channel that would be two, or carries options of its own, is not dialled", async () => {
  for (const channel of ["PJSIP/1@a&PJSIP/2@b", "PJSIP/1@a,30,X", "nonsense"]) {
    const call = await play({ keys: ["1"], options: { toOverflowChannel: async () => channel } });
    assert.equal(call.told.disposition, "failed");
    assert.ok(!call.commands.some((line) => line.includes("Dial")));
  }
});

test("an extension sees who called", async () => {
  const call = await play({
    ...{ keys: ["1"], dials: [{ status: "ANSWER" }], ivr: { overflow: { kind: "extension", extension: "101" } } },
    options: { toOverflowChannel: async () => "PJSIP/101" },
  });
  assert.ok(!call.commands.some((line) => line.includes("CALLERID")));
  assert.ok(call.commands.includes('EXEC "Dial" "PJSIP/101,20,rgS(7200)"'));
});

test("a key that only confirms is kept, and nobody is rung", async () => {
  const call = await play({ keys: ["1"], ivr: { overflow: null } });
  assert.deepEqual([call.told.disposition, call.told.digit], ["answered", "1"]);
  assert.deepEqual(call.heard, ["audio-9"]);
});

test("a wrong key twice is no input with that key, and the invalid-key prompt is heard once", async () => {
  const call = await play({ keys: ["5", "5"] });
  assert.deepEqual(call.heard, ["audio-9", "invalid_key"]);
  assert.deepEqual([call.told.disposition, call.told.digit], ["no_input", "5"]);
});

test("silence twice is no input without a key, after twice the wait", async () => {
  const call = await play({ keys: [] });
  assert.deepEqual(
    call.commands.filter((line) => line.startsWith("WAIT")),
    ['WAIT FOR DIGIT "10000"', 'WAIT FOR DIGIT "10000"'],
  );
  assert.deepEqual([call.told.disposition, call.told.digit], ["no_input", undefined]);
});

test("a wrong key is made good by the right one", async () => {
  const call = await play({ keys: ["5", "1"], dials: [{ status: "ANSWER" }] });
  assert.deepEqual([call.told.disposition, call.told.digit], ["transferred", "1"]);
});

test("with barge-in a key cuts the message short, without it only the opt-out key does", async () => {
  const dials = [{ status: "ANSWER" }];
  const cut = await play({ keysDuring: { "audio-9": "1" }, dials });
  assert.equal(cut.commands.filter((line) => line.startsWith("WAIT")).length, 0);
  assert.equal(cut.told.disposition, "transferred");
  const whole = await play({ keysDuring: { "audio-9": "1" }, dials, ivr: { bargeIn: false } });
  assert.ok(whole.commands.includes('STREAM FILE "audio-9" "9"'));
  assert.equal(whole.told.disposition, "no_input");
});

test("the opt-out key counts in the notice, the message, the wait and the invalid-key prompt", async () => {
  const scenes: Scene[] = [
    { keysDuring: { notice: "9" }, needsNotice: true },
    { keysDuring: { "audio-9": "9" }, ivr: { bargeIn: false } },
    { keys: ["9"] },
    { keys: ["5"], keysDuring: { invalid_key: "9" } },
    { keysDuring: { "audio-9": "9" }, ivr: { expectedDigit: null } },
  ];
  for (const scene of scenes) {
    const call = await play(scene);
    assert.deepEqual([call.told.disposition, call.told.digit], ["opted_out", "9"]);
    assert.equal(call.heard.at(-1), "opted_out");
    assert.deepEqual(call.optOuts, [
      { tenantId: TENANT, number: "+34600000001", projectId: "7", campaignId: "3", attemptId: ID },
    ]);
  }
});

test("a store that is away for a moment does not lose an opt-out, and one that stays away is counted", async () => {
  let tries = 0;
  const timeGoesOnFrom = since(/^HANGUP/);
  const suppress = async (): Promise<void> => {
    if (++tries < 3) throw new Error("no database");
  };
  const kept = await play({ keys: ["9"], options: { suppress }, timeGoesOnFrom });
  assert.deepEqual([tries, kept.told.disposition, faultOf(kept)], [3, "opted_out", undefined]);
  const lost = await play({
    keys: ["9"],
    timeGoesOnFrom,
    options: { suppress: () => Promise.reject(new Error("no database")) },
  });
  assert.deepEqual([lost.told.disposition, faultOf(lost)], ["opted_out", "opt_out_lost"]);
});

test("a hang-up in the message ends the session as answered, with its times", async () => {
  const call = await play({ hangsUpAt: /audio-9/ });
  assert.equal(call.told.disposition, "answered");
  assert.ok(call.told.answeredAt && call.told.endedAt);
  assert.ok(!call.commands.includes("HANGUP"));
  assert.equal(faultOf(call), undefined);
});

test("a hang-up while a key is waited for is no input; while the opt-out is confirmed it stays an opt-out", async () => {
  assert.equal((await play({ hangsUpAt: /WAIT/ })).told.disposition, "no_input");
  const wrong = await play({ keys: ["5"], hangsUpAt: /invalid_key/ });
  assert.deepEqual([wrong.told.disposition, wrong.told.digit], ["no_input", "5"]);
  assert.equal((await play({ keys: ["9"], hangsUpAt: /opted_out/ })).told.disposition, "opted_out");
});

test("a missing message is told apart from a hang-up: failed, and an alarm", async () => {
  const call = await play({ missing: ["audio-9"] });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["failed", "message_missing"]);
  assert.equal(call.commands.at(-1), "HANGUP");
  const unmade = await play({ options: { toPlayable: () => Promise.reject(new Error("no such audio")) } });
  assert.deepEqual([unmade.told.disposition, faultOf(unmade)], ["failed", "message_missing"]);
  const unset = await play({ ivr: { audioId: null } });
  assert.deepEqual([unset.told.disposition, faultOf(unset)], ["failed", "message_missing"]);
});

test("speech that never gets ready fails the call in bounded time", async () => {
  const never = new Promise<string>(() => undefined);
  const call = await play({ options: { toPlayable: () => never }, timeGoesOnFrom: since(/^ANSWER/) });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["failed", "message_missing"]);
});

test("who hangs up while speech is being made ends the session, and no message was missing", async () => {
  const never = new Promise<string>(() => undefined);
  const call = await play({ options: { toPlayable: () => never }, hangsUpAfter: /^ANSWER/ });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["answered", undefined]);
});

test("a missing prompt is left out and counted; the call goes on", async () => {
  const call = await play({ keys: ["1"], missing: ["one_moment"], dials: [{ status: "ANSWER" }] });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["transferred", "prompt_missing"]);
});

test("a text is spoken with the contact's own words, in the project's language", async () => {
  const call = await play({ ivr: { audioId: null, text: "Hola {{nombre}}" } });
  assert.deepEqual(call.wishes[0], {
    ...{ text: "Hola {{nombre}}", variables: { nombre: "Ana" }, language: "es", tenantId: TENANT, pbxId: "1" },
  });
  assert.equal(call.heard[0], "spoken");
});

test("a project's own prompt replaces the built-in one, and its own notice is always said", async () => {
  const call = await play({ keys: ["5"], ivr: { prompts: { invalid_key: row(20), notice: row(21) } } });
  assert.deepEqual(call.heard, ["audio-21", "audio-9", "audio-20"]);
});

const amd = { ...OLDER_AMD, enabled: true };

test("AMD gets its arguments with commas", async () => {
  const call = await play({ project: { amd }, amd: "HUMAN" });
  assert.ok(call.commands.includes('EXEC "AMD" "1500,1000,500,3000,100,50,3,256"'));
});

test("a machine is hung up on, and nothing is said to it", async () => {
  const call = await play({ project: { amd }, amd: "MACHINE", amdCause: "MAXWORDS-3-3" });
  assert.deepEqual([call.told.disposition, call.told.amd], ["machine", { status: "MACHINE", cause: "MAXWORDS" }]);
  assert.deepEqual([call.heard, call.told.digit, call.commands.at(-1)], [[], undefined, "HANGUP"]);
});

for (const status of ["HUMAN", "NOTSURE", ""] as const) {
  test(`AMD that says "${status}" found a person`, async () => {
    const call = await play({ project: { amd }, amd: status, keys: [] });
    assert.deepEqual([call.told.disposition, call.heard[0]], ["no_input", "audio-9"]);
  });
}

test("a hang-up while AMD listens is a person who was answered, as far as anybody knows", async () => {
  const call = await play({ project: { amd }, amd: "HANGUP" });
  assert.deepEqual([call.told.disposition, call.told.amd?.status, call.heard], ["answered", "HANGUP", []]);
});

test("an Asterisk without AMD lets no person down, and is counted", async () => {
  const call = await play({ project: { amd }, keys: [] });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["no_input", "amd_missing"]);
});

test("a machine is left a message after its beep: its own, or the one for people", async () => {
  const machine = { project: { amd }, amd: "MACHINE" } as const;
  const same = await play({ ...machine, ivr: { onMachine: "leave_message" } });
  assert.deepEqual([same.told.disposition, same.heard], ["machine", ["audio-9"]]);
  assert.ok(same.commands.includes('EXEC "WaitForSilence" "2000,1,45"'));
  const own = await play({ ...machine, ivr: { onMachine: "leave_message", machineAudioId: row(30) } });
  assert.deepEqual(own.heard, ["audio-30"]);
  const gone = await play({ ...machine, ivr: { onMachine: "leave_message" }, hangsUpAt: /WaitForSilence/ });
  assert.deepEqual([gone.told.disposition, gone.heard], ["machine", []]);
  const missing = await play({ ...machine, ivr: { onMachine: "leave_message" }, missing: ["audio-9"] });
  assert.deepEqual([missing.told.disposition, faultOf(missing)], ["machine", "message_missing"]);
});

test("a call of nobody ends cleanly, is counted, and nothing is reported", async () => {
  const call = await play({ uniqueId: "1771500000.42" });
  assert.deepEqual([call.told, outcomeOf(call)], [{}, "unknown"]);
  assert.ok(call.commands.includes('SET VARIABLE "ENLACE_IVR" "unknown"'));
  const stranger = await play({
    options: { loadSession: async () => ({ attempt: { ...attempt, tenantId: toTenantId(2) }, project }) },
  });
  assert.equal(outcomeOf(stranger), "unknown");
});

test("a call whose session nobody can load has failed, rather than waiting in silence", async () => {
  const call = await play({ options: { loadSession: () => Promise.reject(new Error("no database")) } });
  assert.deepEqual(
    [call.told.disposition, outcomeOf(call), faultOf(call)],
    ["failed", "failed", "session_unavailable"],
  );
  const never = new Promise<null>(() => undefined);
  let isAsked = false;
  const loadSession = (): Promise<null> => {
    isAsked = true;
    return never;
  };
  const late = await play({ options: { loadSession }, timeGoesOnFrom: () => isAsked });
  assert.equal(late.told.disposition, "failed");
});

test("an Asterisk that stops answering is not waited for for ever", async () => {
  const call = await play({ silentAt: /^WAIT/, timeGoesOnFrom: since(/^WAIT/) });
  assert.deepEqual([call.told.disposition, faultOf(call)], ["no_input", "line_lost"]);
  const dialing = await play({ keys: ["1"], silentAt: /Dial/, timeGoesOnFrom: since(/Dial/), stepMs: 600_000 });
  assert.deepEqual([dialing.told.disposition, dialing.told.digit], [undefined, "1"]); // its events say more
});

const agents = { mode: "agents" } as const;
const offer = (extension: string, released: unknown[] = []): FreeAgent => ({
  ...{ extension, channel: `PJSIP/${extension}`, release: (end) => void released.push([extension, end.answered]) },
});

test("a person is given to a free agent, with music until the phone is picked up", async () => {
  const released: unknown[] = [];
  const call = await play({
    ...{ project: agents, dials: [{ status: "ANSWER", dialed: 91, answered: 90 }] },
    options: { requestAgent: async () => offer("101", released) },
  });
  assert.ok(call.commands.includes('EXEC "Dial" "PJSIP/101,2,mgS(7200)"'));
  assert.deepEqual([call.told.disposition, call.told.transferTalkSeconds], ["transferred", 90]);
  assert.deepEqual([released, call.heard], [[["101", true]], []]);
});

test("an agent who does not pick up is not asked again for this person, another one is", async () => {
  const released: unknown[] = [];
  const asked: (readonly string[])[] = [];
  const requestAgent = async ({ except }: AgentRequest): Promise<FreeAgent> => {
    asked.push([...except]);
    return offer(except.length === 0 ? "101" : "102", released);
  };
  const call = await play({
    ...{
      project: agents,
      dials: [
        { status: "NOANSWER", dialed: 1 },
        { status: "ANSWER", answered: 5, dialed: 5 },
      ],
    },
    options: { requestAgent },
  });
  assert.equal(call.told.disposition, "transferred");
  assert.deepEqual(
    [asked, released],
    [
      [[], ["101"]],
      [
        ["101", false],
        ["102", true],
      ],
    ],
  );
});

test("nobody free in time: the safe-harbour message, and the call was abandoned", async () => {
  const requestAgent = ({ signal }: AgentRequest): Promise<null> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const timeGoesOnFrom = since(/StartMusicOnHold/);
  const call = await play({ project: agents, options: { requestAgent }, timeGoesOnFrom });
  assert.deepEqual([call.told.disposition, call.heard], ["abandoned", ["safe_harbour"]]);
  const opted = await play({
    ...{ project: agents, options: { requestAgent }, timeGoesOnFrom, keysDuring: { safe_harbour: "9" } },
  });
  assert.deepEqual([opted.told.disposition, opted.told.digit, opted.optOuts.length], ["abandoned", "9", 1]);
});

test("a project with agents where there are none abandons at once, and says so", async () => {
  const call = await play({ project: agents });
  assert.deepEqual([call.told.disposition, call.heard], ["abandoned", ["safe_harbour"]]);
});

test("who hangs up while an agent's phone rings has not been abandoned, and the phone is not blamed", async () => {
  const released: unknown[] = [];
  const call = await play({
    ...{ project: agents, dials: [{ status: "CANCEL", dialed: 1 }] },
    options: { requestAgent: async () => offer("101", released) },
  });
  assert.deepEqual([call.told.disposition, call.heard, released], ["answered", [], [["101", true]]]);
});
