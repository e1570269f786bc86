import { between, createFakeChance } from "./fake-chance.ts";

/** Somebody outside whom a dialer calls. */
export interface FakeCallee {
  /** `unknown`: no such number; `congested`: the carrier has no line. */
  does: "human" | "machine" | "ring" | "busy" | "rejects" | "unknown" | "congested";
  /** Until it is picked up or, with `ring`, the carrier gives up. */
  ringMs: number;
  /** Keys pressed, one after the other, whenever one is listened for. */
  keys: string;
  /** Hangs up by itself so long after it has picked up. */
  patienceMs: number;
}

/** How many of each, in parts of all of them together. */
export type FakeCalleeMix = Readonly<Record<FakeCalleeKind, number>>;
export type FakeCalleeKind =
  | ("wants" | "listens" | "wrong_key" | "opts_out" | "impatient")
  | ("machine" | "ring" | "busy" | "rejects" | "unknown" | "congested");

export const USUAL_CALLEES: FakeCalleeMix = {
  ...{ wants: 14, listens: 18, wrong_key: 3, opts_out: 2, impatient: 6 },
  ...{ machine: 17, ring: 20, busy: 12, rejects: 2, unknown: 4, congested: 2 },
};

export interface FakeCalleesOptions {
  seed: number;
  mix?: FakeCalleeMix;
  ringMs?: readonly [number, number];
  /** After how long the carrier gives up where nobody answers; by default whoever calls does. */
  unansweredMs?: readonly [number, number];
  /** The key that the message asks for, one that it does not know, and the one that asks for no more calls. */
  keys?: { expected: string; wrong: string; optOut: string };
}

const PATIENT_MS = 600_000;

/**
 * Who answers a number: the same seed, number and attempt give the same for ever, in whatever order numbers are called. Numbers
 * that do not exist never do; everybody else is drawn anew with each attempt.
 */
export function createFakeCallees(options: FakeCalleesOptions): (number: string) => FakeCallee {
  const {
    seed,
    mix = USUAL_CALLEES,
    ringMs = [500, 2_500],
    unansweredMs = [PATIENT_MS, PATIENT_MS],
    keys = { expected: "1", wrong: "5", optOut: "9" },
  } = options;
  const kinds = Object.entries(mix) as [FakeCalleeKind, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const attempts = new Map<string, number>();

  function draw(fraction: number): FakeCalleeKind {
    let left = fraction * total;
    for (const [kind, weight] of kinds) {
      left -= weight;
      if (left < 0) return kind;
    }
    return "listens";
  }

  return (number) => {
    const attempt = (attempts.get(number) ?? 0) + 1;
    attempts.set(number, attempt);
    const first = draw(createFakeChance(toSeed(seed, `${number} 1`)).fraction());
    const random = createFakeChance(toSeed(seed, `${number} ${attempt}`));
    const drawn = draw(random.fraction());
    const kind = first === "unknown" ? first : drawn === "unknown" ? "ring" : drawn;
    const callee = { ringMs: between(random, ringMs), keys: "", patienceMs: PATIENT_MS };
    switch (kind) {
      case "wants":
        return { ...callee, does: "human", keys: keys.expected };
      case "listens":
        return { ...callee, does: "human" };
      case "wrong_key":
        return { ...callee, does: "human", keys: keys.wrong };
      case "opts_out":
        return { ...callee, does: "human", keys: keys.optOut };
      case "impatient":
        return { ...callee, does: "human", patienceMs: between(random, [200, 900]) };
      case "machine":
        return { ...callee, does: "machine", patienceMs: 30_000 };
      case "ring":
        return { ...callee, does: kind, ringMs: between(random, unansweredMs) };
      default:
        return { ...callee, does: kind };
    }
  };
}

/** FNV-1a. */
function toSeed(seed: number, text: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
