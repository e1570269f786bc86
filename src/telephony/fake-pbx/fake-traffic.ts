import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import type { FakeAgiPlace } from "./fake-agi-call.ts";
import type { FakeBehaviour } from "./fake-call.ts";
import type { FakeOrder } from "./fake-calls.ts";
import { between, pick } from "./fake-chance.ts";

/** Kinds of calls, and how often each comes, in parts of all weights together. */
export type FakeMix = Readonly<Partial<Record<FakeCallKind, number>>>;
export type FakeCallKind =
  | ("answered" | "missed" | "busy" | "group" | "group_missed" | "queue" | "abandoned" | "blind" | "attended" | "ivr")
  | ("outgoing" | "outgoing_busy" | "outgoing_cancelled" | "outgoing_unknown" | "internal");

export interface FakePeople {
  extensions: readonly string[];
  queueMembers: readonly string[];
  /** Numbers of the world outside, without their country code. */
  outside: readonly string[];
  /** The PBX's own number. */
  office: string;
}

export interface FakePace {
  ringMs: readonly [number, number];
  talkMs: readonly [number, number];
}

export const USUAL_MIX: FakeMix = {
  ...{ answered: 24, missed: 8, busy: 4, group: 8, group_missed: 4, queue: 10, abandoned: 4, blind: 4, attended: 3 },
  ...{ outgoing: 16, outgoing_busy: 3, outgoing_cancelled: 3, outgoing_unknown: 2, internal: 7 },
};
export const USUAL_PACE: FakePace = { ringMs: [800, 2500], talkMs: [2000, 7000] };

export interface FakeOrdersOptions {
  random: Random;
  people: FakePeople;
  pace: FakePace;
  mix: FakeMix;
  /** Where calls of the kind `ivr` go. */
  agi?: FakeAgiPlace;
}

/** Makes up one call after another. */
export function createFakeOrders({ random, people, pace, mix, agi }: FakeOrdersOptions): () => FakeOrder {
  const kinds = (Object.entries(mix) as [FakeCallKind, number][]).filter(([kind]) => kind !== "ivr" || agi);
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);

  function choose(): FakeCallKind {
    let left = random.fraction() * total;
    for (const [kind, weight] of kinds) {
      left -= weight;
      if (left < 0) return kind;
    }
    return "answered";
  }

  const behave = (does: FakeBehaviour["does"], hangsUp?: FakeBehaviour["hangsUp"]): FakeBehaviour => ({
    ...{ does, ringMs: between(random, pace.ringMs), talkMs: between(random, pace.talkMs) },
    hangsUp: hangsUp ?? (random.fraction() < 0.5 ? "caller" : "called"),
  });
  /** So many different ones of a list. */
  const some = (list: readonly string[], count: number): string[] => {
    const left = [...list];
    return Array.from({ length: Math.min(count, list.length) }, () =>
      left.splice(Math.floor(random.fraction() * left.length), 1).join(""),
    );
  };

  return () => {
    const kind = choose();
    const [extension = "", colleague = "", third = ""] = some(people.extensions, 3);
    const inbound = { from: pick(random, people.outside), to: people.office };
    const outgoing = { kind: "outgoing", from: extension, to: pick(random, people.outside) } as const;
    const alone = { ...inbound, kind: "group", members: [extension], by: extension } as const;
    const group = { ...inbound, kind: "group", members: [extension, colleague, third], by: third } as const;
    const members = people.queueMembers;
    const queue = { ...inbound, kind: "queue", members, by: pick(random, members) } as const;
    const next = { ...behave("answer"), extension: colleague, afterMs: between(random, pace.ringMs), consultMs: 500 };
    switch (kind) {
      case "answered":
        return { ...alone, behaviour: behave("answer") };
      case "missed":
        return { ...alone, behaviour: behave("ring", "caller") };
      case "busy":
        return { ...alone, behaviour: behave("busy") };
      case "group":
        return { ...group, behaviour: behave("answer") };
      case "group_missed":
        return { ...group, behaviour: behave("ring", "caller") };
      case "queue":
        return { ...queue, behaviour: behave("answer") };
      case "abandoned":
        return { ...queue, behaviour: behave("ring", "caller") };
      case "blind":
      case "attended":
        return { ...inbound, kind, by: extension, behaviour: behave("answer"), next };
      case "ivr":
        if (!agi) throw new RangeError("there is no FastAGI server to call");
        return { ...inbound, kind, agi, behaviour: behave("answer") };
      case "outgoing":
        return { ...outgoing, behaviour: behave("answer") };
      case "outgoing_busy":
        return { ...outgoing, behaviour: behave("busy") };
      case "outgoing_cancelled":
        return { ...outgoing, behaviour: behave("ring", "caller") };
      case "outgoing_unknown":
        return { ...outgoing, behaviour: behave("unknown") };
      case "internal":
        return { kind, from: extension, to: colleague, behaviour: behave("answer") };
    }
  };
}

export interface FakeTrafficOptions {
  clock: Clock;
  random: Random;
  /** Calls that begin in a second, on average. */
  callsPerSecond: number;
  /** One more waits until another is over. */
  concurrentMax: number;
  begin(): void;
  concurrent(): number;
}

/** Calls begin, at uneven intervals, until the returned function says stop; those under way go on to their end. */
export function startFakeTraffic(options: FakeTrafficOptions): () => void {
  const { clock, random, callsPerSecond, concurrentMax } = options;
  const startedMs = clock.monotonicMs();
  let isOver = false;
  let begun = 0;
  let release: (() => void) | undefined;
  /** As many as are due by now: a timer that comes late does not lower the rate. */
  function step(): void {
    if (isOver) return;
    const due = ((clock.monotonicMs() - startedMs) / 1000) * callsPerSecond;
    while (begun < due && options.concurrent() < concurrentMax) {
      begun++;
      options.begin();
    }
    begun = Math.max(begun, Math.floor(due) - Math.ceil(callsPerSecond)); // what could not begin in a second is forgotten
    release = clock.after(Math.max(1, ((500 + 1000 * random.fraction()) / callsPerSecond) | 0), step);
  }
  step();
  return () => {
    isOver = true;
    release?.();
  };
}
