import type { EventGroup, LinkNames } from "./event-groups.ts";
import { toLinks } from "./event-groups.ts";
import { choosePrimary, type HeardEvent, type HookPlan, isConsultation } from "./heard-call.ts";

/** What becomes of a group of events. */
export interface Decision {
  group: EventGroup;
  /** `held`: something may yet tell which call it is; `kept`: nothing did. */
  state: "told" | "held" | "kept";
  primary: string;
  callUuid: string;
  /** Calls that turn out to be this one. */
  former: readonly string[];
  /** Whether the front door is to hear of it now; else it completes the story when the next that changes the call is told. */
  isNews: boolean;
  hasEnded: boolean;
}

export interface DecisionContext extends LinkNames {
  plan: HookPlan;
  /** Calls that other sources named, by link. */
  foreign: ReadonlyMap<string, string>;
  now: Date;
}

/** Events come up to 8 s late; by then what belongs together has come. */
const HOLD_MS = 10_000;

/** Pure. */
export function decide(group: EventGroup, context: DecisionContext): Decision {
  const events = [...group.known, ...group.news];
  const primary = choosePrimary(events) ?? "";
  const callUuid = nameCall(group, primary, context);
  const former = [...group.callUuids].filter((uuid) => uuid !== callUuid);
  const hasEnded = events.some(({ type, uid }) => type === "hangup" && uid === primary);
  const isFirst = group.known.length === 0;
  return {
    ...{ group, primary, callUuid, former, hasEnded },
    state: toState(group, primary, context),
    isNews: former.length > 0 || isFirst || hasEnded || group.news.some(isTelling),
  };
}

function toState(
  { callUuids, news, known }: EventGroup,
  primary: string,
  { plan, now }: DecisionContext,
): Decision["state"] {
  const isCall = (event: HeardEvent): boolean =>
    ["start", "dial"].includes(event.type) ||
    (event.type === "hangup" && event.uid === primary && !isConsultation(event, plan));
  if (callUuids.size > 0 || [...known, ...news].some(isCall)) return "told";
  const firstMs = Math.min(...news.map(({ receivedAt }) => receivedAt.getTime()));
  if (now.getTime() - firstMs < HOLD_MS) return "held";
  return news.some(({ type, uid }) => type === "bridge" && uid !== "") ? "told" : "kept";
}

/** Another source's name of the call stays; among our own the primary channel gives it. */
function nameCall(group: EventGroup, primary: string, context: DecisionContext): string {
  const events = [...group.known, ...group.news];
  const theirs = events.flatMap((event) => toLinks(event, context)).map((link) => context.foreign.get(link));
  const ours = new Set(events.map(({ uid }) => `${context.uidPrefix}${uid}`));
  const adopted = [...group.callUuids].find((uuid) => !ours.has(uuid));
  return theirs.find((uuid) => uuid !== undefined) ?? adopted ?? `${context.uidPrefix}${primary}`;
}

const isTelling = ({ type, recordingUrl }: HeardEvent): boolean =>
  ["start", "dial", "bridge", "hangup"].includes(type) || recordingUrl !== undefined;
