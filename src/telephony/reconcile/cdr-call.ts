import type { CallFact } from "../../core/call-fact.ts";
import { createFactWriter, type FactWriterOptions, type TrackedFact } from "../tracker/call-facts.ts";
import { createCallTracker } from "../tracker/call-tracker.ts";
import type { PbxPlan } from "../tracker/channel-name.ts";
import { toAmiItems } from "./cdr-events.ts";
import type { CdrGroup } from "./cdr-groups.ts";

/** A call as the PBX's records tell it: the facts that the tracker would have told, had it heard them. */
export interface CdrCall {
  callUuid: string;
  facts: readonly TrackedFact[];
  /** The last word: outcome, agent, times. */
  end: TrackedFact;
}

export interface CdrReaderOptions extends FactWriterOptions {
  plan: PbxPlan;
}

/** Makes calls of records; `undefined` for those that are no call, such as Local channels among themselves. */
export function createCdrReader(options: CdrReaderOptions): (group: CdrGroup) => CdrCall | undefined {
  const { plan } = options;
  const writer = createFactWriter(options);
  return (group) => {
    const tracker = createCallTracker({ plan, facts: writer });
    const callUuid = `${options.callIdPrefix}${group.id}`;
    const told = toAmiItems(group).flatMap((item) => tracker.take(item));
    const facts = told.filter((each) => each.callUuid === callUuid).map((each) => asRecovered(each, group));
    const end = facts.findLast(({ fact }) => fact.endedAt !== undefined);
    return end && { callUuid, facts: withRecording(facts, end, group), end };
  };
}

/**
 * Recovered facts raise no pop-ups. More records may turn up later, with another end: the key says which end this is, so that
 * neither is taken for the other.
 */
function asRecovered({ fact, raw, callUuid }: TrackedFact, group: CdrGroup): TrackedFact {
  const key = fact.endedAt
    ? `end:${toSeconds(fact.endedAt)}:${fact.status}:${fact.talkSeconds ?? 0}`
    : fact.key.replace(/^[a-z]+:/, "");
  const recovered: CallFact = { ...fact, key: `cdr:${key}`, source: "recovery" };
  return { callUuid, fact: recovered, raw: { ...raw, records: group.rows.length } };
}

const toSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);

function withRecording(facts: readonly TrackedFact[], end: TrackedFact, { rows }: CdrGroup): TrackedFact[] {
  const recordings = rows
    .filter(({ recordingFile }) => recordingFile !== "")
    .map(({ recordingFile, startedAt, endedAt }) => ({ id: recordingFile, file: recordingFile, startedAt, endedAt }));
  if (recordings.length === 0) return [...facts];
  const unique = [...new Map(recordings.map((each) => [each.id, each])).values()];
  end.fact.details = { ...end.fact.details, recordings: unique };
  return [...facts];
}
