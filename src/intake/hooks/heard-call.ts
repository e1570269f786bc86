import type { CallDirection } from "../../core/call-fact.ts";
import type { HookEvent } from "./hook-event.ts";

/** An event with what we know of its arrival. */
export interface HeardEvent extends HookEvent {
  /** Names it within its PBX: the same event told twice has the same. */
  key: string;
  receivedAt: Date;
}

/** Whose numbers these are. */
export interface HookPlan {
  isInternal(number: string): boolean;
}

/** All events of one call, read together. A pure function of them: the order in which they came does not matter. */
export interface HeardCall {
  /** The channel that stands for the call; see `choosePrimary`. */
  primary: string;
  events: readonly TimedEvent[];
  /** Those about the primary channel. */
  own: readonly TimedEvent[];
  direction: CallDirection | undefined;
  /** The number outside, as the PBX writes it. */
  outside: string | undefined;
  /** The hang-ups that end it: those of the primary channel, unless all that is known of it is that it asked somebody. */
  hangups: readonly TimedEvent[];
}

export type TimedEvent = HeardEvent & { at: Date };

/**
 * Rule of the older system: the first `start`, else the first `dial`, else the first channel. "First" is by unique id, which
 * counts: the channel that brought the call is older than those it led to.
 */
export function choosePrimary(events: readonly HookEvent[]): string | undefined {
  const rank = (event: HookEvent): number => (event.type === "start" ? 0 : event.type === "dial" ? 1 : 2);
  const [first] = events.filter(({ uid }) => uid !== "").sort((a, b) => rank(a) - rank(b) || compareUids(a.uid, b.uid));
  return first?.uid;
}

export function readCall(events: readonly HeardEvent[], primary: string, plan: HookPlan): HeardCall {
  const timed = toTimed(events, primary);
  const own = timed.filter(({ uid }) => uid === primary);
  const isPlaced = own.some(({ type }) => type === "start" || type === "dial");
  const hangups = own.filter((event) => event.type === "hangup" && (isPlaced || !isConsultation(event, plan)));
  const direction = toDirection(timed, own, plan);
  return { primary, events: timed, own, direction, outside: toOutside(timed, own, plan), hangups };
}

/** A hang-up of a leg that one agent used to ask another: internal, with the number outside, never through the dialplan. */
export function isConsultation({ type, callType, phone, startTime }: HookEvent, plan: HookPlan): boolean {
  return type === "hangup" && callType === 2 && startTime === undefined && isOutside(phone, plan);
}

/** Somebody outside: neither one of ours nor hidden. */
export function isOutside(number: string | undefined, plan: HookPlan): number is string {
  return number !== undefined && /\d{6}/.test(number) && !plan.isInternal(number);
}

export const isOurs = (number: string | undefined, plan: HookPlan): number is string =>
  number !== undefined && plan.isInternal(number);

/** 1700000100.9 is before 1700000100.10. */
export function compareUids(a: string, b: string): number {
  const [one, other] = [a, b].map((uid) => uid.split(".").map(Number)) as [number[], number[]];
  const difference = (one[0] ?? 0) - (other[0] ?? 0) || (one[1] ?? 0) - (other[1] ?? 0);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : a > b ? 1 : 0) : difference;
}

/**
 * Events carry no time of their own unless the sender says `SentAt`; they come some seconds late, in order. A unique id begins
 * with the second in which its channel was made, so the first event of the primary channel tells how late, and how wrong the
 * PBX's clock is.
 */
function toTimed(events: readonly HeardEvent[], primary: string): TimedEvent[] {
  const madeAtMs = toMadeAtMs(primary);
  const lags = events.flatMap(({ uid, type, receivedAt, isRecovered }) =>
    uid === primary && type !== "hangup" && !isRecovered && madeAtMs ? [receivedAt.getTime() - madeAtMs] : [],
  );
  const lagMs = lags.length > 0 ? Math.min(...lags) : 0;
  const toAt = (event: HeardEvent): Date => {
    if (event.sentAt) return event.sentAt;
    const end = event.type === "hangup" ? event.endTime : undefined;
    if (end) return end;
    const madeMs = toMadeAtMs(event.uid) ?? madeAtMs;
    if (event.isRecovered)
      return event.startTime ?? event.dateReceived ?? (madeMs ? new Date(madeMs) : event.receivedAt);
    return new Date(event.receivedAt.getTime() - lagMs);
  };
  const timed = events.map((event) => ({ ...event, at: toAt(event) }));
  return timed.sort((a, b) => a.at.getTime() - b.at.getTime() || (a.key < b.key ? -1 : 1));
}

export function toMadeAtMs(uid: string): number | undefined {
  const seconds = /^(\d{9,10})\.\d+$/.exec(uid)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** CallType is a hint: departments say 0 for what never left the house, transfers and forwards say 2 for what came from outside. */
function toDirection(
  events: readonly TimedEvent[],
  own: readonly TimedEvent[],
  plan: HookPlan,
): CallDirection | undefined {
  if (events.some(({ type }) => type === "start")) return "inbound";
  const said = own.filter(({ type }) => type === "dial").concat(own.filter(({ type }) => type === "hangup").reverse());
  for (const event of said) {
    const direction = classify(event, plan);
    if (direction) return direction;
  }
  return guessFromBridges(own, events, plan);
}

function classify({ callType, phone, trunk }: HookEvent, plan: HookPlan): CallDirection | undefined {
  const isInside = isOurs(phone, plan) && trunk === undefined;
  if (callType === 0) return isInside ? "internal" : "inbound";
  if (callType === 1) return isInside ? "internal" : "outbound";
  return callType === 2 && !isOutside(phone, plan) ? "internal" : undefined;
}

function guessFromBridges(
  own: readonly TimedEvent[],
  events: readonly TimedEvent[],
  plan: HookPlan,
): CallDirection | undefined {
  const bridge = own.find(({ type }) => type === "bridge") ?? events.find(({ type }) => type === "bridge");
  if (!bridge) return isOutside(own.find(({ phone }) => phone)?.phone, plan) ? "inbound" : undefined;
  if (isOutside(bridge.callerId, plan)) return "inbound";
  if (!isOurs(bridge.callerId, plan)) return undefined;
  return isOutside(bridge.connected ?? bridge.exten, plan) ? "outbound" : "internal";
}

function toOutside(events: readonly TimedEvent[], own: readonly TimedEvent[], plan: HookPlan): string | undefined {
  const said = [...own.filter(({ type }) => type === "start" || type === "dial"), ...own].map(({ phone }) => phone);
  const bridged = [...own, ...events].flatMap(({ callerId, connected }) => [callerId, connected]);
  return [...said, ...bridged].find((number) => isOutside(number, plan));
}
