import type { FakeRun } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import type { FakeChannel } from "./fake-wire.ts";

/** What one call must come out as, said by the PBX that made it up and not by the code under test. */
export interface ExpectedCall {
  /** Linkedid. */
  callUuid: string;
  kind: string;
  direction: "inbound" | "outbound" | "internal";
  /** As it stands on the wire: a number without its country code, an extension. */
  from: string;
  to: string;
  outcome: "in_progress" | "answered" | "missed" | "busy" | "cancelled" | "failed";
  /** The last one who talked; the caller of an outgoing call. */
  agentExtension: string | null;
  /** Who talked with the customer (inside: with the caller), in order. */
  talked: string[];
  startedAt: Date;
  answeredAt: Date | null;
  /** When its last channel hung up; a customer who is gone may have ended it a little earlier. */
  endedAt: Date | null;
}

/** A call of the simulated PBX while it goes on. */
export interface FakeCall {
  readonly expected: ExpectedCall;
  readonly origin: FakeChannel;
  /** Legs that ring, and for whom. */
  ringing: { caller: FakeChannel; legs: FakeChannel[] } | undefined;
  /** The two who talk. */
  talk: { caller: FakeChannel; leg: FakeChannel } | undefined;
  /** Rows for the call records, told when the call is over. */
  records: FakeRecord[];
  /** The agent who asks a colleague while the caller hears music. */
  consulting: FakeChannel | undefined;
  /** What happens to it by itself. */
  run: FakeRun | undefined;
  /** What it comes to if nobody talks. */
  unanswered: ExpectedCall["outcome"];
  /** Told at its end, whatever ended it. */
  onClose?: () => void;
}

/** One row of the call records: a dial attempt. */
export interface FakeRecord {
  leg: FakeChannel | undefined;
  data: string;
  startedAt: Date;
  answeredAt: Date | undefined;
  disposition: "ANSWERED" | "NO ANSWER" | "BUSY" | "FAILED";
}

/** How somebody who is called behaves. */
export interface FakeBehaviour {
  does: "answer" | "ring" | "busy" | "unknown";
  /** Until it answers, or until whoever calls gives up. */
  ringMs: number;
  /** Until the one of them hangs up. */
  talkMs: number;
  hangsUp: "caller" | "called";
}

export interface NewCall {
  kind: string;
  direction: ExpectedCall["direction"];
  from: string;
  to: string;
  origin: FakeChannel;
}

export function createFakeCall({ kind, direction, from, to, origin }: NewCall): FakeCall {
  const expected: ExpectedCall = {
    ...{ callUuid: origin.linkedId, kind, direction, from, to },
    outcome: "in_progress",
    agentExtension: direction === "outbound" ? from : null,
    talked: [],
    startedAt: origin.startedAt,
    answeredAt: null,
    endedAt: null,
  };
  const nobody = { ringing: undefined, talk: undefined, consulting: undefined, run: undefined };
  return { expected, origin, records: [], unanswered: "missed", ...nobody };
}

/** Notes that somebody now talks with the customer. */
export function noteTalk({ expected }: FakeCall, leg: FakeChannel, at: Date): void {
  expected.answeredAt ??= at;
  expected.talked.push(expected.direction === "outbound" ? expected.from : leg.peer);
  if (expected.direction !== "outbound") expected.agentExtension = leg.peer;
}

/** Tells the call records and what the call came to. */
export function closeFakeCall({ clock, tell }: FakeSwitch, call: FakeCall): void {
  const { expected, records, origin, unanswered } = call;
  expected.outcome = expected.talked.length > 0 ? "answered" : unanswered;
  expected.endedAt = clock.now();
  const at = { endedAt: clock.now(), sequence: Number(origin.uniqueId.split(".").at(-1)) || 0 };
  for (const [index, record] of records.splice(0).entries()) {
    tell("Cdr", toRecordFields(origin, record, { ...at, sequence: at.sequence + index }));
  }
}

function toRecordFields(
  origin: FakeChannel,
  record: FakeRecord,
  { endedAt, sequence }: { endedAt: Date; sequence: number },
): string[] {
  const { leg, data, startedAt, answeredAt, disposition } = record;
  const [application = "", ...rest] = data.split("(");
  const name = origin.callerName.startsWith("<") ? "" : origin.callerName;
  const seconds = (from: Date | undefined): string =>
    from ? String(Math.floor((endedAt.getTime() - from.getTime()) / 1000)) : "0";
  return [
    ...["AccountCode", "", "Source", origin.number, "Destination", origin.exten],
    ...["DestinationContext", origin.context, "CallerID", `"${name}" <${origin.number}>`],
    ...["Channel", origin.name, "DestinationChannel", leg?.name ?? ""],
    ...["LastApplication", application, "LastData", rest.join("(").replace(/\)$/, "")],
    ...["StartTime", toText(startedAt), "AnswerTime", toText(answeredAt), "EndTime", toText(endedAt)],
    ...["Duration", seconds(startedAt), "BillableSeconds", seconds(answeredAt), "Disposition", disposition],
    ...["AMAFlags", "DOCUMENTATION", "UniqueID", origin.uniqueId, "UserField", ""],
    ...["LinkedID", origin.linkedId, "Sequence", String(sequence)], // as deploy/asterisk/cdr_manager.conf has it
  ];
}

const toText = (at: Date | undefined): string => at?.toISOString().slice(0, 19).replace("T", " ") ?? "";
