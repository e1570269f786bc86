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

/** One offending field of a request: `path` as the client wrote it (`settings.url`), `message` in plain words. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface AppErrorDetails {
  fields?: readonly FieldProblem[];
  /** Whole seconds the client should wait; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An expected refusal of a request. Anything else that is thrown is a bug and answers an opaque 500. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.fields = details.fields ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** A refusal that names one field, for rules that a schema cannot say. */
export function toFieldError(path: string, message: string): AppError {
  return new AppError("invalid_field", `${path}: ${message}`, { fields: [{ path, message }] });
}

/** The sentence of whatever was thrown, for logs and delivery reasons; never a stack. */
export function toErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
