/** Channels at once: each call holds a slot of everything it belongs to, from before it is placed until it is hung up. */
export interface Slots {
  /** Free slots of a key. Below zero: more calls were found alive than the limit allows now. */
  free(key: string): number;
  used(key: string): number;
  /** Takes them, free or not; the returned function gives them back, once. */
  take(keys: readonly string[]): () => void;
  keys(): string[];
}

/** `mostOf` is asked each time, so that a changed limit holds at once; `null`: no limit. */
export function createSlots(mostOf: (key: string) => number | null): Slots {
  const held = new Map<string, number>();
  const used = (key: string): number => held.get(key) ?? 0;
  return {
    used,
    free: (key) => (mostOf(key) ?? Number.POSITIVE_INFINITY) - used(key),
    take: (keys) => {
      for (const key of keys) held.set(key, used(key) + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        for (const key of keys) {
          if (used(key) <= 1) held.delete(key);
          else held.set(key, used(key) - 1);
        }
      };
    },
    keys: () => [...held.keys()],
  };
}
