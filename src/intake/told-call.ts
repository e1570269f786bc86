import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import type { CallFact } from "../core/call-fact.ts";
import { AppError, type FieldProblem } from "../core/errors.ts";
import { type CallPostReader, createCallPostReader, type Locale, WORD_LENGTH_MAX } from "./call-post-reader.ts";
import { DIRECTION_WORDS, parseDirection, parseStatus, STATUS_WORDS } from "./reported-words.ts";
import { findUnstorable, toStorableText } from "./storable-json.ts";

export interface ToldCall {
  callUuid: string;
  fact: CallFact;
  /** The body as JSON text that the store can keep. */
  raw: string;
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
  const unstorable = findUnstorable(text, value);
  if (unstorable.length > 0) throw refuse(unstorable);
  if (!isPost(value)) throw refuse([{ path: "", message: "must be a JSON object" }]);
  const reader = createCallPostReader(value, locale);
  const callUuid = reader.callUuid();
  const fact = readFact(reader, toKey(value), now);
  if (reader.problems.length > 0) throw refuse(reader.problems);
  checkTimes(fact);
  return { callUuid, fact, raw: toStorableText(text, value) };
}

type Post = Readonly<Record<string, unknown>>;

function isPost(value: unknown): value is Post {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

function readFact(reader: CallPostReader, key: string, now: Date): CallFact {
  const startedAt = reader.instant("start_time");
  const answeredAt = reader.instant("answer_time");
  const endedAt = reader.instant("end_time");
  const [talkSeconds, duration] = [reader.seconds("talk_seconds"), reader.seconds("duration")];
  return withoutNothing({
    key,
    source: "webhook",
    at: reader.instant("event_time") ?? endedAt ?? answeredAt ?? startedAt ?? now,
    status: reader.word("status", parseStatus, STATUS_WORDS),
    direction: reader.word("direction", parseDirection, DIRECTION_WORDS),
    from: reader.party("from"),
    to: reader.party("to"),
    startedAt,
    answeredAt,
    endedAt,
    talkSeconds: talkSeconds ?? (answeredAt ? undefined : duration),
    agentExtension: reader.textOrNumber("agent_ext", 64),
    trunk: reader.text("trunk", WORD_LENGTH_MAX),
    pbx: reader.text("pbx_system", WORD_LENGTH_MAX),
    recordingUrl: reader.webUrl("recording_url"),
  });
}

function checkTimes({ startedAt, endedAt }: CallFact): void {
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
function toKey(post: Post): string {
  const names = Object.keys(post).sort();
  const fields = JSON.stringify(names.map((name) => [name, post[name]]));
  return `webhook:${hash("sha256", fields, "base64url").slice(0, 32)}`;
}

function withoutNothing(fact: { [K in keyof CallFact]: CallFact[K] | undefined }): CallFact {
  const said: Record<string, unknown> = {};
  for (const name in fact) if (fact[name as keyof CallFact] !== undefined) said[name] = fact[name as keyof CallFact];
  return said as unknown as CallFact;
}
