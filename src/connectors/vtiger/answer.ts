import { z } from "zod";
import type { Sentence } from "../../core/sentence.ts";
import type { HttpAnswer } from "../../kit/http-client.ts";
import { parseRetryAfterMs } from "../../kit/retry-after.ts";
import { say } from "./words.ts";

/**
 * What an answer of Vtiger means. Every application error comes with HTTP 200, so the body decides and the status is asked
 * only when there is no readable body.
 *
 * - `session`: log in again and repeat. `credentials`: wrong user or key, or an overlapping log-in.
 * - `denied`: a right is missing, or the record is deleted or hidden: only the operation knows which. `owner`: the record
 *   cannot be assigned to that user. `reference`: a link is wrong.
 * - `duplicate`: a unique field's value exists. `data`: the record is wrong and will stay so.
 * - `busy`: later. `setup`: what answers is not Vtiger's web service. `unclear`: it may have been done or not.
 */
export type FailureKind =
  | "session"
  | "credentials"
  | "denied"
  | "owner"
  | "reference"
  | "duplicate"
  | "data"
  | "busy"
  | "setup"
  | "unclear";

export type ParsedAnswer = { ok: true; result: unknown } | { ok: false; failure: VtigerFailure };

export interface FailureDetails {
  code?: string;
  afterMs?: number | undefined;
  unsent?: boolean;
  operation?: string;
}

/** Vtiger refused or failed. `sentence` (`message` is its English) is fit for the administrator and holds no credentials. */
export class VtigerFailure extends Error {
  readonly kind: FailureKind;
  readonly sentence: Sentence;
  /** Vtiger's own code; empty when it did not speak. */
  readonly code: string;
  readonly afterMs: number | undefined;
  /** No byte of the request left, so nothing can have been done over there. */
  readonly unsent: boolean;
  /** What was asked; empty when that is not known yet. */
  readonly operation: string;
  constructor(kind: FailureKind, sentence: Sentence, more: FailureDetails = {}) {
    super(sentence.text);
    this.name = "VtigerFailure";
    this.kind = kind;
    this.sentence = sentence;
    this.code = more.code ?? "";
    this.afterMs = more.afterMs;
    this.unsent = more.unsent ?? false;
    this.operation = more.operation ?? "";
  }
}

const body = z.discriminatedUnion("success", [
  z.object({ success: z.literal(true), result: z.unknown() }),
  z.object({
    success: z.literal(false),
    error: z.object({ code: z.union([z.string(), z.number()]).catch(""), message: z.string().catch("") }),
  }),
]);

const SESSION_CODES = new Set([
  "INVALID_SESSIONID",
  "AUTHENTICATION_REQUIRED",
  "SESSION_EXPIRED",
  "SESSION_LEFT_IDLE",
  "AUTHENTICATION_FAILURE",
]);
const KIND_BY_CODE: Readonly<Record<string, Exclude<FailureKind, "busy">>> = {
  INVALID_USER_CREDENTIALS: "credentials",
  INVALID_AUTH_TOKEN: "credentials",
  ACCESSKEY_UNDEFINED: "credentials",
  ACCESS_DENIED: "denied",
  RECORD_NOT_FOUND: "denied",
  REFERENCE_INVALID: "reference",
  INVALID_ID_ATTRIBUTE: "reference",
  MANDATORY_FIELDS_MISSING: "data",
  QUERY_SYNTAX_ERROR: "data",
  UNKNOWN_OPERATION: "setup",
  OPERATION_NOT_SUPPORTED: "setup",
};

/** Reads an answer to any operation. Never throws. */
export function parseAnswer(answer: HttpAnswer, now: Date): ParsedAnswer {
  const parsed = body.safeParse(parseJson(answer.text));
  if (!parsed.success) return { ok: false, failure: toUnreadable(answer, now) };
  if (parsed.data.success) return { ok: true, result: parsed.data.result };
  const { code, message } = parsed.data.error;
  return { ok: false, failure: toFailure(code, message) };
}

function toFailure(code: string | number, message: string): VtigerFailure {
  const kind = toKind(code, message);
  const sentence = say(kind, { code: String(code), said: message.slice(0, 500) });
  return new VtigerFailure(kind, sentence, { code: String(code) });
}

/** A busy one says so by its status. */
function toKind(code: string | number, message: string): Exclude<FailureKind, "busy"> {
  if (code === 0 || code === "0" || (code === "" && /duplic/i.test(message))) return "duplicate";
  if (SESSION_CODES.has(String(code))) return "session";
  if (code === "ACCESS_DENIED" && /cannot assign record/i.test(message)) return "owner";
  if (code === "ACCESS_DENIED" && /denied for id$/i.test(message)) return "reference";
  return KIND_BY_CODE[String(code)] ?? "unclear";
}

/** Warnings of PHP may stand before the JSON where display_errors is on. */
function parseJson(text: string): unknown {
  const start = text.search(/\{\s*"(success|error)"/);
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start).trimEnd());
  } catch {
    return undefined; // broken off or not JSON: `toUnreadable` says what it looks like
  }
}

function toUnreadable({ status, headers, text }: HttpAnswer, now: Date): VtigerFailure {
  const afterMs = parseRetryAfterMs(headers["retry-after"], now);
  const what = say(text.trim() === "" ? "empty" : "unreadable", { status });
  if (status === 429 || status === 503) return new VtigerFailure("busy", what, { afterMs });
  if (status >= 500) return new VtigerFailure("unclear", what, { afterMs });
  if (status >= 300 && status < 400) {
    return new VtigerFailure("setup", say("redirected", { why: what }));
  }
  if (status === 404 || status === 405) {
    return new VtigerFailure("setup", say("noService", { why: what }));
  }
  if (status >= 400) return new VtigerFailure("setup", say("frontRefuses", { why: what }));
  return isStackTrace(text) ? new VtigerFailure("data", say("brokeDown")) : new VtigerFailure("unclear", what);
}

/** Vtiger prints a trace with HTTP 200 when the database refuses a value, for instance a date it cannot read. */
const isStackTrace = (text: string): boolean =>
  /query failed|<pre>\s*array\s*\(|stack trace|fatal error|\badodb\b/i.test(text.slice(0, 20_000));
