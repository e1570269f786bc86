import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";

/** What a question came to within the budget. */
export type Answer<T> = { kind: "found"; value: T } | { kind: "late" | "failed"; why: string };

export interface Budget {
  /** Resolves, never rejects, once `work` has settled or the time is over. */
  wait<T>(work: Promise<T>): Promise<Answer<T>>;
}

/**
 * One span of time for all questions of one answer, counted from here. Who is late is left to its own end: what it brings is
 * kept for the next caller by the cache behind it.
 */
export function createBudget(clock: Clock, ms: number): Budget {
  const endMs = clock.monotonicMs() + ms;
  return {
    wait: <T>(work: Promise<T>) =>
      new Promise<Answer<T>>((resolve) => {
        const late = { kind: "late", why: `no answer within ${ms} ms` } as const;
        const cancel = clock.after(Math.max(0, endMs - clock.monotonicMs()), () => resolve(late));
        const settle = (answer: Answer<T>): void => {
          cancel();
          resolve(answer);
        };
        work.then(
          (value) => settle({ kind: "found", value }),
          (error: unknown) => settle({ kind: "failed", why: toErrorMessage(error).slice(0, 200) }),
        );
      }),
  };
}
