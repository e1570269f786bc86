import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";

export interface AskedEntry {
  goodUntilMs: number;
  /** Since the last round. */
  wasAsked: boolean;
}

export interface ConnectionRoundsOptions {
  entries: Map<TenantId, AskedEntry>;
  /** Puts what it loads into `entries`. Rejects when the store is away. */
  load(tenantIds: readonly TenantId[]): Promise<unknown>;
  clock: Clock;
  /** Absent: nothing is renewed. */
  random: Random | undefined;
}

/** Well within the minute that an entry is good for: who asks in the meantime never waits. */
const EVERY_MS = 30_000;
/** More or less, so that processes spread out. */
const JITTER = 0.15;
const TENANTS_AT_ONCE = 500;

/**
 * Renews in the background what was asked for since the last round, some hundreds of tenants a question, and drops what nobody
 * asked for and is too old. A round that fails leaves what there is; while there is nothing, nothing waits.
 */
export function createConnectionRounds({ entries, load, clock, random }: ConnectionRoundsOptions) {
  let cancel: (() => void) | undefined;
  let isStopped = false;

  function schedule(): void {
    if (!random || cancel || isStopped) return;
    const waitMs = EVERY_MS * (1 + JITTER * (2 * random.fraction() - 1));
    cancel = clock.after(waitMs, () => void run());
  }

  async function run(): Promise<void> {
    const asked: TenantId[] = [];
    for (const [id, entry] of entries) {
      if (entry.wasAsked) asked.push(id);
      else if (entry.goodUntilMs <= clock.monotonicMs()) entries.delete(id);
      entry.wasAsked = false;
    }
    for (let start = 0; start < asked.length && !isStopped; start += TENANTS_AT_ONCE)
      await load(asked.slice(start, start + TENANTS_AT_ONCE)).catch(() => undefined); // counted where it is loaded
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
