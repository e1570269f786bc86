import type { Socket } from "node:net";
import type { Clock } from "../../kit/clock.ts";
import { encodeCommand } from "./command.ts";
import { type AgiReply, createAgiReader } from "./reply.ts";

/*
 * One FastAGI socket:
 *
 *   opening ── environment complete ──▶ open ── HANGUP line ──▶ hung up (dead-safe commands still work) ─┐
 *      └──────────── close, error, time-out, not AGI ──────────────────┴──────────────────────────▶ closed
 *
 * Commands go out one at a time, as Asterisk reads them. Each has a deadline, because a handler that dies with its channel
 * may send no reply at all; after a time-out replies can no longer be told apart, so the session is closed.
 */

/** The session is over, so there is no reply. */
export class AgiClosedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AgiClosedError";
  }
}

/** Asterisk refused a command: `code` 510 unknown, 520 wrong syntax. */
export class AgiRefusedError extends Error {
  readonly code: number;
  constructor({ code, text }: AgiReply) {
    super(`Asterisk refused the command: ${text.split("\n", 1)[0]}`);
    this.name = "AgiRefusedError";
    this.code = code;
  }
}

/** The caller hung up; what was running is over. */
export class AgiHangupError extends Error {
  constructor() {
    super("the caller hung up");
    this.name = "AgiHangupError";
  }
}

export interface AgiSession {
  environment: ReadonlyMap<string, string>;
  /** Aborts with `AgiHangupError` or `AgiClosedError`: for waits that are not commands. */
  readonly gone: AbortSignal;
  isHungUp(): boolean;
  /**
   * Sends one command and resolves with its 200 reply. Rejects with `AgiRefusedError`, `AgiHangupError` (511, the
   * channel is dead), or `AgiClosedError`. `timeoutMs` must cover what the command does (default 10,000).
   */
  command(words: string, args?: readonly (string | number)[], timeoutMs?: number): Promise<AgiReply>;
  close(): void;
}

const REPLY_TIMEOUT_MS = 10_000;
const WAITING_MAX = 100;
/** Shorter commands are over before the kernel would ask the other side whether it lives. */
const LONG_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

interface Waiting {
  line: string;
  timeoutMs: number;
  resolve(reply: AgiReply): void;
  reject(error: Error): void;
}

/**
 * Reads the environment and resolves with the session. Rejects with `AgiClosedError` when it does not come within
 * `environmentTimeoutMs` or is not AGI.
 */
export function openAgiSession(socket: Socket, clock: Clock, environmentTimeoutMs = 5_000): Promise<AgiSession> {
  const opened = Promise.withResolvers<AgiSession>();
  let gone: AbortController | undefined; // made when somebody asks: most scripts never do
  const waiting: Waiting[] = [];
  let isAsking = false;
  let hungUp = false;
  let isOpen = false;
  let closedBy: string | undefined;
  const alarm = createAlarm(clock, () => {
    const [asked] = waiting;
    if (asked && isAsking) end(`no reply within ${asked.timeoutMs} ms`);
    else if (!isOpen) end("the AGI environment did not come in time");
  });
  alarm.set(environmentTimeoutMs);

  function end(reason: string): void {
    if (closedBy !== undefined) return;
    closedBy = reason;
    alarm.release();
    socket.destroy();
    for (const { reject } of waiting.splice(0)) reject(new AgiClosedError(reason));
    if (!isOpen) opened.reject(new AgiClosedError(reason));
    gone?.abort(new AgiClosedError(reason));
  }

  function toGone(): AbortSignal {
    gone ??= new AbortController();
    if (hungUp) gone.abort(new AgiHangupError());
    else if (closedBy !== undefined) gone.abort(new AgiClosedError(closedBy));
    return gone.signal;
  }

  function sendNext(): void {
    const next = waiting[0];
    if (!next || isAsking || closedBy !== undefined) return;
    isAsking = true;
    alarm.set(next.timeoutMs);
    if (next.timeoutMs > LONG_MS) socket.setKeepAlive(true, KEEP_ALIVE_MS); // a dead Asterisk says nothing for hours
    socket.write(next.line);
  }

  function settle(reply: AgiReply): void {
    const asked = isAsking ? waiting.shift() : undefined;
    if (!asked) throw new RangeError("Asterisk replied to nothing");
    isAsking = false;
    alarm.clear();
    if (reply.code === 200) asked.resolve(reply);
    else asked.reject(reply.code === 511 ? new AgiHangupError() : new AgiRefusedError(reply));
    sendNext();
  }

  function hangUp(): void {
    hungUp = true;
    gone?.abort(new AgiHangupError());
  }

  function command(words: string, args: readonly (string | number)[] = [], timeoutMs = REPLY_TIMEOUT_MS) {
    return new Promise<AgiReply>((resolve, reject) => {
      const line = encodeCommand(words, args); // throws inside the promise: a rejection
      if (closedBy !== undefined) return reject(new AgiClosedError(closedBy));
      if (waiting.length >= WAITING_MAX) return reject(new RangeError("too many commands wait for this session"));
      waiting.push({ line, timeoutMs, resolve, reject });
      sendNext();
    });
  }

  const reader = createAgiReader({
    onEnvironment: (environment) => {
      alarm.clear();
      isOpen = true;
      opened.resolve({
        environment,
        get gone() {
          return toGone();
        },
        isHungUp: () => hungUp,
        command,
        close: () => end("closed"),
      });
    },
    onReply: settle,
    onHangup: hangUp,
  });
  socket.on("error", (error) => end(`the AGI connection failed: ${error.message}`));
  socket.on("close", () => end("Asterisk closed the AGI connection"));
  socket.on("data", (chunk) => {
    try {
      reader.push(chunk);
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
    }
  });
  return opened.promise;
}

/**
 * A deadline that is set and cleared with every command. Its timer stays and looks again when it fires early: making and
 * dropping one for each of thousands of commands a second would cost more than reading their replies.
 */
function createAlarm(clock: Clock, ring: () => void) {
  let dueMs: number | undefined;
  let firesMs = 0;
  let drop: (() => void) | undefined;

  function arm(ms: number, nowMs: number): void {
    drop?.();
    firesMs = nowMs + ms;
    drop = clock.after(ms, () => {
      drop = undefined;
      if (dueMs === undefined) return;
      const laterMs = clock.monotonicMs();
      if (laterMs < dueMs) arm(dueMs - laterMs, laterMs);
      else ring();
    });
  }

  return {
    set: (ms: number): void => {
      const nowMs = clock.monotonicMs();
      dueMs = nowMs + ms;
      if (!drop || dueMs < firesMs) arm(ms, nowMs);
    },
    clear: (): void => {
      dueMs = undefined;
    },
    release: (): void => drop?.(),
  };
}
