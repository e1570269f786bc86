import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import type { CallFact } from "../core/call-fact.ts";
import { AppError, type FieldProblem } from "../core/errors.ts";
import { parsePartyNumber } from "../core/phone-number.ts";
import { parseInstant } from "./instant.ts";
import { parseDirection, parseStatus } from "./reported-words.ts";
import { type CallPost, callPost } from "./schema.ts";
import { findUnstorable, toStorableText } from "./storable-json.ts";

export interface ToldCall {
  callUuid: string;
  fact: CallFact;
  /** The body as JSON text that the store can keep. */
  raw: string;
}

/** Whose clock and dialling habits the body is read by. */
export interface Locale {
  timeZone: string;
  country: string;
}

/** A longer one is a clock that was set, not a call. */
const CALL_DAYS_MAX = 31;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads the body of a posted call, received at `now`. Throws `invalid_json`, or `invalid_field` naming every field that
 * cannot be taken.
 */
export function parseToldCall(body: Buffer, locale: Locale, now: Date): ToldCall {
  const { text, value } = parseJson(body);
  const unstorable = findUnstorable(value);
  if (unstorable.length > 0) throw refuse(unstorable);
  const result = callPost.safeParse(value);
  if (!result.success) {
    throw refuse(result.error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
  }
  const fact = toFact(result.data, locale, now);
  return { callUuid: result.data.call_uuid, fact, raw: toStorableText(text, value) };
}

const utf8 = new TextDecoder();

function parseJson(body: Buffer): { text: string; value: unknown } {
  if (!isUtf8(body)) throw new AppError("invalid_json", "The body is not UTF-8 text.");
  const text = utf8.decode(body); // drops a byte order mark
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw new AppError("invalid_json", "The body is not JSON.", { cause: error });
  }
}

function refuse(fields: readonly FieldProblem[]): AppError {
  const [first] = fields;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : "";
  return new AppError("invalid_field", `${first?.path || "The body"} ${first?.message}${more}`, { fields });
}

function toFact(post: CallPost, { timeZone, country }: Locale, now: Date): CallFact {
  const instant = (text: string | null | undefined): Date | undefined =>
    given(text, (one) => parseInstant(one, timeZone));
  const party = (value: string | number | null | undefined) => given(value, (one) => parsePartyNumber(one, country));
  const [startedAt, answeredAt, endedAt] = [post.start_time, post.answer_time, post.end_time].map(instant);
  checkTimes(startedAt, endedAt);
  return withoutNothing({
    key: toKey(post),
    source: "webhook",
    at: instant(post.event_time) ?? endedAt ?? answeredAt ?? startedAt ?? now,
    status: given(post.status, parseStatus),
    direction: given(post.direction, parseDirection),
    from: party(post.from),
    to: party(post.to),
    startedAt,
    answeredAt,
    endedAt,
    talkSeconds: given(post.talk_seconds, Number) ?? (answeredAt ? undefined : given(post.duration, Number)),
    agentExtension: given(post.agent_ext, String),
    trunk: given(post.trunk, String),
    pbx: given(post.pbx_system, String),
    recordingUrl: given(post.recording_url, String),
  });
}

/** `convert` of the trimmed text; nothing of nothing, and a blank is nothing. */
function given<T>(value: string | number | null | undefined, convert: (text: string) => T): T | undefined {
  const text = String(value ?? "").trim();
  return text === "" ? undefined : convert(text);
}

function checkTimes(startedAt: Date | undefined, endedAt: Date | undefined): void {
  if (!startedAt || !endedAt) return;
  const lastedMs = endedAt.getTime() - startedAt.getTime();
  if (lastedMs < 0) throw refuse([{ path: "end_time", message: "must not be before start_time" }]);
  if (lastedMs > CALL_DAYS_MAX * DAY_MS) {
    throw refuse([{ path: "end_time", message: `must not be more than ${CALL_DAYS_MAX} days after start_time` }]);
  }
}

/**
 * The same post has the same key, however it is spaced, ordered or signed. A post with one more field, known to us or not,
 * is another fact.
 */
function toKey(post: CallPost): string {
  const fields = Object.entries(post).sort(([a], [b]) => (a < b ? -1 : 1));
  return `webhook:${hash("sha256", JSON.stringify(fields), "base64url").slice(0, 32)}`;
}

function withoutNothing(fact: { [K in keyof CallFact]: CallFact[K] | undefined }): CallFact {
  return Object.fromEntries(Object.entries(fact).filter(([, value]) => value !== undefined)) as unknown as CallFact;
}
