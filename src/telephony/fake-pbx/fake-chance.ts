import type { Random } from "../../kit/random.ts";

/** Chance that repeats itself: the same seed draws the same for ever (mulberry32). Never for secrets. */
export function createFakeChance(seed: number): Random {
  let state = seed | 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => Math.floor(fraction() * 256)));
  return {
    fraction,
    bytes,
    uuid: () =>
      bytes(16)
        .toString("hex")
        .replace(/^(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-a$4-"),
  };
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random.fraction() * choices.length)];
  if (choice === undefined) throw new RangeError("nothing to choose from");
  return choice;
}

/** Whole number, both ends included. */
export const between = (random: Random, [from, to]: readonly [number, number]): number =>
  from + Math.floor(random.fraction() * (to - from + 1));
