import { AppError } from "../../core/errors.ts";

export interface Turns {
  /** Runs `work` when its turn comes. Throws `AppError` (`unavailable`) at once where too many wait. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** At most `atOnce` pieces of work run, at most `waitingMax` wait, first come first served. */
export function createTurns({
  atOnce,
  waitingMax,
  refusal,
}: {
  atOnce: number;
  waitingMax: number;
  refusal: string;
}): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function begin(): Promise<void> {
    if (running < atOnce) {
      running++;
      return;
    }
    if (waiting.length >= waitingMax) throw new AppError("unavailable", refusal, { retryAfterSeconds: 10 });
    await new Promise<void>((resolve) => waiting.push(resolve)); // whoever ends hands its place over
  }

  function end(): void {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }

  return {
    take: async (work) => {
      await begin();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
