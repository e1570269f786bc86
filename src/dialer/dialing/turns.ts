import type { Clock } from "../../kit/clock.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import { ALL, tenantKey, trunkKey } from "./limits.ts";
import type { Pacer } from "./pacer.ts";

/*
 * From being written down to being dialled:
 *
 *   waits ── its turn is near ──▶ marked as dialled, durably, with all whose turn is near ── its turn ──▶ the order leaves
 *
 * So what a crash leaves without the mark has never been dialled, for certain, and does not count as a try; and what has been
 * dialled has the mark.
 */
export interface Turns {
  /** Resolves when it is its turn, which is its `dialedAt`, marked by then. Rejects with the signal, or when it cannot be marked. */
  take(attempt: KeptAttempt, signal: AbortSignal): Promise<void>;
  /** As the pacer's, with those who wait here left out as well. */
  room(key: string, aheadMs: number): number;
}

export interface TurnsOptions {
  pacer: Pick<Pacer, "turn" | "room">;
  /** Keeps `dialedAt` of these. */
  mark(attempts: readonly KeptAttempt[]): Promise<void>;
  clock: Clock;
}

interface Waiting {
  attempt: KeptAttempt;
  keys: readonly string[];
  signal: AbortSignal;
  resolve(turn: Promise<void>): void;
  reject(reason: unknown): void;
}

/** Whose turn comes within it is marked, with all others of that time: a statement each would be the costliest part of a call. */
const NEAR_MS = 150;
const LOOK_MS = 75;

export function createTurns({ pacer, mark, clock }: TurnsOptions): Turns {
  const waitingOf = new Map<string, number>();
  let queue: Waiting[] = [];
  let isRunning = false;

  function count(keys: readonly string[], by: 1 | -1): void {
    for (const key of keys) waitingOf.set(key, (waitingOf.get(key) ?? 0) + by);
  }

  /** The first of the queue for whom all their limits have room soon; who waits for another trunk holds nobody up. */
  function takeNear(): Waiting[] {
    const left = new Map<string, number>();
    const leftOf = (key: string): number => {
      const known = left.get(key) ?? Math.max(pacer.room(key, NEAR_MS), 0);
      left.set(key, known);
      return known;
    };
    const [near, far]: [Waiting[], Waiting[]] = [[], []];
    for (const waiting of queue) {
      const isNear = waiting.keys.every((key) => leftOf(key) >= 1);
      (isNear ? near : far).push(waiting);
      if (isNear) for (const key of waiting.keys) left.set(key, leftOf(key) - 1);
    }
    queue = far;
    return near;
  }

  async function markThem(near: readonly Waiting[]): Promise<void> {
    const now = clock.now();
    for (const { attempt } of near) attempt.dialedAt = now;
    try {
      await mark(near.map(({ attempt }) => attempt));
      for (const waiting of near) waiting.resolve(start(waiting)); // counted by the pacer from here on
    } catch (error) {
      for (const { attempt, reject } of near) {
        attempt.dialedAt = null;
        reject(error);
      }
    } finally {
      for (const { keys } of near) count(keys, -1);
    }
  }

  async function start({ attempt, keys, signal }: Waiting): Promise<void> {
    attempt.dialedAt = await pacer.turn(keys, signal);
  }

  async function run(): Promise<void> {
    isRunning = true;
    await Promise.resolve(); // who is dealt out together is marked together
    while (queue.length > 0) {
      for (const { signal, keys, reject } of queue.filter((each) => each.signal.aborted)) {
        count(keys, -1);
        reject(signal.reason);
      }
      queue = queue.filter(({ signal }) => !signal.aborted);
      const near = takeNear();
      if (near.length > 0) await markThem(near);
      if (queue.length > 0) await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    }
    isRunning = false;
  }

  return {
    take: (attempt, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const keys = toKeys(attempt);
      count(keys, 1);
      queue.push({ attempt, keys, signal, resolve, reject });
      if (!isRunning) void run();
      return promise;
    },
    room: (key, aheadMs) => pacer.room(key, aheadMs) - (waitingOf.get(key) ?? 0),
  };
}

const toKeys = ({ tenantId, trunkId }: KeptAttempt): string[] => [
  ...[ALL, tenantKey(tenantId)],
  ...(trunkId === null ? [] : [trunkKey(trunkId)]),
];
