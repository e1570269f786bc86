import type { Clock } from "../kit/clock.ts";

/** A session has a second to settle after an abort (see connector.ts); then it is left alone. */
const SETTLE_MS = 2_000;

/** What `work` comes to, or the signal's reason if `work` has not settled two seconds after the abort. */
export function orStuck<T>(work: Promise<T>, signal: AbortSignal, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    let release = (): void => undefined;
    const onAbort = (): void => {
      release = clock.after(SETTLE_MS, () => reject(signal.reason));
    };
    const leave = (): void => {
      signal.removeEventListener("abort", onAbort);
      release();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(leave);
  });
}
