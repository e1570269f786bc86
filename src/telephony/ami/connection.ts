import { toErrorMessage } from "../../core/errors.ts";
import { type Sentence, SentenceError } from "../../core/sentence.ts";
import { toBackoffMs } from "../../kit/backoff.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Random } from "../../kit/random.ts";
import type { AmiAction } from "./action.ts";
import type { AmiMessage } from "./message.ts";
import {
  type AmiAddress,
  type AmiList,
  AmiLoginRefusedError,
  type AmiSendOptions,
  AmiSession,
  AmiUnansweredError,
  isSuccess,
} from "./session.ts";
import { type AmiItem, createAmiStream } from "./stream.ts";
import { say, toAmiProblem } from "./words.ts";

/*
 * A connection that never leaves anybody waiting:
 *
 *   idle ── start ──▶ connecting ── logged in ──▶ synchronising ── snapshot in the stream ──▶ ready
 *                      ▲      │                        │                                      │
 *                      │      └─ refused, no banner ─┐ └─ lost ─┐                    lost, ping unanswered
 *                      └────── 1 … 30 s, jittered ── waiting ◀──┴───────────────────────────┘
 *   any ── stop ──▶ stopped
 *
 * Losing a session rejects all its pending actions and puts `lost` into the stream; each new session begins with a
 * snapshot. Dropped events lead to a snapshot as well. Actions are refused at once while there is no session.
 */
export type AmiState = "idle" | "connecting" | "synchronising" | "ready" | "waiting" | "stopped";

export interface AmiConnectionOptions {
  address: AmiAddress;
  clock: Clock;
  random: Random;
  log: Log;
  /** Gets everything the PBX says, in order and in batches; see stream.ts. */
  onItems(items: readonly AmiItem[]): void | Promise<void>;
  /** Default 50,000: about ten seconds of a very busy PBX. */
  itemsMax?: number;
  /** Default `call,agent,user,cdr,system`. */
  eventClasses?: string;
}

export interface AmiStatus {
  state: AmiState;
  /** Since when the state holds. */
  sinceAt: Date;
  banner: string | null;
  /** Why the last session ended or could not begin; `null` while ready. */
  problem: Sentence | null;
  events: number;
  droppedEvents: number;
  waitingEvents: number;
  oversizedMessages: number;
  sessions: number;
}

const BACKOFF = { firstMs: 2_000, maxMs: 30_000 };
const PING_EVERY_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const SNAPSHOT_TIMEOUT_MS = 20_000;
const GAP_REST_MS = 500;

export class AmiConnection {
  readonly #options: AmiConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #stream;
  #session: AmiSession | undefined;
  #state: AmiState = "idle";
  #sinceAt: Date;
  #problem: Sentence | null = null;
  #run: Promise<void> | undefined;
  #mending: Promise<void> | undefined;
  #events = 0;
  #oversized = 0;
  #sessions = 0;

  constructor(options: AmiConnectionOptions) {
    this.#options = options;
    this.#sinceAt = options.clock.now();
    this.#stream = createAmiStream({
      itemsMax: options.itemsMax ?? 50_000,
      deliver: options.onItems,
      onGap: (dropped, cause) => this.#noteGap(dropped, cause),
    });
  }

  start(): void {
    this.#run ??= this.#keepAlive(this.#stopping.signal);
  }

  /** Closes the socket, rejects what is pending, and waits until the consumer has taken what was received. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await this.#run;
    await this.#mending;
    await this.#stream.idle();
    this.#enter("stopped");
  }

  status(): AmiStatus {
    return {
      state: this.#state,
      sinceAt: this.#sinceAt,
      banner: this.#session?.banner ?? null,
      problem: this.#problem,
      events: this.#events,
      droppedEvents: this.#stream.dropped(),
      waitingEvents: this.#stream.waiting(),
      oversizedMessages: this.#oversized,
      sessions: this.#sessions,
    };
  }

  /** Asks for a snapshot, as after a gap. Nothing while there is no session: the next one begins with it. */
  resync(): void {
    if (this.#session) void this.#mendGap();
  }

  /** See `AmiSession.send`; rejects with `AmiUnansweredError("not_connected")` while there is no session. */
  async send(action: AmiAction, options?: AmiSendOptions): Promise<AmiMessage> {
    return this.#live().send(action, options);
  }

  /** See `AmiSession.list`. */
  async list(action: AmiAction, options?: AmiSendOptions): Promise<AmiList> {
    return this.#live().list(action, options);
  }

  #live(): AmiSession {
    if (this.#session) return this.#session;
    throw new AmiUnansweredError(
      "not_connected",
      this.#problem ? say("awayBecause", { why: this.#problem }) : say("away"),
    );
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const started = this.#sessions;
      const reason = await this.#liveOnce(signal);
      if (signal.aborted) return;
      failures = this.#sessions > started ? 1 : failures + 1;
      const refused = reason instanceof AmiLoginRefusedError; // hammering a PBX that says no gets us banned
      const waitMs = toBackoffMs(refused ? 30 : failures, BACKOFF, random.fraction());
      this.#problem = toAmiProblem(reason);
      this.#enter("waiting");
      log.warn({ host: this.#options.address.host, reason: reason.message, failures, waitMs }, "ami.away");
      await clock.sleep(waitMs, signal).catch(() => undefined); // stop() ends the wait; the loop sees the signal
    }
  }

  /** One session from connect to close; resolves with the reason of its end. */
  async #liveOnce(signal: AbortSignal): Promise<Error> {
    this.#enter("connecting");
    const { address, clock, eventClasses } = this.#options;
    try {
      const session = await AmiSession.open(
        {
          address,
          clock,
          eventClasses: eventClasses ?? "call,agent,user,cdr,system",
          onEvent: (message) => this.#take(message),
          onOversized: () => this.#noteOversized(),
        },
        signal,
      );
      return await this.#use(session, signal);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #use(session: AmiSession, signal: AbortSignal): Promise<Error> {
    const { clock, log, address } = this.#options;
    const over = new AbortController();
    const stop = (): void => session.close(new Error("stopped"));
    signal.addEventListener("abort", stop, { once: true });
    this.#session = session;
    this.#enter("synchronising");
    const upkeep = this.#upkeep(session, over.signal);
    if (signal.aborted) stop();
    const reason = await session.closed;
    over.abort(reason);
    signal.removeEventListener("abort", stop);
    this.#session = undefined;
    await upkeep;
    this.#stream.push({ kind: "lost", at: clock.now() });
    log.info({ host: address.host, reason: reason.message }, "ami.lost");
    return reason;
  }

  /** Snapshot, then pings until the session is over. A PBX that does not answer them is not there. */
  async #upkeep(session: AmiSession, over: AbortSignal): Promise<void> {
    const { clock, log, address } = this.#options;
    try {
      await this.#snapshot(session, "connect");
      this.#sessions++;
      this.#problem = null;
      this.#enter("ready");
      log.info({ host: address.host, banner: session.banner }, "ami.ready");
      for (;;) {
        await clock.sleep(PING_EVERY_MS, over);
        await session.send({ name: "Ping" }, { timeoutMs: PING_TIMEOUT_MS, signal: over });
      }
    } catch (error) {
      session.close(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** CoreShowChannels needs the class `reporting` or `system`; Status tells the same to a user who only has `call`. */
  async #snapshot(session: AmiSession, after: "connect" | "gap"): Promise<void> {
    const { clock } = this.#options;
    const options = { timeoutMs: SNAPSHOT_TIMEOUT_MS };
    let list = await session.list({ name: "CoreShowChannels" }, options);
    if (!isSuccess(list.response)) list = await session.list({ name: "Status" }, options);
    if (!isSuccess(list.response)) {
      throw new SentenceError(say("unlisted", { said: list.response.get("Message") ?? "–" }));
    }
    this.#stream.push({ kind: "snapshot", at: clock.now(), channels: list.items, after });
  }

  /** One snapshot for all gaps of the last moment: a consumer that keeps failing must not keep the PBX busy. */
  #noteGap(dropped: number, cause: unknown): void {
    const { log, address, clock } = this.#options;
    const why = cause === undefined ? "the buffer was full" : toErrorMessage(cause);
    log.error({ host: address.host, dropped, why, err: cause }, "ami.events_dropped");
    this.#mending ??= clock
      .sleep(GAP_REST_MS, this.#stopping.signal)
      .then(() => this.#mendGap())
      .catch(() => undefined); // stopped while resting: there is nothing to mend any more
  }

  async #mendGap(): Promise<void> {
    this.#mending = undefined; // a gap from here on needs a snapshot of its own
    const session = this.#session;
    if (!session) return; // the next session begins with one
    try {
      await this.#snapshot(session, "gap");
    } catch (error) {
      session.close(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #take(message: AmiMessage): void {
    this.#events++;
    this.#stream.push({ kind: "event", at: this.#options.clock.now(), message });
  }

  #noteOversized(): void {
    this.#oversized++;
    this.#noteGap(1, new Error("a message was larger than the limit"));
  }

  #enter(state: AmiState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#sinceAt = this.#options.clock.now();
  }
}
