import type { Clock } from "../../kit/clock.ts";

/** What happens to a call, in its order: yields how many milliseconds pass, or a promise to wait for. */
export type FakeScript = Generator<number | Promise<unknown>, void, void>;

/** A script that runs. */
export interface FakeRun {
  /** Cuts off whatever would come next; `onEnd` is not called. */
  cut(): void;
  /** What it waits for is now. Nothing while it waits for a promise. */
  hurry(): void;
}

/** Runs a script on the clock until it ends. */
export function runScript(script: FakeScript, clock: Clock, onEnd: () => void): FakeRun {
  let release: (() => void) | undefined;
  let isOver = false;
  const step = (): void => {
    release = undefined;
    if (isOver) return;
    const { done, value } = script.next();
    if (done) {
      isOver = true;
      onEnd();
    } else if (typeof value === "number") release = clock.after(value, step);
    else void value.then(step);
  };
  step();
  return {
    cut: () => {
      isOver = true;
      release?.();
    },
    hurry: () => {
      if (!release) return;
      release();
      step();
    },
  };
}
