import { Agent, type Dispatcher } from "undici";
import { type AllowedTargets, checkUrl, createGuardedLookup, RefusedAddress } from "./address-guard.ts";
import { type Clock, createDeadline } from "./clock.ts";

/** One request to another system. Only `http:` and `https:`, never with credentials in the URL. */
export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Until the whole answer is read. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Texts of this request and its answer that must never be written down: keys, session names. */
  secrets?: readonly string[];
  /** Keep the beginning of an answer that is larger than allowed, rather than failing with `too_large`. */
  cutLargeAnswer?: boolean;
}

export interface HttpAnswer {
  status: number;
  /** Lower-case names; values of repeated headers are joined with a comma. */
  headers: Readonly<Record<string, string>>;
  /** At most `answerBytesMax` of the body as UTF-8. */
  text: string;
}

/** Why there is no answer. `sent` is false only when it is sure that no byte of the request reached the other side. */
export class HttpFailure extends Error {
  readonly reason: "refused_address" | "dns" | "connect" | "timeout" | "cut" | "too_large" | "aborted" | "tls";
  readonly sent: boolean;
  constructor(reason: HttpFailure["reason"], message: string, sent: boolean) {
    super(message);
    this.name = "HttpFailure";
    this.reason = reason;
    this.sent = sent;
  }
}

/** Sends one request and reads its answer; every HTTP status, redirects too, is an answer. Throws `HttpFailure` when there is none. */
export type HttpRequester = (request: HttpRequest) => Promise<HttpAnswer>;

export interface HttpRequesterOptions {
  clock: Clock;
  /** Which addresses beyond the public internet may be reached; see address-guard.ts. */
  allowTargets: AllowedTargets;
  answerBytesMax?: number;
  /** Sockets to one origin; further requests wait for a free one. */
  connectionsMax?: number;
}

export interface HttpClient {
  request: HttpRequester;
  /** Cuts what is under way and closes every socket. */
  close(): Promise<void>;
}

const ANSWER_BYTES_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 16;
const ORIGINS_MAX = 4096;
const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than what servers usually grant: a socket they close just as we write makes an answer uncertain. */
const KEEP_ALIVE_MS = 4_000;

/** The one way out over HTTP: pooled keep-alive sockets, checked addresses, bounded answers, one total time-out. */
export function createHttpRequester(options: HttpRequesterOptions): HttpClient {
  const agent = new Agent({
    connections: options.connectionsMax ?? CONNECTIONS_MAX,
    maxOrigins: ORIGINS_MAX,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0, // the total time-out below is ours
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS, lookup: createGuardedLookup(options.allowTargets) },
  });
  const answerBytesMax = options.answerBytesMax ?? ANSWER_BYTES_MAX;
  return {
    request: async (request) => {
      const url = checkUrl(request.url, options.allowTargets);
      if (url instanceof RefusedAddress) throw new HttpFailure("refused_address", url.message, false);
      if (request.signal.aborted) throw new HttpFailure("aborted", "stopped before it was sent", false);
      const deadline = createDeadline(options.clock, request.timeoutMs, request.signal);
      try {
        return await exchange(agent, { request, url, signal: deadline.signal, answerBytesMax });
      } finally {
        deadline.release();
      }
    },
    close: () => agent.destroy(),
  };
}

interface Exchange {
  request: HttpRequest;
  url: URL;
  signal: AbortSignal;
  answerBytesMax: number;
}

/** Settles as soon as the answer is whole, the request fails, or the signal is aborted; whichever is first. */
function exchange(agent: Agent, { request, url, signal, answerBytesMax }: Exchange): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const body = createBodyReader(answerBytesMax);
    let controller: Dispatcher.DispatchController | undefined;
    let head: { status: number; headers: Record<string, string> } | undefined;
    const settle = (finish: () => void): void => {
      signal.removeEventListener("abort", stop);
      finish();
    };
    const answer = (): void => settle(() => head && resolve({ ...head, text: body.text() }));
    const stop = (): void => {
      settle(() => reject(toAbortFailure(signal, controller !== undefined)));
      controller?.abort(new Error("stopped"));
    };
    signal.addEventListener("abort", stop, { once: true });
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: { "user-agent": "Enlace", "accept-encoding": "identity", ...request.headers },
        body: request.body ?? null,
      },
      {
        onRequestStart: (started) => {
          controller = started;
          if (signal.aborted) started.abort(new Error("stopped"));
        },
        onResponseStart: (_, status, headers) => {
          head = { status, headers: toPlainHeaders(headers) };
        },
        onResponseData: (running, chunk) => {
          if (body.add(chunk)) return;
          if (request.cutLargeAnswer) answer();
          else settle(() => reject(new HttpFailure("too_large", `answer of more than ${answerBytesMax} bytes`, true)));
          running.abort(new Error("answer too large"));
        },
        onResponseEnd: answer,
        onResponseError: (_, error) => settle(() => reject(toHttpFailure(error, controller !== undefined))),
      },
    );
  });
}

/** Collects at most `bytesMax`; `add` says whether there is room for more. */
function createBodyReader(bytesMax: number): { add(chunk: Buffer): boolean; text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      chunks.push(chunk.subarray(0, bytesMax - bytes));
      bytes += chunk.length;
      return bytes <= bytesMax;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

export function toPlainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

function toAbortFailure(signal: AbortSignal, sent: boolean): HttpFailure {
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return timedOut
    ? new HttpFailure("timeout", signal.reason.message, sent)
    : new HttpFailure("aborted", "stopped before the answer was there", sent);
}

const DNS_CODES = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA", "EAI_NODATA", "EAI_NONAME"]);

/** A bug of the caller (`UND_ERR_INVALID_ARG`: a header with a line break, say) is passed on as it is. `started` is true once the request was handed to a connected socket; until then nothing can have left. */
export function toHttpFailure(error: Error, started: boolean): Error {
  const code = "code" in error ? String(error.code) : "";
  if (code === "UND_ERR_INVALID_ARG") return error;
  if (error instanceof RefusedAddress) return new HttpFailure("refused_address", error.message, false);
  if (DNS_CODES.has(code)) return new HttpFailure("dns", "the host name cannot be resolved", false);
  if (started) return new HttpFailure("cut", `the connection broke off (${code || error.name})`, true);
  if (/^(ERR_TLS|ERR_SSL|EPROTO)|CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new HttpFailure("tls", `no safe connection (${code})`, false);
  }
  return new HttpFailure("connect", `no connection (${code || error.name})`, false);
}
