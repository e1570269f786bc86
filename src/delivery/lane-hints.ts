/**
 * Where there may be work, and from when: what this process knows about lanes without asking. Hints come from notifications,
 * from our own settlings and from the slow look-around; a wrong one costs one look, a missing one waits for the look-around.
 * Work per claim depends on the hinted lanes alone, however many others there are.
 */
export interface LaneHints {
  /** The lane may have work from `atMs` (monotonic) on; an earlier hint wins. */
  add(connectionId: string, atMs: number): void;
  /** Takes up to `lanesMax` lanes that are due, first come, first served. */
  take(nowMs: number, lanesMax: number): string[];
  /** Another process has the lane in its hands: try again soon, a few times. */
  missed(connectionId: string, nowMs: number): void;
  /** Whether the lane is worth a look as soon as one of our own deliveries there has landed. */
  remind(connectionId: string, isHungry: boolean): void;
  /** One of our deliveries has landed; `dueAtMs` is when it is due anew, if it is. */
  landed(connectionId: string, nowMs: number, dueAtMs: number | null): void;
  /** When the next lane is due; `undefined` without any. */
  nextMs(): number | undefined;
}

const LANES_MAX = 100_000;
const MISSES_MAX = 6;
const FIRST_RETRY_MS = 5;

export function createLaneHints(): LaneHints {
  const ready = new Set<string>();
  const later = new Map<string, number>();
  const misses = new Map<string, number>();
  const hungry = new Set<string>();
  let earliestMs = Number.POSITIVE_INFINITY;

  function promote(nowMs: number): void {
    if (earliestMs > nowMs) return;
    earliestMs = Number.POSITIVE_INFINITY;
    for (const [connectionId, atMs] of later) {
      if (atMs > nowMs) {
        earliestMs = Math.min(earliestMs, atMs);
        continue;
      }
      later.delete(connectionId);
      ready.add(connectionId);
    }
  }

  function add(connectionId: string, atMs: number): void {
    if (ready.has(connectionId)) return;
    const known = later.get(connectionId);
    if (known === undefined && ready.size + later.size >= LANES_MAX) return;
    if (known !== undefined && known <= atMs) return;
    later.set(connectionId, atMs);
    earliestMs = Math.min(earliestMs, atMs);
  }

  return {
    add,
    take: (nowMs, lanesMax) => {
      promote(nowMs);
      const taken: string[] = [];
      for (const connectionId of ready) {
        if (taken.length >= lanesMax) break;
        taken.push(connectionId);
        ready.delete(connectionId);
      }
      return taken;
    },
    missed: (connectionId, nowMs) => {
      const count = (misses.get(connectionId) ?? 0) + 1;
      if (count > MISSES_MAX) {
        misses.delete(connectionId); // removed meanwhile, or too busy elsewhere: the look-around finds it
        return;
      }
      misses.set(connectionId, count);
      add(connectionId, nowMs + FIRST_RETRY_MS * 2 ** (count - 1));
    },
    remind: (connectionId, isHungry) => {
      if (isHungry) hungry.add(connectionId);
      else hungry.delete(connectionId);
    },
    landed: (connectionId, nowMs, dueAtMs) => {
      if (hungry.delete(connectionId)) add(connectionId, nowMs);
      else if (dueAtMs !== null) add(connectionId, dueAtMs);
    },
    nextMs: () => {
      if (ready.size > 0) return Number.NEGATIVE_INFINITY;
      return later.size > 0 ? earliestMs : undefined;
    },
  };
}
