// biome-ignore-all lint/suspicious/noTemplateCurlyInString: dial templates have placeholders of their own
import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../test/manual-clock.ts";
import { AppError } from "../core/errors.ts";
import { AmiMessage } from "./ami/message.ts";
import { AmiUnansweredError } from "./ami/session.ts";
import { say } from "./ami/words.ts";
import { checkDialTemplate, fillDialTemplate, fillNumberTemplate } from "./dial-template.ts";
import { createOriginator, type OriginateRequest, type OriginateResult, toAction } from "./originate.ts";
import { toFailure } from "./originate-outcome.ts";

const REQUEST: OriginateRequest = {
  id: "t1-01J5",
  channel: "PJSIP/600000011@trunk",
  to: { context: "crm-dialer", extension: "s" },
  timeoutMs: 30_000,
};
const message = (fields: Record<string, string>) => new AmiMessage(Object.entries(fields).flat());
const QUEUED = message({ Response: "Success", Message: "Originate successfully queued" });

const toTold = ({ outcome, cause }: OriginateResult) => ({ outcome, cause });

function createRig(send: () => Promise<AmiMessage> = async () => QUEUED) {
  const clock = createManualClock();
  const originator = createOriginator({ send, clock });
  const hear = (fields: Record<string, string>): void =>
    originator.take({ kind: "event", at: clock.now(), message: message(fields) });
  const see = (...channels: Record<string, string>[]): void =>
    originator.take({ kind: "snapshot", at: clock.now(), channels: channels.map(message), after: "connect" });
  return { clock, originator, hear, see };
}

const response = (more: Record<string, string>) => ({ Event: "OriginateResponse", ActionID: "o:t1-01J5", ...more });
const dialEnd = (DialStatus: string) => ({
  Event: "DialEnd",
  DestLinkedid: "t1-01J5",
  DestChannel: "PJSIP/trunk-1",
  DialStatus,
});
const hangup = (Cause: string) => ({ Event: "Hangup", Linkedid: "t1-01J5", Channel: "PJSIP/trunk-00000001", Cause });

test("a call that is picked up is answered", async () => {
  const { originator, hear } = createRig();
  const { result } = await originator.originate(REQUEST);
  hear(response({ Response: "Success", Reason: "4" }));
  assert.deepEqual(toTold(await result), { outcome: "answered", cause: null });
  assert.equal(originator.pending(), 0);
});

test("a failure waits a moment for its cause, in whatever order the events come", async () => {
  const events = [response({ Response: "Failure", Reason: "0", Uniqueid: "<unknown>" }), dialEnd("BUSY"), hangup("17")];
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [2, 0, 1],
  ]) {
    const { originator, hear, clock } = createRig();
    const { result } = await originator.originate(REQUEST);
    for (const index of order) hear(events[index] as Record<string, string>);
    await clock.advance(500);
    assert.deepEqual(toTold(await result), { outcome: "busy", cause: 17 });
  }
});

test("the halves of a Local pair say nothing about the called number", async () => {
  const { originator, hear, clock } = createRig();
  const { result } = await originator.originate({ ...REQUEST, channel: "Local/600000011@from-internal" });
  hear({ ...dialEnd("NOANSWER"), DestChannel: "Local/600000011@from-internal-00000001;1" });
  hear({ ...hangup("16"), Channel: "Local/600000011@from-internal-00000001;1" });
  hear(dialEnd("NOANSWER"));
  hear(hangup("1"));
  hear(response({ Response: "Failure", Reason: "0" }));
  await clock.advance(500);
  assert.deepEqual(toTold(await result), { outcome: "invalid_number", cause: 1 });
});

test("what real Asterisk was seen to say means what it should", () => {
  const seen: [Parameters<typeof toFailure>[0], string][] = [
    [{ cause: 17, dialStatus: "BUSY", reason: 0, hadChannel: true }, "busy"],
    [{ cause: 1, dialStatus: "NOANSWER", reason: 0, hadChannel: true }, "invalid_number"],
    [{ cause: 34, dialStatus: "CONGESTION", reason: 0, hadChannel: true }, "congestion"],
    [{ cause: 19, dialStatus: "NOANSWER", reason: 3, hadChannel: true }, "no_answer"],
    [{ cause: 0, dialStatus: "NOANSWER", reason: 3, hadChannel: true }, "no_answer"],
    [{ cause: 16, dialStatus: "CANCEL", reason: 3, hadChannel: true }, "no_answer"],
    [{ cause: 21, dialStatus: "BUSY", reason: 0, hadChannel: true }, "rejected"],
    [{ cause: undefined, dialStatus: undefined, reason: 5, hadChannel: true }, "busy"],
    [{ cause: undefined, dialStatus: undefined, reason: 8, hadChannel: true }, "congestion"],
    [{ cause: undefined, dialStatus: undefined, reason: 0, hadChannel: true }, "failed"],
    [{ cause: undefined, dialStatus: undefined, reason: 0, hadChannel: false }, "unavailable"],
    [{ cause: 38, dialStatus: "CHANUNAVAIL", reason: 0, hadChannel: true }, "unavailable"],
  ];
  for (const [facts, outcome] of seen) assert.equal(toFailure(facts), outcome, JSON.stringify(facts));
});

test("what Asterisk refuses at once is a refusal with its words", async () => {
  const refusing = (text: string) => createRig(async () => message({ Response: "Error", Message: text }));
  const { originator } = refusing("Extension does not exist.");
  await assert.rejects(
    originator.originate(REQUEST),
    (error: AppError) => error.code === "invalid_field" && /Extension does not/.test(error.message),
  );
  await assert.rejects(
    refusing("Channel Unique ID 't1-01J5' already in use").originator.originate(REQUEST),
    (error: AppError) => error.code === "conflict",
  );
  assert.equal(originator.pending(), 0);
});

test("a PBX that is away refuses; one that was lost after sending may still ring", async () => {
  const away = createRig(() => Promise.reject(new AmiUnansweredError("not_connected", say("away"))));
  await assert.rejects(away.originator.originate(REQUEST), (error: AppError) => error.code === "unavailable");
  const lost = createRig(() => Promise.reject(new AmiUnansweredError("lost", say("lost", { why: "cut" }))));
  const { result } = await lost.originator.originate(REQUEST);
  lost.see({ Linkedid: "t1-01J5", Uniqueid: "t1-01J5", ChannelState: "5" });
  assert.equal(lost.originator.pending(), 1, "it rings");
  lost.see({ Linkedid: "t1-01J5", Uniqueid: "t1-01J5", ChannelState: "6" });
  assert.equal((await result).outcome, "answered");
});

test("a call that is gone after a gap is unknown, and so is one that nobody ever told about", async () => {
  const gone = createRig();
  const first = await gone.originator.originate(REQUEST);
  gone.see();
  assert.equal((await first.result).outcome, "unknown");
  const silent = createRig();
  const second = await silent.originator.originate(REQUEST);
  await silent.clock.advance(40_000);
  assert.equal((await second.result).outcome, "unknown");
});

test("an id that is being dialled is not dialled again", async () => {
  let sent = 0;
  const { originator } = createRig(async () => {
    sent++;
    return QUEUED;
  });
  await originator.originate(REQUEST);
  await assert.rejects(originator.originate(REQUEST), (error: AppError) => error.code === "conflict");
  assert.equal(sent, 1);
});

test("the action is asynchronous and carries our id to both halves of a Local pair", () => {
  const { name, fields } = toAction({ ...REQUEST, callerId: { name: 'A "B" <C>', number: "600000002" } });
  assert.equal(name, "Originate");
  assert.deepEqual(fields, {
    Channel: "PJSIP/600000011@trunk",
    Context: "crm-dialer",
    Exten: "s",
    Priority: 1,
    Timeout: 30_000,
    CallerID: '"A B C" <600000002>',
    Account: undefined,
    Async: "true",
    ChannelId: "t1-01J5",
    OtherChannelId: undefined,
  });
  const local = toAction({
    ...REQUEST,
    channel: "Local/101@from-internal/n",
    to: { application: "Playback", data: "x" },
  });
  assert.deepEqual([local.fields?.OtherChannelId, local.fields?.Application], ["t1-01J5.2", "Playback"]);
});

test("values that could mean anything but themselves are refused", () => {
  const bad: Partial<OriginateRequest>[] = [
    { id: "a b" },
    { id: "x".repeat(32) },
    { id: "x".repeat(30), channel: "Local/101@x" },
    { channel: "PJSIP/1,30" },
    { channel: "PJSIP/1&PJSIP/2" },
    { channel: "PJSIP/1\r\nAction: Command" },
    { timeoutMs: 0 },
    { to: { context: "a,b", extension: "s" } },
    { to: { context: "a", extension: "s;x" } },
    { callerId: { number: "600<1>" } },
  ];
  for (const change of bad) assert.throws(() => toAction({ ...REQUEST, ...change }), AppError, JSON.stringify(change));
});

test("a dial template is filled with checked values only", () => {
  const values = { number: "+34600000011", trunk: "my-trunk", prefix: "9", extension: "101" };
  const filled: Record<string, string> = {
    "PJSIP/${number}@${trunk}": "PJSIP/+34600000011@my-trunk",
    "SIP/${trunk}/${prefix}${number}": "SIP/my-trunk/9+34600000011",
    "Local/${number}@from-internal": "Local/+34600000011@from-internal",
    "PJSIP/${extension}": "PJSIP/101",
  };
  for (const [template, channel] of Object.entries(filled)) assert.equal(fillDialTemplate(template, values), channel);
  assert.equal(
    fillDialTemplate("SIP/${trunk}/${prefix}${number}", { number: "600000011", trunk: "t" }),
    "SIP/t/600000011",
  );
  for (const number of ["", "1", "600,30", "600@evil", "600 1", "600\n", "${EXTEN}"]) {
    assert.throws(() => fillDialTemplate("PJSIP/${number}@${trunk}", { ...values, number }), AppError, number);
  }
  for (const template of [
    "${number}",
    "PJSIP/${secret}",
    "PJSIP/${number},30",
    "PJSIP/a b",
    "PJSIP/${number}&PJSIP/1",
  ]) {
    assert.throws(() => checkDialTemplate(template), AppError, template);
  }
});

test("a number is dialled through its template and stays a number", () => {
  assert.equal(fillNumberTemplate("9${number}", "600000011"), "9600000011");
  assert.equal(fillNumberTemplate("${number}", "+34600000011"), "+34600000011");
  for (const [template, number] of [
    ["9${number}", "600,30"],
    ["${number}@evil", "600000011"],
    ["${trunk}", "600000011"],
    ["s", "600000011"],
  ] as const) {
    assert.throws(() => fillNumberTemplate(template, number), AppError, template);
  }
});

test("a phone that rings is told from a far end of which nothing comes back", async () => {
  const ringing = { Event: "Newstate", Linkedid: "t1-01J5", Channel: "PJSIP/trunk-00000001", ChannelState: "5" };
  const progress = {
    Event: "DialState",
    DestLinkedid: "t1-01J5",
    DestChannel: "PJSIP/trunk-1",
    DialStatus: "PROGRESS",
  };
  const givenUp = response({ Response: "Failure", Reason: "3" });
  const refused = response({ Response: "Failure", Reason: "0" });
  const stories: [Record<string, string>[], number, { hasRung: boolean; isSilent: boolean }][] = [
    [[ringing, givenUp, hangup("19")], 30_000, { hasRung: true, isSilent: false }],
    [[givenUp, hangup("19")], 30_000, { hasRung: false, isSilent: true }], // Asterisk 22
    [[givenUp, hangup("0")], 30_000, { hasRung: false, isSilent: true }], // Asterisk 16
    [[progress, givenUp, hangup("19")], 30_000, { hasRung: false, isSilent: false }], // early media in place of ringing
    [[refused, hangup("18")], 32_000, { hasRung: false, isSilent: true }], // SIP's own time-out came first
    [[refused, hangup("18")], 2_000, { hasRung: false, isSilent: false }], // the carrier said 408
    [[refused, hangup("19")], 4_000, { hasRung: false, isSilent: false }], // the carrier said 480
    [[{ ...ringing, Channel: "Local/1@x-0001;2" }, givenUp, hangup("19")], 30_000, { hasRung: false, isSilent: true }],
  ];
  for (const [events, afterMs, expected] of stories) {
    const { originator, hear, clock } = createRig();
    const { result } = await originator.originate({ ...REQUEST, timeoutMs: 40_000 });
    await clock.advance(afterMs);
    for (const event of events) hear(event);
    await clock.advance(600);
    const { hasRung, isSilent } = await result;
    assert.deepEqual({ hasRung, isSilent }, expected, JSON.stringify(events));
  }
});
