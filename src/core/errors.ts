import type { Sentence, Wording } from "./sentence.ts";

/**
 * Why a request was refused. The set is closed: `http/errors.ts` alone turns a code into an HTTP status, and
 * `docs/errors.md` explains each one to the person who meets it.
 */
export const ERROR_CODES = [
  "invalid_request",
  "invalid_json",
  "invalid_field",
  "unauthenticated",
  "invalid_signature",
  "forbidden",
  "password_change_required",
  "csrf",
  "not_found",
  "method_not_allowed",
  "conflict",
  "payload_too_large",
  "range_not_satisfiable",
  "unsupported_media_type",
  "rate_limited",
  "unavailable",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * One offending field of a request: `path` as the client wrote it (`settings.url`), `message` in plain words, `words` which sentence
 * of ours that is.
 */
export interface FieldProblem {
  path: string;
  message: string;
  words?: Wording | undefined;
}

export interface AppErrorDetails {
  fields?: readonly FieldProblem[];
  /** Whole seconds the client should wait; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  /** Which sentence a message given as a text is: it came from another process. */
  words?: Wording | undefined;
  cause?: unknown;
}

/** An expected refusal of a request. Anything else that is thrown is a bug and answers an opaque 500. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** Which sentence of ours the message is, for consoles in other languages. */
  readonly words: Wording | undefined;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string | Sentence, details: AppErrorDetails = {}) {
    super(
      typeof message === "string" ? message : message.text,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = "AppError";
    this.code = code;
    this.words = typeof message === "string" ? details.words : toWords(message);
    this.fields = details.fields ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** A refusal that names one field, for rules that a schema cannot say. */
export function toFieldError(path: string, message: string | Sentence): AppError {
  const field = typeof message === "string" ? { path, message } : toFieldProblem(path, message);
  return new AppError("invalid_field", `${path}: ${field.message}`, { fields: [field] });
}

export const toFieldProblem = (path: string, message: Sentence): FieldProblem => ({
  ...{ path, message: message.text, words: toWords(message) },
});

const toWords = ({ code, values }: Sentence): Wording => ({ code, values });

/** The sentence of whatever was thrown, for logs and delivery reasons; never a stack. */
export function toErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
