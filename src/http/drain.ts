import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { App } from "./app-instance.ts";

/**
 * The end of a server's life: no new connections, idle ones closed, what is in flight answered with `Connection: close`,
 * and only then is the promise of `drain` kept, so whoever stops next (the batcher, then the store) has no asker left.
 */
export interface DrainOptions {
  clock: Clock;
  log: Log;
  /** How long answers may take before their connections are cut. */
  graceMs: number;
}

/** Prepares the server; afterwards `app.draining` tells those who make a client wait to answer now. */
export function installDrain(app: App): void {
  const controller = new AbortController();
  app.decorate("draining", controller.signal);
  app.addHook("preClose", (done) => {
    controller.abort(new DOMException("the server is draining", "AbortError"));
    done();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (controller.signal.aborted) void reply.header("connection", "close");
    done();
  });
}

/** Closes the server. Resolves when the last answer is out, or was cut after `graceMs`. Never rejects for a slow client. */
export async function drain(app: App, { clock, log, graceMs }: DrainOptions): Promise<void> {
  const startedMs = clock.monotonicMs();
  let isCut = false;
  const cancel = clock.after(graceMs, () => {
    isCut = true;
    app.server.closeAllConnections();
  });
  try {
    await app.close();
  } finally {
    cancel();
  }
  const durationMs = Math.round(clock.monotonicMs() - startedMs);
  log[isCut ? "warn" : "info"]({ durationMs, isCut }, "http.drained");
}
