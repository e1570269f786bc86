import type { Ring, ToldDetails } from "../../core/call-details.ts";
import type { CallFact, EndedStatus, ReportedStatus } from "../../core/call-fact.ts";
import { type PartyNumber, parsePartyNumber } from "../../core/phone-number.ts";
import { toCaller, toRings, toTalks, toTransfers } from "./call-story.ts";
import { type HeardCall, type HeardEvent, type HookPlan, isOurs, readCall, toMadeAtMs } from "./heard-call.ts";

export interface HookFactContext extends HookPlan {
  /** Name of the PBX. */
  pbx: string;
  /** ISO 3166-1 alpha-2 for numbers without a country code. */
  country: string;
}

/** CallStatus of a call that somebody took: ANSWER, TALK. */
const ANSWERED: ReadonlySet<string | undefined> = new Set(["2", "5"]);
const BUSY_CAUSES: ReadonlySet<number | undefined> = new Set([17, 21]);

/**
 * What all events of a call say together. Told anew whenever one more is heard; the fact that knows more has the greater key
 * and is never of a lesser status, so it wins over those before it (see `reduceCall`), and the order of arrival leaves no trace.
 */
export function toHookFact(events: readonly HeardEvent[], primary: string, context: HookFactContext): CallFact {
  const call = readCall(events, primary, context);
  const talks = toTalks(call, context);
  const rings = toRings(call, talks, context);
  const caller = call.direction === "inbound" ? undefined : toCaller(call, context);
  const status = toStatus(call, talks.length > 0);
  const end = call.hangups.at(-1);
  const last = call.events.at(-1);
  return withoutNothing({
    key: `hook:${String(events.length).padStart(6, "0")}`,
    source: events.every(({ isRecovered }) => isRecovered) ? "recovery" : "hook",
    at: end?.at ?? last?.at ?? new Date(0),
    status,
    direction: call.direction,
    ...toParties(call, caller, context),
    startedAt: end && toStartedAt(call),
    answeredAt: talks[0]?.startedAt,
    endedAt: end && (end.endTime ?? end.at),
    agentExtension: toAgent(
      call,
      { talker: talks.findLast(({ extension }) => extension)?.extension, caller, status },
      context,
    ),
    trunk: findLast(call, ({ trunk }) => trunk),
    pbx: context.pbx,
    recordingUrl: findLast(call, ({ recordingUrl }) => recordingUrl),
    details: toDetails(call, {
      talks,
      rings: withBusy(rings, call, status, context),
      transfers: toTransfers(call, talks, context),
    }),
  });
}

/** Only a talk, or a hang-up that says so, proves an answer; PBXs cannot tell busy from cancelled. */
function toStatus({ hangups, direction }: HeardCall, hasTalk: boolean): ReportedStatus {
  if (hangups.length === 0) return hasTalk ? "in_progress" : "ringing";
  if (hasTalk || hangups.some(({ callStatus }) => ANSWERED.has(callStatus))) return "answered";
  const isBusy = direction !== "inbound" && hangups.some(({ cause }) => BUSY_CAUSES.has(cause));
  return (isBusy ? "busy" : "missed") satisfies EndedStatus;
}

function toParties(call: HeardCall, caller: string | undefined, context: HookFactContext) {
  const toParty = (text: string | undefined): PartyNumber | undefined =>
    text === undefined ? undefined : parseHookNumber(text, context);
  const hidden = call.own.find(({ type, phone }) => type !== "new_callerid" && phone !== undefined)?.phone;
  if (call.direction === "inbound") {
    const line = call.own.map(({ exten }) => exten).find((text) => text !== undefined && !context.isInternal(text));
    return { from: toParty(call.outside ?? hidden), to: toParty(line ?? findLast(call, ({ trunk }) => trunk)) };
  }
  if (call.direction === "internal") return { from: toParty(caller), to: toParty(toCallee(call, caller, context)) };
  if (call.direction === "outbound") return { from: toParty(caller), to: toParty(call.outside ?? hidden) };
  return { from: toParty(call.outside ?? hidden), to: undefined };
}

function toCallee(call: HeardCall, caller: string | undefined, plan: HookPlan): string | undefined {
  const extens = call.own.map(({ exten }) => exten);
  const others = call.events.flatMap(({ type, connected, callerId, extensions }): readonly (string | undefined)[] =>
    type === "hangup" || type === "dial" ? extensions : [connected, callerId],
  );
  return [...extens, ...others].find((text) => isOurs(text, plan) && text !== caller);
}

/** PBXs write numbers without a plus, country code or not. */
export function parseHookNumber(
  text: string,
  { isInternal, country }: Pick<HookFactContext, "isInternal" | "country">,
): PartyNumber {
  if (isInternal(text)) return { kind: "extension", text, extension: text };
  const party = parsePartyNumber(text, country);
  if (party.kind !== "other" || !/^[1-9]\d{9,14}$/.test(text)) return party;
  const world = parsePartyNumber(`+${text}`, country);
  return world.kind === "number" ? { ...world, text } : party;
}

interface AgentHints {
  talker: string | undefined;
  caller: string | undefined;
  status: ReportedStatus;
}

/** The last who talked; else, of an answered call, whom the hang-up names; else, of our own calls, who placed it. */
function toAgent(call: HeardCall, { talker, caller, status }: AgentHints, plan: HookPlan): string | undefined {
  if (call.direction === "outbound") return talker ?? caller;
  const named = call.hangups
    .flatMap(({ extensions }) => extensions)
    .find((text) => isOurs(text, plan) && text !== caller);
  return talker ?? (status === "answered" ? named : undefined) ?? caller;
}

/** "" for internal calls and consultations: then the call record's start, which a transfer may have moved. */
function toStartedAt({ hangups, own, primary }: HeardCall): Date | undefined {
  const earliest = (times: readonly (Date | undefined)[]): Date | undefined => {
    const known = times.flatMap((time) => time?.getTime() ?? []);
    return known.length > 0 ? new Date(Math.min(...known)) : undefined;
  };
  const seen = own.find(({ type }) => type === "start" || type === "dial")?.at;
  const madeAtMs = toMadeAtMs(primary);
  return (
    earliest(hangups.map(({ startTime }) => startTime)) ??
    earliest([...hangups.map(({ dateReceived }) => dateReceived), seen]) ??
    (madeAtMs === undefined ? undefined : new Date(madeAtMs))
  );
}

/** Who did not answer and is named nevertheless was busy; where people talked before, the call was passed on to them in vain. */
function withBusy(rings: readonly Ring[], call: HeardCall, status: ReportedStatus, plan: HookPlan): Ring[] {
  const named = call.hangups.flatMap((event) =>
    event.extensions.filter((text) => isOurs(text, plan)).map((extension) => ({ extension, event })),
  );
  const unanswered = call.direction === "inbound" ? named.filter(({ event }) => !ANSWERED.has(event.callStatus)) : [];
  if (status !== "answered") {
    const busy = new Set(unanswered.map(({ extension }) => extension));
    return rings.map((ring) => (busy.has(ring.extension ?? "") ? { ...ring, result: "busy" as const } : ring));
  }
  const passedOn = unanswered.filter(({ extension }) => !rings.some((ring) => ring.extension === extension));
  const inVain = passedOn.map(({ extension, event }): Ring => {
    return { id: `${event.key}:${extension}`, startedAt: event.at, extension, result: "no_answer" };
  });
  return [...rings, ...inVain];
}

function toDetails(
  call: HeardCall,
  lists: Pick<ToldDetails, "rings" | "talks" | "transfers">,
): ToldDetails | undefined {
  const cause = findLast(call, ({ cause: told }) => told);
  const recordings = call.events.flatMap(({ recordingFile: file, key, at }) =>
    file === undefined ? [] : [{ id: key, file, startedAt: at }],
  );
  const details = {
    ...Object.fromEntries(Object.entries({ ...lists, recordings }).filter(([, list]) => list.length > 0)),
    ...(cause !== undefined && { hangupCause: cause }),
  };
  return Object.keys(details).length > 0 ? details : undefined;
}

/** What the primary channel said last of it, else any channel. */
function findLast<T>({ own, events }: HeardCall, pick: (event: HeardEvent) => T | undefined): T | undefined {
  const fromOwn = own.map(pick).findLast((value) => value !== undefined);
  return fromOwn ?? events.map(pick).findLast((value) => value !== undefined);
}

function withoutNothing(fact: { [K in keyof CallFact]: CallFact[K] | undefined }): CallFact {
  return Object.fromEntries(Object.entries(fact).filter(([, value]) => value !== undefined)) as unknown as CallFact;
}
