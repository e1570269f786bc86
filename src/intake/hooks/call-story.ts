import type { Ring, RingResult, Talk, Transfer } from "../../core/call-details.ts";
import { type HeardCall, type HookPlan, isConsultation, isOurs, isOutside, type TimedEvent } from "./heard-call.ts";

// Who was rung, who talked, who was it passed on to: read out of dials, bridges and hang-ups.

/**
 * Stretches in which one of ours, or a mobile that follows one, was in a bridge with the one outside; of an internal call, those
 * of the one who was called. A bridge between two of ours while somebody outside waits is a consultation and no talk of this call.
 */
export function toTalks(call: HeardCall, plan: HookPlan): Talk[] {
  const bridges = Map.groupBy(
    call.events.filter(({ type, bridge }) => type === "bridge" && bridge !== undefined),
    ({ bridge }) => bridge ?? "",
  );
  const talks = [...bridges.values()]
    .filter((joins) => joins.some((join) => isCentral(join, call)))
    .flatMap((joins) => toTalkers(joins, call, plan).map((who) => toTalk(who, joins, call)));
  return talks.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime() || (a.id < b.id ? -1 : 1));
}

/** A call may go through several bridges, with Local channels between them: the one with the caller's own channel counts. */
function isCentral({ uid, callerId }: TimedEvent, { primary, direction, outside }: HeardCall): boolean {
  return uid === primary || (direction === "outbound" && callerId !== undefined && callerId === outside);
}

function toTalk(who: Talker, joins: readonly TimedEvent[], call: HeardCall): Talk {
  const number = who.extension ?? who.number;
  const named = joins.filter(({ callerId, connected }) => callerId === number || connected === number);
  const startedAt = new Date(Math.min(...named.map(({ at }) => at.getTime())));
  const legs = named.filter(({ callerId }) => callerId === number).map(({ uid }) => uid);
  const endedAt = toLeftAt({ bridge: joins[0]?.bridge, legs, startedAt }, call);
  return { id: `${joins[0]?.bridge}:${number}`, startedAt, ...(endedAt && { endedAt }), ...who };
}

interface Stay {
  bridge: string | undefined;
  /** Channels of the one who talks. */
  legs: readonly string[];
  startedAt: Date;
}

/** When the last of their channels left, or the bridge was no more. */
function toLeftAt({ bridge, legs, startedAt }: Stay, { events }: HeardCall): Date | undefined {
  const later = events.filter((event) => event.bridge === bridge && event.at >= startedAt);
  const lefts = legs.map((leg) =>
    later.findLast(({ type, uid }) => type === "bridge_leave" && uid === leg)?.at.getTime(),
  );
  const left = lefts.length > 0 && lefts.every((ms) => ms !== undefined) ? Math.max(...lefts) : undefined;
  const gone = later.find(({ type }) => type === "bridge_destroy")?.at.getTime();
  const ends = [left, gone].filter((ms) => ms !== undefined);
  return ends.length > 0 ? new Date(Math.min(...ends)) : undefined;
}

type Talker = { extension: string } | { extension?: never; number: string };

function toTalkers(joins: readonly TimedEvent[], call: HeardCall, plan: HookPlan): Talker[] {
  const numbers = joins.flatMap(({ callerId, connected }) => [callerId, connected]);
  const ours = (pick: (event: TimedEvent) => string | undefined): string[] =>
    joins.map(pick).filter((number) => isOurs(number, plan)) as string[];
  if (call.direction === "internal") {
    const caller = toCaller(call, plan);
    const others = [...ours(({ callerId }) => callerId), ...ours(({ connected }) => connected)].filter(
      (n) => n !== caller,
    );
    return others.slice(0, 1).map((extension) => ({ extension }));
  }
  if (!numbers.some((number) => isOutside(number, plan))) return [];
  // The leg of the phone itself says best who it is; what the other side is shown may be left over from before a transfer.
  const legs = ours((event) => (event.isExternal ? undefined : event.callerId));
  const named = legs.length > 0 ? legs : ours(({ connected }) => connected);
  if (named.length > 0) return [...new Set(named)].map((extension) => ({ extension }));
  const mobile = numbers.find((number) => isOutside(number, plan) && number !== call.outside);
  return mobile === undefined || call.direction !== "inbound" ? [] : [{ number: mobile }];
}

/** The extension that placed the call. */
export function toCaller(call: HeardCall, plan: HookPlan): string | undefined {
  const dials = call.own.filter(({ type }) => type === "dial").flatMap(({ extensions }) => extensions);
  const shown = call.own.map(({ callerId }) => callerId);
  const hungUp = call.hangups.flatMap(({ phone, extensions }) => [phone, ...extensions]);
  const dialed = call.direction === "internal" ? [] : dials;
  return [...dialed, ...(call.direction === "internal" ? hungUp.slice(0, 1) : []), ...shown, ...hungUp].find((number) =>
    isOurs(number, plan),
  );
}

export function toRings(call: HeardCall, talks: readonly Talk[], plan: HookPlan): Ring[] {
  const dials = call.own.filter(({ type }) => type === "dial");
  const isOver = call.hangups.length > 0;
  return dials.flatMap((dial, step) => {
    const next = dials[step + 1];
    return toTargets(dial, call, plan).map((target): Ring => {
      const talk = talks.find(
        (each) => isSame(each, target) && each.startedAt >= dial.at && !(next && each.startedAt >= next.at),
      );
      const end = [next?.at, talks.find(({ startedAt }) => startedAt >= dial.at)?.startedAt].filter(
        (at) => at !== undefined,
      );
      const endedAt = end.length > 0 ? new Date(Math.min(...end.map((at) => at.getTime()))) : undefined;
      const isAnswered = talk !== undefined || (call.direction === "outbound" && !next && talks.length > 0);
      const result = toRingResult(
        { isAnswered, isPassed: endedAt !== undefined || isOver, isTrunk: next !== undefined },
        call,
      );
      return {
        id: `${dial.key}:${target.extension ?? target.number}`,
        startedAt: dial.at,
        ...(endedAt && { endedAt }),
        ...target,
        ...(dial.trunk !== undefined && call.direction === "outbound" && { trunk: dial.trunk }),
        ...(result && { result }),
      };
    });
  });
}

type Target = { extension?: string; number?: string };

/** Outgoing, it is the number that rings; else everything that the dial names. */
function toTargets(dial: TimedEvent, call: HeardCall, plan: HookPlan): Target[] {
  if (call.direction === "outbound") return dial.phone === undefined ? [] : [{ number: dial.phone }];
  return [...new Set(dial.extensions)].map((text) => (plan.isInternal(text) ? { extension: text } : { number: text }));
}

const isSame = (talk: Talk, { extension, number }: Target): boolean =>
  extension !== undefined ? talk.extension === extension : talk.number === number;

function toRingResult(
  { isAnswered, isPassed, isTrunk }: { isAnswered: boolean; isPassed: boolean; isTrunk: boolean },
  call: HeardCall,
): RingResult | undefined {
  if (isAnswered) return "answered";
  if (!isPassed) return undefined;
  return isTrunk && call.direction === "outbound" ? "failed" : "no_answer";
}

/**
 * A consultation that was answered and after which the one it asked talked is an attended transfer. A call from outside whose
 * last hang-up says "internal" was passed on blindly, taken or not.
 */
export function toTransfers(call: HeardCall, talks: readonly Talk[], plan: HookPlan): Transfer[] {
  const attended = call.events.flatMap((event): Transfer[] => {
    const to = event.extensions.find((text) => isOurs(text, plan));
    const turn = talks.findIndex(({ extension }) => extension === to);
    if (event.uid === call.primary || !isConsultation(event, plan) || to === undefined || turn < 1) return [];
    const from = talks[turn - 1]?.extension;
    const at = talks[turn]?.startedAt ?? event.at;
    return [{ id: event.key, kind: "attended", at, to, ...(from !== undefined && { from }) }];
  });
  const blind = call.hangups.flatMap((event): Transfer[] => {
    const first = talks[0]?.extension;
    const taker = talks.findLast(({ extension }) => extension !== undefined && extension !== first);
    const to = taker?.extension ?? event.extensions.find((text) => isOurs(text, plan) && text !== first);
    if (call.direction !== "inbound" || event.callType !== 2 || first === undefined || to === undefined) return [];
    return [{ id: event.key, kind: "blind", at: taker?.startedAt ?? talks[0]?.endedAt ?? event.at, from: first, to }];
  });
  return [...attended, ...blind];
}
