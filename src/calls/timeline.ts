import { reviveFact } from "../core/call-fact.ts";
import { toWording } from "../core/sentence.ts";
import { toInstant } from "../http/wire.ts";
import { toWireWords } from "../kit/word-fields.ts";
import { toFactSentence } from "./fact-words.ts";
import type { TimelineEntry } from "./schema.ts";
import type { StoredAttempt, StoredTelling } from "./store.ts";

/** What was told about a call and what was done with it, oldest first; in a tie, first what was told. Pure. */
export function toTimeline(tellings: readonly StoredTelling[], attempts: readonly StoredAttempt[]): TimelineEntry[] {
  const entries = [...tellings.map(fromTelling).toReversed(), ...attempts.map(fromAttempt).toReversed()];
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function fromTelling({ fact, source, at, received_at, raw }: StoredTelling): TimelineEntry {
  const sentence = toFactSentence(reviveFact(fact));
  return {
    at: toInstant(at),
    kind: "fact",
    ...{ text: sentence.text, ...toWireWords("text", sentence) },
    source,
    received_at: toInstant(received_at),
    raw,
    delivery_id: null,
    connection: null,
    outcome: null,
    duration_ms: null,
    ...{ number: null, reason: null, ...toWireWords("reason", null) },
  };
}

function fromAttempt(attempt: StoredAttempt): TimelineEntry {
  const { connection, outcome, duration_ms, reason, number } = attempt;
  return {
    at: toInstant(attempt.started_at),
    kind: "attempt",
    text: `${connection}: ${outcome} (attempt ${number}, ${duration_ms} ms)${reason ? `: ${reason}` : ""}`,
    ...toWireWords("text", null),
    source: null,
    received_at: null,
    raw: null,
    delivery_id: attempt.delivery_id,
    connection,
    outcome,
    duration_ms,
    ...{ number, reason, ...toWireWords("reason", toWording(reason, attempt.reason_words)) },
  };
}
