import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

export interface LoopOptions {
  /** Fixed name, for the log. */
  name: string;
  everyMs: number;
  /** Rejections are logged and the loop goes on; `signal` aborts when the loop stops. */
  work(signal: AbortSignal): Promise<void>;
  clock: Clock;
  log: Log;
}

/** Does `work` again and again, `everyMs` after the last time ended. `stop` waits for the work under way. */
export function createLoop({ name, everyMs, work, clock, log }: LoopOptions): { start(): void; stop(): Promise<void> } {
  const controller = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!controller.signal.aborted) {
      try {
        await work(controller.signal);
        await clock.sleep(everyMs, controller.signal);
      } catch (error) {
        if (controller.signal.aborted) return;
        log.error({ loop: name, err: error }, "loop.failed");
        await clock.sleep(everyMs, controller.signal).catch(() => undefined); // aborted: the loop's condition ends it
      }
    }
  }

  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
