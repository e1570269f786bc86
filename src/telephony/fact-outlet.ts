import type { CallFact } from "../core/call-fact.ts";
import { AppError, toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { toBackoffMs } from "../kit/backoff.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { TrackedFact } from "./tracker/call-facts.ts";

/** The front door as this room sees it; see intake/accept.ts. `raw` is JSON text. */
export type FactSink = (item: {
  tenant: { id: TenantId };
  callUuid: string;
  fact: CallFact;
  raw: string;
}) => Promise<unknown>;

export interface FactOutlet {
  /**
   * Resolves when there is room for more. Each fact is tried until it is durable, or refused for good (logged and counted).
   * While the store is down it tries again until `signal` aborts, then it gives up: the next owner begins with a snapshot.
   * Meanwhile the AMI stream buffers, and beyond its bound a snapshot mends what was dropped.
   */
  tell(facts: readonly TrackedFact[], signal: AbortSignal): Promise<void>;
  /** The same, but resolves when these facts are durable or refused. */
  tellDurably(facts: readonly TrackedFact[], signal: AbortSignal): Promise<void>;
  /** Resolves when no fact is on its way any more. */
  idle(): Promise<void>;
  counters(): { told: number; refused: number; waiting: number };
}

/**
 * Facts of a PBX that may be on their way to the store. Events go on being read meanwhile: waiting for each commit, a PBX
 * with 2,000 calls would be heard twenty seconds late. A call does not mind the order of its facts.
 */
const ON_THE_WAY_MAX = 1_000;
/** While several are on their way those of a moment travel together, in fewer transactions. */
const SEVERAL = 5;
const MOMENT_MS = 50;
const RETRY = { firstMs: 200, maxMs: 5_000 };
/** Errors that say nothing about the store may be a bug: they must not hold up the PBX for ever. */
const ODD_TRIES_MAX = 5;

export interface FactOutletOptions {
  tenantId: TenantId;
  accept: FactSink;
  clock: Clock;
  log: Log;
}

export function createFactOutlet({ tenantId, accept, clock, log }: FactOutletOptions): FactOutlet {
  const counters = { told: 0, refused: 0, waiting: 0 };
  const listeners: (() => void)[] = [];
  let moment: Promise<void> | undefined;

  async function tellOne({ callUuid, fact, raw }: TrackedFact, signal: AbortSignal): Promise<void> {
    const item = { tenant: { id: tenantId }, callUuid, fact, raw: toRawText(raw) };
    if (counters.waiting > SEVERAL) await endOfMoment();
    for (let failures = 1; ; failures++) {
      try {
        await accept(item);
        counters.told++;
        return;
      } catch (error) {
        const isDown = error instanceof AppError && error.code === "unavailable";
        if (!isDown && (error instanceof AppError || failures >= ODD_TRIES_MAX)) {
          counters.refused++;
          log.error({ callUuid, key: fact.key, reason: toErrorMessage(error), err: error }, "pbx.fact_refused");
          return;
        }
        await clock.sleep(toBackoffMs(failures, RETRY, 0.5), signal).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
  }

  function endOfMoment(): Promise<void> {
    moment ??= new Promise((resolve) => {
      clock.after(MOMENT_MS, () => {
        moment = undefined;
        resolve();
      });
    });
    return moment;
  }

  /** Resolves when at most `most` facts are on their way. */
  async function hasDrainedTo(most: number): Promise<void> {
    while (counters.waiting > most) await new Promise<void>((resolve) => listeners.push(resolve));
  }

  async function settleOne(fact: TrackedFact, signal: AbortSignal): Promise<void> {
    counters.waiting++;
    try {
      await tellOne(fact, signal);
    } finally {
      counters.waiting--;
      for (const resolve of listeners.splice(0)) resolve();
    }
  }

  return {
    tell: async (facts, signal) => {
      for (const fact of facts) void settleOne(fact, signal);
      await hasDrainedTo(ON_THE_WAY_MAX);
    },
    tellDurably: async (facts, signal) => {
      await Promise.all(facts.map((fact) => settleOne(fact, signal)));
    },
    idle: () => hasDrainedTo(0),
    counters: () => ({ ...counters }),
  };
}

/** JSON that PostgreSQL can keep: a NUL in a caller's name must not lose the call. */
function toRawText(raw: TrackedFact["raw"]): string {
  return JSON.stringify(raw).replaceAll("\\u0000", "");
}
