import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** Renews every key that was asked for since the last time, before anybody has to wait for it. */
export interface Renewal {
  /** Each round waits this long, more or less by `jitter` (0.15 is 15 %), so that processes spread out. */
  everyMs: number;
  jitter: number;
  random: Random;
}

interface RoundEntry {
  isLoading: boolean;
  wasAsked: boolean;
}

interface RoundOptions<K, E extends RoundEntry> {
  clock: Clock;
  renewal: Renewal | undefined;
  entries: Map<K, E>;
  renew(key: K, entry: E): Promise<unknown>;
  /** Too old to be given to anybody. */
  isOver(entry: E): boolean;
}

const RENEWALS_AT_ONCE = 4;

/** The rounds of one cache. While it is empty nothing waits. */
export function createRounds<K, E extends RoundEntry>({ clock, renewal, entries, renew, isOver }: RoundOptions<K, E>) {
  let cancel: (() => void) | undefined;
  let isStopped = false;

  function schedule(): void {
    if (!renewal || cancel || isStopped) return;
    const { everyMs, jitter, random } = renewal;
    cancel = clock.after(everyMs * (1 + jitter * (2 * random.fraction() - 1)), () => void run());
  }

  /** What nobody asked for since the last round leaves when its time is over. */
  async function run(): Promise<void> {
    const asked: [K, E][] = [];
    for (const [key, entry] of entries) {
      if (entry.wasAsked && !entry.isLoading) asked.push([key, entry]);
      else if (!entry.wasAsked && isOver(entry)) entries.delete(key);
    }
    for (const [, entry] of asked) entry.wasAsked = false;
    const next = asked.values();
    const work = async (): Promise<void> => {
      for (const [key, entry] of next) if (!isStopped && entries.get(key) === entry) await renew(key, entry);
    };
    await Promise.all(Array.from({ length: RENEWALS_AT_ONCE }, work));
    cancel = undefined;
    if (entries.size > 0) schedule();
  }

  return {
    schedule,
    stop: () => {
      isStopped = true;
      cancel?.();
    },
  };
}
