// What the house gives a connector, in memory: for tests of connectors. Contexts of one house are two processes of one Enlace.
import { Writable } from "node:stream";
import type { Clock } from "../kit/clock.ts";
import { createLog } from "../kit/log.ts";
import type { ConnectorContext, TenantFacts } from "./connector.ts";

/** A clock on which sleeping takes no time, while other timers fire only when the test lets them. */
export interface QuickClock extends Clock {
  /** Time passes without firing anything. */
  pass(ms: number): void;
  /** Fires every timer that waits: time-outs happen now. */
  expireTimers(): void;
  /** Sleeps so far, in milliseconds. */
  readonly sleeps: readonly number[];
}

export interface FakeHouse {
  clock: QuickClock;
  context<S>(settings: S): ConnectorContext<S>;
  /** Whoever holds a lock loses it. */
  loseLocks(): void;
  /** Everything logged so far. */
  logged(): string;
  /** What the connection remembers, by key. */
  remembered: ReadonlyMap<string, { value: string; untilMs: number }>;
}

export interface FakeHouseOptions {
  tenant?: Partial<TenantFacts>;
  startAt?: Date;
}

const TENANT: TenantFacts = { number: "1", name: "Test", timeZone: "Europe/Madrid", country: "ES", language: "es" };
const VALUE_BYTES_MAX = 8 * 1024;

export function createFakeHouse(options: FakeHouseOptions = {}): FakeHouse {
  const clock = createQuickClock(options.startAt ?? new Date("2025-08-02T15:00:00Z"));
  const tails = new Map<string, Promise<unknown>>();
  const remembered = new Map<string, { value: string; untilMs: number }>();
  const held = new Set<AbortController>();
  let text = "";
  const destination = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  const log = createLog({ level: "trace", format: "json", destination });

  async function exclusive<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = tails.get(key) ?? Promise.resolve();
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => undefined); // of interest only to who waits below
    const turn = Promise.race([before, aborted]).then(async () => {
      signal.throwIfAborted();
      const lost = new AbortController();
      held.add(lost);
      try {
        return await work(AbortSignal.any([signal, lost.signal]));
      } finally {
        held.delete(lost);
      }
    });
    tails.set(
      key,
      Promise.allSettled([before, turn]).then(() => undefined),
    );
    return turn;
  }

  return {
    clock,
    remembered,
    logged: () => text,
    loseLocks: () => {
      for (const lock of held) lock.abort(new Error("lock lost"));
    },
    context: (settings) => ({
      settings,
      tenant: { ...TENANT, ...options.tenant },
      clock,
      log,
      publicUrl: "https://enlace.example.test",
      exclusive,
      memory: {
        load: async (key) => {
          const kept = remembered.get(key);
          return kept !== undefined && kept.untilMs > clock.now().getTime() ? kept.value : null;
        },
        save: async (key, value, ttlMs) => {
          if (Buffer.byteLength(value) > VALUE_BYTES_MAX) throw new Error(`too much to remember: ${key}`);
          remembered.set(key, { value, untilMs: clock.now().getTime() + ttlMs });
        },
        forget: async (key) => void remembered.delete(key),
      },
    }),
  };
}

function createQuickClock(startAt: Date): QuickClock {
  const timers = new Set<() => void>();
  const sleeps: number[] = [];
  let passedMs = 0;
  return {
    sleeps,
    now: () => new Date(startAt.getTime() + passedMs),
    monotonicMs: () => passedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleeps.push(ms);
      passedMs += ms;
    },
    after: (_, work) => {
      timers.add(work);
      return () => void timers.delete(work);
    },
    pass: (ms) => {
      passedMs += ms;
    },
    expireTimers: () => {
      for (const work of [...timers]) work();
      timers.clear();
    },
  };
}
