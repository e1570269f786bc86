import { reviveDetails, type ToldDetails } from "./call-details.ts";
import type { PartyNumber } from "./phone-number.ts";

/** Where a fact came from. `recovery` facts never raise pop-ups. */
export type FactSource = "webhook" | "hook" | "ami" | "agi" | "dialer" | "recovery";

export type CallDirection = "inbound" | "outbound" | "internal";

/** How far a report says the call has come. The order is the order of life; see `PROGRESS` in call.ts. */
export type ReportedStatus = "ringing" | "in_progress" | EndedStatus;
export type EndedStatus = "answered" | "missed" | "busy" | "failed" | "cancelled" | "machine" | "transferred" | "lost";

/**
 * One thing somebody told us about a call. Facts arrive late, twice and in any order; `reduceCall` does not care.
 * `key` identifies the fact within its call: the same fact told twice has the same key.
 * All instants are UTC. Every other field is optional: a fact says what it knows and nothing else.
 */
export interface CallFact {
  key: string;
  source: FactSource;
  /** When it happened, as told by the source; the instant of receipt if the source names none. */
  at: Date;
  status?: ReportedStatus;
  direction?: CallDirection;
  from?: PartyNumber;
  to?: PartyNumber;
  startedAt?: Date;
  answeredAt?: Date;
  endedAt?: Date;
  /** Seconds of conversation as counted by the source. */
  talkSeconds?: number;
  agentExtension?: string;
  trunk?: string;
  /** Name of the PBX as the source calls it. */
  pbx?: string;
  recordingUrl?: string;
  /** Who was rung, who talked, who waited: pieces of the story inside the call. */
  details?: ToldDetails;
}

/** A fact as `JSON.stringify` wrote it: instants are ISO-8601 text, those inside `details` too. */
export type StoredFact = { [K in keyof CallFact]: CallFact[K] extends Date | undefined ? string : CallFact[K] };

const INSTANTS = ["at", "startedAt", "answeredAt", "endedAt"] as const;

/** As JSON text. The dates first: one inside would make the whole text take three times as long. */
export function toFactText(fact: CallFact): string {
  const stored: Record<string, unknown> = { ...fact };
  for (const name of INSTANTS) if (fact[name] !== undefined) stored[name] = fact[name].toISOString();
  return JSON.stringify(stored);
}

/** Takes a fact back from our own store. */
export function reviveFact(stored: StoredFact): CallFact {
  const fact: Record<string, unknown> = { ...stored };
  for (const name of INSTANTS) if (stored[name] !== undefined) fact[name] = new Date(stored[name]);
  if (stored.details !== undefined) fact.details = reviveDetails(stored.details);
  return fact as unknown as CallFact;
}
