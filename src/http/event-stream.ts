import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";

/**
 * Server-sent events: an answer that goes on. What is sent waits in a bounded buffer; whoever sends asks `isBehind` first and
 * leaves out what a slow client could not take, since a newer picture will come. A stream that grows all the same is cut.
 */
export interface EventStream {
  send(event: StreamEvent): void;
  /** The client has not taken what was sent before. */
  isBehind(): boolean;
  end(): void;
  /** Aborted when the stream is over, whoever ended it. */
  closed: AbortSignal;
}

export interface StreamEvent {
  name: string;
  /** One line: JSON. */
  data: string;
  /** What a client names in `Last-Event-ID` when it comes back. */
  id?: string;
}

export interface EventStreamOptions {
  clock: Clock;
  /** So often a sign of life is sent, with the time: proxies cut what is silent. */
  beatMs: number;
  /** Before each sign of life: whether the client may still listen. A rejection counts as yes. */
  mayListen(): Promise<boolean>;
}

/** More than this waiting: behind. */
const BEHIND_BYTES = 64 * 1024;
/** A client that takes nothing while this much waits is gone. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/** A comment: headers are sent with the first bytes, and the first event may take its time. */
const HELLO = ":\n\n";

/** Begins to answer with a stream. The caller ends it when the server drains. */
export function openEventStream(reply: FastifyReply, options: EventStreamOptions): EventStream {
  const closing = new AbortController();
  const body = new Readable({ read: () => undefined, highWaterMark: BEHIND_BYTES });
  body.once("close", () => closing.abort());
  const write = (text: string): void => {
    if (closing.signal.aborted || body.readableEnded) return;
    if (body.readableLength + text.length > WAITING_BYTES_MAX) body.destroy();
    else body.push(text);
  };
  const end = (): void => {
    if (closing.signal.aborted) return;
    closing.abort();
    body.push(null);
  };
  const stream: EventStream = {
    send: (event) => write(toText(event)),
    isBehind: () => body.readableLength > BEHIND_BYTES,
    end,
    closed: closing.signal,
  };
  beat(stream, options);
  write(HELLO);
  void reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("connection", "close") // kept for another request, it would hold up a server that stops
    .header("x-accel-buffering", "no") // nginx would keep events until it has enough of them
    .send(body);
  return stream;
}

function beat(stream: EventStream, options: EventStreamOptions): void {
  const { clock, beatMs, mayListen } = options;
  const cancel = clock.after(beatMs, () => {
    void mayListen()
      .catch(() => true) // the store is away: nothing can be sent either
      .then((isAllowed) => {
        if (stream.closed.aborted) return;
        if (!isAllowed) return stream.end();
        stream.send({ name: "beat", data: JSON.stringify({ at: clock.now().toISOString() }) });
        beat(stream, options);
      });
  });
  stream.closed.addEventListener("abort", cancel, { once: true });
}

const toText = ({ name, data, id }: StreamEvent): string =>
  `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;

/** Counts listeners by several names at once, each with its own bound. */
export interface Seats {
  /** Throws `rate_limited` when one of the names has too many; else gives the way to leave. */
  take(names: Readonly<Record<string, number>>): () => void;
}

const COME_BACK_SECONDS = 10;

/** `take({ "user:1:3": 10, "tenant:1": 200 })`: name and how many there may be. */
export function createSeats(): Seats {
  const taken = new Map<string, number>();
  const change = (name: string, by: number): void => {
    const count = (taken.get(name) ?? 0) + by;
    if (count > 0) taken.set(name, count);
    else taken.delete(name);
  };
  return {
    take: (names) => {
      for (const [name, most] of Object.entries(names)) {
        if ((taken.get(name) ?? 0) < most) continue;
        const sentence = `There are ${most} live views already; close one, or come back in ${COME_BACK_SECONDS} s.`;
        throw new AppError("rate_limited", sentence, { retryAfterSeconds: COME_BACK_SECONDS });
      }
      for (const name of Object.keys(names)) change(name, 1);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        for (const name of Object.keys(names)) change(name, -1);
      };
    },
  };
}
