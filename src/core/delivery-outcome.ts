import type { Wording } from "./sentence.ts";

/**
 * What one attempt to deliver came to. A connector returns this value and throws only when it has a bug.
 *
 * - `delivered`: the other side has the right row. `remote` names it; `review` asks a person to look (ambiguous contact …).
 * - `retry`: not now. `afterMs` honours Retry-After; `uncertain` says that the other side may still be working on it, so
 *   the next attempt waits until a late success would be visible (see `UNCERTAIN_GRACE_MS` in delivery/retry-policy.ts).
 * - `rejected`: never, with this data. Becomes a dead letter with the other side's own words.
 * - `hold`: never, with these credentials or settings. Pauses the whole lane and burns no attempt.
 *
 * `reason` and `review` are English; `words` say which sentence of ours that is, if it is one.
 */
export type DeliveryOutcome =
  | { kind: "delivered"; remote: RemoteRecord | null; review?: string; words?: Wording }
  | { kind: "retry"; reason: string; words?: Wording; afterMs?: number; uncertain?: boolean }
  | { kind: "rejected"; reason: string; words?: Wording }
  | { kind: "hold"; reason: string; words?: Wording };

/** The row over there. Every id is text, whatever the other side uses (`12x34`, 2^60, `externalCall.…`). */
export interface RemoteRecord {
  id: string;
  /** Page a person can open, when the other side has one. */
  url?: string;
  /** Further ids worth keeping: contact, owner … by their name over there. */
  refs?: Readonly<Record<string, string>>;
}
