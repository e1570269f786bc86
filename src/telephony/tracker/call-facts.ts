import { type ToldDetails, toSpanSeconds } from "../../core/call-details.ts";
import type { CallFact, EndedStatus, FactSource } from "../../core/call-fact.ts";
import { type PartyNumber, parsePartyNumber } from "../../core/phone-number.ts";
import { takeUntoldRings, toRing, toStory, toTalk } from "./story.ts";
import type { CallSides, Leg, TrackedCall, TrackedRing, TrackedTalk } from "./tracked-call.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A fact for `accept`, with what the PBX said behind it for the timeline. */
export interface TrackedFact {
  callUuid: string;
  fact: CallFact;
  raw: Readonly<Record<string, unknown>>;
}

/** Words for what happened. Keys are made of Asterisk's own ids, so two processes that hear the same say the same. */
export interface FactWriter {
  start(call: TrackedCall, sides: CallSides, at: Date, source: FactSource): TrackedFact;
  ring(call: TrackedCall, sides: CallSides, ring: TrackedRing): TrackedFact;
  talk(call: TrackedCall, sides: CallSides, talk: TrackedTalk, source: FactSource): TrackedFact;
  /** Something inside the call that changes neither its people nor how far it is. */
  event(call: TrackedCall, sides: CallSides, event: CallEvent): TrackedFact;
  end(call: TrackedCall, sides: CallSides, end: CallEnd): TrackedFact;
}

export interface CallEnd {
  at: Date;
  status: EndedStatus;
  source: FactSource;
  /** It goes on as part of this call. */
  mergedInto?: string;
}

export interface CallEvent {
  /** What happened: `hold`, `queue`, `parked`. */
  name: string;
  /** Id of the piece of the story that it began or changed. */
  id: string;
  at: Date;
  source: FactSource;
  details?: ToldDetails;
}

export interface FactWriterOptions {
  /** Name of the PBX. */
  pbx: string;
  /** Put before every Linkedid where one tenant has several PBXs, whose ids may repeat. */
  callIdPrefix: string;
  /** ISO 3166-1 alpha-2 for numbers without a country code. */
  country: string;
}

export function createFactWriter({ pbx, callIdPrefix, country }: FactWriterOptions): FactWriter {
  const toParty = (text: string | undefined): PartyNumber | undefined =>
    text === undefined ? undefined : parsePartyNumber(text, country);

  /** What every fact says again, because later facts know it better. */
  function toCommon(call: TrackedCall, { direction, from, to, trunk }: CallSides) {
    const parties = { from: toParty(from), to: toParty(to), trunk };
    return { direction, startedAt: call.startedAt, pbx, ...withoutUndefined(parties) };
  }

  const tell = (call: TrackedCall, fact: CallFact, raw: Record<string, unknown>): TrackedFact => ({
    callUuid: `${callIdPrefix}${call.id}`,
    fact,
    raw: { linkedId: call.id, ...raw },
  });

  return {
    start: (call, sides, at, source) => {
      const fact = {
        key: `${source}:${call.origin.id}:start`,
        source,
        at,
        status: "ringing",
        ...toCommon(call, sides),
      } as const;
      return tell(
        call,
        { ...fact, ...withoutUndefined({ agentExtension: sides.caller }) },
        { event: "start", channel: toChannel(call.origin) },
      );
    },
    ring: (call, sides, ring) => {
      const fact = {
        key: `ami:${ring.leg}:ring`,
        source: "ami",
        at: ring.startedAt,
        status: "ringing",
        ...toCommon(call, sides),
        details: { rings: [...takeUntoldRings(call), toRing(ring)] },
      } as const;
      const { extension, number } = ring;
      return tell(
        call,
        { ...fact, ...withoutUndefined({ agentExtension: sides.caller }) },
        { event: "ring", extension, number },
      );
    },
    talk: (call, sides, talk, source) => {
      const turn = talk.id.slice(talk.leg.length + 1);
      const agentExtension = talk.extension ?? sides.caller;
      const fact: CallFact = {
        key: `${source}:${talk.leg}:talk:${turn}`,
        source,
        at: talk.startedAt,
        status: "in_progress",
        answeredAt: call.talks[0]?.startedAt ?? talk.startedAt,
        ...toCommon(call, sides),
        ...withoutUndefined({ agentExtension }),
        details: {
          rings: takeUntoldRings(call),
          talks: call.talks.map(toTalk),
          queues: call.queues.map((stay) => ({ ...stay })),
        },
      };
      return tell(call, fact, { event: "talk", extension: talk.extension, number: talk.number });
    },
    event: (call, sides, { name, id, at, source, ...story }) => {
      const fact = { key: `${source}:${id}:${name}`, source, at, ...toCommon(call, sides), ...story } as const;
      return tell(call, fact, { event: name });
    },
    end: (call, sides, { at, status, source, mergedInto }) => {
      const isCounted = call.talks.length > 0 && !call.isAdopted; // else the call counts from its earliest answer
      const lastTalker = call.talks.findLast(({ extension }) => extension !== null)?.extension;
      const agentExtension = sides.direction === "outbound" ? (lastTalker ?? sides.caller) : lastTalker;
      const fact: CallFact = {
        key: `${source}:${call.origin.id}:${mergedInto === undefined ? "end" : "merged"}`,
        source,
        at,
        status,
        endedAt: at,
        ...(isCounted
          ? { answeredAt: call.talks[0]?.startedAt ?? at, talkSeconds: toTalkSeconds(call.talks, at) }
          : {}),
        ...toCommon(call, sides),
        ...withoutUndefined({ agentExtension: agentExtension ?? undefined }),
        details: toStory(call, sides.direction),
      };
      return tell(call, fact, { event: "end", mergedInto, linkedIds: [...call.linkedIds] });
    },
  };
}

/** Whole seconds in which at least one talk was going on. */
const toTalkSeconds = (talks: readonly TrackedTalk[], endAt: Date): number =>
  toSpanSeconds(
    talks.map(({ startedAt, endedAt }) => ({ startedAt, endedAt: endedAt ?? endAt })),
    endAt,
  );

const toChannel = ({ id, kind, party }: Leg): Record<string, string> => ({ id, kind, party });
