import { createHash } from "node:crypto";
import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Sentence, SentenceError } from "../../core/sentence.ts";
import { type Clock, createDeadline } from "../../kit/clock.ts";
import { type AmiAction, encodeAction } from "./action.ts";
import { type AmiMessage, createAmiReader } from "./message.ts";
import { say, toAmiProblem } from "./words.ts";

/*
 * One login on one socket, from connect to close:
 *
 *   opening ── banner ──▶ greeted ── challenge answered ──▶ open ── close(), socket end, error, abort ──▶ closed
 *
 * Closing settles everything: every pending action rejects with `AmiUnansweredError`, `closed` resolves with the reason.
 * A session never comes back; connection.ts opens the next one.
 */

/** `sent` tells whether Asterisk may have done it all the same: then only its events know. */
export class AmiUnansweredError extends SentenceError {
  readonly why: "not_connected" | "busy" | "lost" | "timeout" | "aborted";

  constructor(why: AmiUnansweredError["why"], said: Sentence) {
    super(said);
    this.name = "AmiUnansweredError";
    this.why = why;
  }

  get sent(): boolean {
    return this.why !== "not_connected" && this.why !== "busy";
  }
}

/** The PBX knows us and says no: wrong secret, forbidden address, too many sessions. */
export class AmiLoginRefusedError extends SentenceError {
  constructor(said: Sentence) {
    super(said);
    this.name = "AmiLoginRefusedError";
  }
}

export interface AmiAddress {
  host: string;
  port: number;
  username: string;
  secret: string;
  /** Absent: plain TCP. `ca` is PEM; without it the system's authorities are trusted. */
  tls?: { ca?: string; servername?: string } | undefined;
  /** Resolves the host's name, and judges where it leads; the system's resolver when absent. */
  lookup?: LookupFunction | undefined;
}

export interface AmiSessionOptions {
  address: AmiAddress;
  /** Classes of events to be sent, as in `Events:` of Login. */
  eventClasses: string;
  clock: Clock;
  /** Events that belong to no list. Called while bytes are read: must not throw and must be quick. */
  onEvent(message: AmiMessage): void;
  onOversized(): void;
}

export interface AmiSendOptions {
  /** Default 10,000 ms. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Own ActionID; letters, digits, `.`, `-`, `_`, `:`. Its events (OriginateResponse) carry it too. */
  actionId?: string;
}

/** Answer of a list action; `items` is empty when the response is an error. */
export interface AmiList {
  response: AmiMessage;
  items: readonly AmiMessage[];
}

export const isSuccess = (response: AmiMessage): boolean => response.get("Response") === "Success";

const OPEN_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 10_000;
const PENDING_MAX = 2_000;
const UNSENT_BYTES_MAX = 4_194_304;
const LIST_ITEMS_MAX = 50_000;

interface Pending {
  isList: boolean;
  items: AmiMessage[];
  response: AmiMessage | undefined;
  resolve(list: AmiList): void;
  reject(error: Error): void;
}

export class AmiSession {
  /** Resolves, never rejects, with the reason once the session is over. */
  readonly closed: Promise<Error>;
  readonly #socket: Socket;
  readonly #options: AmiSessionOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #greeted = Promise.withResolvers<string>();
  readonly #over = Promise.withResolvers<Error>();
  #lists = 0;
  #lastId = 0;
  #banner = "";
  #orphans = 0;
  #endedBy: Error | undefined;

  /** Connects and logs in. Rejects with `AmiLoginRefusedError`, the socket's error, or the signal's reason. */
  static async open(options: AmiSessionOptions, signal: AbortSignal): Promise<AmiSession> {
    const deadline = createDeadline(options.clock, OPEN_TIMEOUT_MS, signal);
    const session = new AmiSession(options);
    const stop = (): void => session.#end(toError(deadline.signal.reason));
    deadline.signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) throw toError(signal.reason);
      await session.#greeted.promise;
      await session.#login(deadline.signal);
      return session;
    } catch (error) {
      session.#end(toError(error));
      throw error instanceof AmiUnansweredError ? (session.#endedBy ?? error) : error;
    } finally {
      deadline.signal.removeEventListener("abort", stop);
      deadline.release();
    }
  }

  private constructor(options: AmiSessionOptions) {
    this.#options = options;
    this.closed = this.#over.promise;
    this.#greeted.promise.catch(() => undefined); // open() waits for it; a session that ends earlier has its own reason
    this.#socket = connect(options.address);
    this.#listen();
  }

  /** `Asterisk Call Manager/5.0.4` */
  get banner(): string {
    return this.#banner;
  }

  /** Responses that nobody waited for any more. */
  get orphans(): number {
    return this.#orphans;
  }

  /** Sends an action and resolves with its response, `Response: Error` included. Rejects with `AmiUnansweredError`. */
  async send(action: AmiAction, options: AmiSendOptions = {}): Promise<AmiMessage> {
    return (await this.#ask(action, options, false)).response;
  }

  /** Sends a list action and collects its events until the list is complete. */
  list(action: AmiAction, options: AmiSendOptions = {}): Promise<AmiList> {
    return this.#ask(action, options, true);
  }

  /** Ends the session at once. Idempotent. */
  close(reason: Error): void {
    this.#end(reason);
  }

  async #ask(action: AmiAction, options: AmiSendOptions, isList: boolean): Promise<AmiList> {
    const id = options.actionId ?? `e${++this.#lastId}`;
    const bytes = encodeAction(action, id);
    if (this.#endedBy)
      throw new AmiUnansweredError("not_connected", say("awayBecause", { why: toAmiProblem(this.#endedBy) }));
    const full = this.#pending.size >= PENDING_MAX || this.#socket.writableLength > UNSENT_BYTES_MAX;
    if (full || this.#pending.has(id)) throw new AmiUnansweredError("busy", say("busy"));
    const timeoutMs = options.timeoutMs ?? ANSWER_TIMEOUT_MS;
    const { promise, resolve, reject } = Promise.withResolvers<AmiList>();
    const { signal } = options;
    const stop = (): void => reject(toUnanswered(action.name, timeoutMs, signal));
    this.#pending.set(id, { isList, items: [], response: undefined, resolve, reject });
    if (isList) this.#lists++;
    const release = this.#options.clock.after(timeoutMs, stop); // at a thousand orders a second a signal of its own for each is dear
    signal?.addEventListener("abort", stop, { once: true });
    try {
      if (signal?.aborted) stop();
      else this.#socket.write(bytes);
      return await promise;
    } finally {
      signal?.removeEventListener("abort", stop);
      release();
      this.#pending.delete(id);
      if (isList) this.#lists--;
    }
  }

  async #login(signal: AbortSignal): Promise<void> {
    const { username, secret } = this.#options.address;
    const challenge = await this.send({ name: "Challenge", fields: { AuthType: "MD5" } }, { signal });
    const nonce = challenge.get("Challenge");
    if (nonce === undefined) throw new AmiLoginRefusedError(toRefusal(challenge) ?? say("noChallenge"));
    const Key = createHash("md5").update(`${nonce}${secret}`).digest("hex"); // what AMI offers; use TLS across a network
    const fields = { AuthType: "MD5", Username: username, Key, Events: this.#options.eventClasses };
    const answer = await this.send({ name: "Login", fields }, { signal });
    if (!isSuccess(answer)) throw new AmiLoginRefusedError(toRefusal(answer) ?? say("refusedSilently"));
  }

  #listen(): void {
    const reader = createAmiReader({
      onBanner: (line) => this.#greet(line),
      onMessage: (message) => this.#route(message),
      onOversized: () => this.#options.onOversized(),
    });
    this.#socket.on("data", (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#end(toError(error));
      }
    });
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new SentenceError(say("closed"))));
  }

  #greet(line: string): void {
    if (!line.startsWith("Asterisk Call Manager")) this.#end(new SentenceError(say("notManager")));
    this.#banner = line;
    this.#greeted.resolve(line);
  }

  #route(message: AmiMessage): void {
    const isEvent = message.fields[0] === "Event";
    const id = isEvent && this.#lists === 0 ? undefined : message.get("ActionID");
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (isEvent && pending?.isList) this.#collect(pending, message);
    else if (isEvent) this.#options.onEvent(message);
    else if (!pending) this.#orphans++;
    else if (pending.isList && isSuccess(message)) pending.response = message;
    else pending.resolve({ response: message, items: [] });
  }

  #collect(pending: Pending, message: AmiMessage): void {
    if (message.get("EventList") !== "Complete") {
      if (pending.items.push(message) > LIST_ITEMS_MAX) {
        pending.reject(new AmiUnansweredError("busy", say("listLong", { max: LIST_ITEMS_MAX })));
      }
      return;
    }
    pending.resolve({ response: pending.response ?? message, items: pending.items });
  }

  #end(reason: Error): void {
    if (this.#endedBy) return;
    this.#endedBy = reason;
    this.#socket.destroy();
    this.#greeted.reject(reason);
    const lost = new AmiUnansweredError("lost", say("lost", { why: toAmiProblem(reason) }));
    for (const pending of this.#pending.values()) pending.reject(lost);
    this.#over.resolve(reason);
  }
}

function connect({ host, port, tls, lookup }: AmiAddress): Socket {
  const target = { host, port, ...(lookup ? { lookup } : {}) };
  const socket = tls ? connectTls({ ...target, ...tls }) : connectTcp(target);
  return socket.setNoDelay(true).setKeepAlive(true, 30_000);
}

function toUnanswered(name: string, timeoutMs: number, signal: AbortSignal | undefined): AmiUnansweredError {
  if (signal?.aborted) return new AmiUnansweredError("aborted", say("unwanted", { action: name }));
  return new AmiUnansweredError("timeout", say("noAnswer", { action: name, ms: timeoutMs }));
}

function toRefusal(answer: AmiMessage): Sentence | undefined {
  const said = answer.get("Message");
  return said === undefined ? undefined : say("refused", { said });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
