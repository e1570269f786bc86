import type { Clock } from "../../kit/clock.ts";

/** What happens to a call, in its order: yields how many milliseconds pass, or a promise to wait for. */
export type FakeScript = Generator<number | Promise<unknown>, void, void>;

/** Runs a script on the clock until it ends or is cut off by the returned function. `onEnd` is not called when it is cut off. */
export function runScript(script: FakeScript, clock: Clock, onEnd: () => void): () => void {
  let release: (() => void) | undefined;
  let isOver = false;
  const step = (): void => {
    if (isOver) return;
    const { done, value } = script.next();
    if (done) {
      isOver = true;
      onEnd();
    } else if (typeof value === "number") release = clock.after(value, step);
    else void value.then(step);
  };
  step();
  return () => {
    isOver = true;
    release?.();
  };
}
