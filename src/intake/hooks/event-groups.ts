import { choosePrimary, type HeardEvent, type HookPlan, isConsultation, isOutside } from "./heard-call.ts";

/** Events that belong together, and the call they are known as, if they are. */
export interface EventGroup {
  /** The call they were told as; several when it turns out now that those are one. */
  callUuids: Set<string>;
  /** Told before. */
  known: readonly HeardEvent[];
  news: HeardEvent[];
}

/** A call that events may belong to, and those that did already. */
export interface KnownCall {
  callUuid: string;
  events: readonly HeardEvent[];
}

export interface KnownCalls {
  /** Call of each name that `toLinks` gives. */
  byLink: ReadonlyMap<string, KnownCall>;
  /** Those of this PBX that go on, or did a moment ago. */
  recent: readonly KnownCall[];
}

/**
 * Names that events of one call have in common: the channel, the bridge two channels meet in, the pair that a Local channel is.
 * `scope` keeps PBXs apart; `uidPrefix` is the one of call ids.
 */
export function toLinks({ uid, bridge, channel }: HeardEvent, { scope, uidPrefix }: LinkNames): string[] {
  const local = /^(Local\/.{1,100});[12]$/i.exec(channel ?? "")?.[1];
  return [
    ...(uid === "" ? [] : [`${uidPrefix}${uid}`]),
    ...(bridge === undefined ? [] : [`${scope}/bridge/${bridge}`]),
    ...(local === undefined ? [] : [`${scope}/${local}`]),
  ];
}

export interface LinkNames {
  scope: string;
  uidPrefix: string;
}

/** Puts events to the calls they belong to. Pure; the order of `news` matters to nobody but two calls that share a bridge. */
export function groupEvents(
  news: readonly HeardEvent[],
  known: KnownCalls,
  { plan, ...names }: LinkNames & { plan: HookPlan },
): EventGroup[] {
  const groups = new Map<string, EventGroup>();
  const ofCall = new Map<string, EventGroup>();
  const open = (call: KnownCall): EventGroup => {
    const group = ofCall.get(call.callUuid) ?? { callUuids: new Set([call.callUuid]), known: call.events, news: [] };
    ofCall.set(call.callUuid, group);
    return group;
  };
  for (const event of news) {
    const links = toLinks(event, names);
    const found = links.flatMap((link) => {
      const call = known.byLink.get(link);
      return groups.get(link) ?? (call ? open(call) : []);
    });
    const group = join([...new Set(found)], groups, ofCall);
    group.news.push(event);
    for (const link of links) if (!groups.has(link) || canJoin(groups.get(link), group)) groups.set(link, group);
  }
  for (const group of new Set(groups.values())) joinByNumber(group, { groups, ofCall, open, known, plan });
  return [...new Set(groups.values())].filter((group) => group.news.length > 0);
}

/** Two calls from outside stay two, even where a conference or a barging supervisor has them in one bridge. */
function canJoin(one: EventGroup | undefined, other: EventGroup): boolean {
  return one === undefined || one === other || !(hasStart(one) && hasStart(other));
}

const allOf = ({ known, news }: EventGroup): HeardEvent[] => [...known, ...news];
const hasStart = (group: EventGroup): boolean => allOf(group).some(({ type }) => type === "start");

/** One group of several, as far as they may be one; the first, that of the event's own channel, takes in the others. */
function join(
  found: readonly EventGroup[],
  groups: Map<string, EventGroup>,
  ofCall: Map<string, EventGroup>,
): EventGroup {
  const [first = { callUuids: new Set<string>(), known: [], news: [] }, ...others] = found;
  for (const other of others) if (canJoin(first, other)) takeIn(first, other, { groups, ofCall });
  return first;
}

function takeIn(
  into: EventGroup,
  from: EventGroup,
  { groups, ofCall }: { groups: Map<string, EventGroup>; ofCall: Map<string, EventGroup> },
): void {
  if (into === from) return;
  into.known = [...into.known, ...from.known];
  into.news.push(...from.news.splice(0));
  for (const uuid of from.callUuids) into.callUuids.add(uuid);
  for (const map of [groups, ofCall]) for (const [name, group] of map) if (group === from) map.set(name, into);
}

interface Search {
  groups: Map<string, EventGroup>;
  ofCall: Map<string, EventGroup>;
  open(call: KnownCall): EventGroup;
  known: KnownCalls;
  plan: HookPlan;
}

/**
 * What shares no channel and no bridge, and yet is no call of its own: a consultation names the number outside of the call it is
 * about; a leg to a mobile names the caller where extensions stand, or the mobile that rings for the call.
 */
function joinByNumber(group: EventGroup, search: Search): void {
  const events = allOf(group);
  if (group.news.length === 0 || hasStart(group)) return;
  const { plan, known, groups, ofCall } = search;
  const numbers = toSideNumbers(events, plan);
  if (numbers.about.size + numbers.rung.size === 0) return;
  const others = [...new Set([...groups.values(), ...known.recent.map(search.open)])].filter(
    (other) => other !== group,
  );
  const found = others
    .filter((other) => isAbout(other, numbers, plan))
    .sort(byPrimary)
    .at(-1);
  if (found) takeIn(found, group, { groups, ofCall });
}

interface SideNumbers {
  /** Numbers outside of the call that this is a side of. */
  about: ReadonlySet<string>;
  /** Numbers outside that ring for it. */
  rung: ReadonlySet<string>;
}

/** Only what placed no call of its own asks about another; an outgoing leg may follow an extension to a mobile. */
function toSideNumbers(events: readonly HeardEvent[], plan: HookPlan): SideNumbers {
  const dials = events.filter(({ type }) => type === "dial");
  if (dials.some(({ callType }) => callType !== 1)) return { about: new Set(), rung: new Set() };
  const outgoing = events.filter(({ type, callType }) => (type === "dial" || type === "hangup") && callType === 1);
  const asked = dials.length > 0 ? [] : events.filter((event) => isConsultation(event, plan));
  const followed = outgoing.filter(({ type }) => type === "hangup").flatMap(({ extensions }) => extensions);
  return {
    about: new Set([...asked.flatMap(({ phone }) => phone ?? []), ...followed.filter((text) => isOutside(text, plan))]),
    rung: new Set(outgoing.flatMap(({ phone }) => phone ?? [])),
  };
}

function isAbout(group: EventGroup, { about, rung }: SideNumbers, plan: HookPlan): boolean {
  const placed = allOf(group).filter(({ type }) => type === "start" || type === "dial");
  const ringing = placed.filter(({ callType }) => callType === 0).flatMap(({ extensions }) => extensions);
  return (
    placed.some(({ phone }) => phone !== undefined && about.has(phone)) ||
    ringing.some((number) => isOutside(number, plan) && rung.has(number))
  );
}

function byPrimary(a: EventGroup, b: EventGroup): number {
  const [one, other] = [a, b].map((group) => choosePrimary(allOf(group)) ?? "");
  return (one ?? "") < (other ?? "") ? -1 : 1;
}
