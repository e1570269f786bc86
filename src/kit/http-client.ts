/** Placeholder signature file: filled by its owner. */
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
}

export interface HttpAnswer {
  status: number;
  /** Lower-case names. */
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

/** Sends one request and reads its answer; every HTTP status is an answer. Throws `HttpFailure` when there is none. */
export type HttpRequester = (request: HttpRequest) => Promise<HttpAnswer>;
