/** The one source of time. Tests and simulations bring their own; nothing else in the house reads a clock or sets a timer. */
export interface Clock {
  now(): Date;
  /** Milliseconds that never jump back; only differences mean something. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `work` once after `ms` unless the returned function is called first. Does not keep the process alive. */
  after(ms: number, work: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** A signal that aborts with a `TimeoutError` after `ms` of `clock`, or as soon as `parent` does. `release` drops the timer. */
export function createDeadline(
  clock: Clock,
  ms: number,
  parent?: AbortSignal,
): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const release = clock.after(ms, () =>
    controller.abort(new DOMException(`no answer within ${ms} ms`, "TimeoutError")),
  );
  const signal = parent ? AbortSignal.any([parent, controller.signal]) : controller.signal;
  return { signal, release };
}
