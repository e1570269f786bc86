/** Chance that repeats itself: the same seed draws the same numbers for ever. */
export interface Chance {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Uniform whole number, both ends included. */
  between(min: number, max: number): number;
  happens(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Mostly small, sometimes much more; `mean` on average, never more than ten times that. */
  wait(mean: number): number;
  /** An independent stream: drawing from it leaves this one as it is. */
  fork(name: string): Chance;
}

/** Mulberry32, seeded with a hash of the name. */
export function createChance(seed: number | string): Chance {
  let state = toHash(String(seed));
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1));
  return {
    fraction,
    between,
    happens: (probability) => fraction() < probability,
    pick: (list) => list[between(0, list.length - 1)] ?? list[0],
    wait: (mean) => Math.min(10 * mean, -Math.log(1 - fraction()) * mean),
    fork: (name) => createChance(`${seed}/${name}`),
  };
}

/** FNV-1a. */
function toHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
