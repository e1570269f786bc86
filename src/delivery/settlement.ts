import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import type { Wording } from "../core/sentence.ts";
import { toRetryDelayMs, UNCERTAIN_GRACE_MS } from "./retry-policy.ts";

/** What a leased delivery becomes. If a newer revision came meanwhile, `newerDueAt` is when that one is due. */
export interface Settlement {
  state: "delivered" | "pending" | "dead" | "expired";
  attempts: number;
  dueAt: Date;
  newerDueAt: Date;
  reason: string | null;
  words?: Wording | undefined;
}

export interface SettlementInputs {
  /** Counted attempts before this one. */
  attempts: number;
  attemptsMax: number;
  expiresAt: Date | null;
  outcome: DeliveryOutcome;
  /** The attempt was ended by us (stop, lost heartbeat), not by the other side: it does not count. */
  givenBack: boolean;
  now: Date;
  /** Uniform in [0, 1). */
  fraction: number;
  graceMs?: number;
}

/** A held lane is not claimed from; this only keeps a lane that was resumed in the same moment from spinning. */
const HOLD_PAUSE_MS = 1_000;

/** Pure: the next state of a leased delivery after its attempt. See worker.ts for the whole drawing. */
export function toSettlement(inputs: SettlementInputs): Settlement {
  const { outcome, now } = inputs;
  switch (outcome.kind) {
    case "delivered":
      return { state: "delivered", attempts: 0, dueAt: now, newerDueAt: now, reason: null };
    case "rejected":
      return { state: "dead", attempts: inputs.attempts + 1, dueAt: now, newerDueAt: now, ...toWhy(outcome) };
    case "hold": {
      const dueAt = new Date(now.getTime() + HOLD_PAUSE_MS);
      return { state: "pending", attempts: inputs.attempts, dueAt, newerDueAt: dueAt, ...toWhy(outcome) };
    }
    case "retry":
      return toRetry(inputs, outcome);
  }
}

function toRetry(inputs: SettlementInputs, outcome: Extract<DeliveryOutcome, { kind: "retry" }>): Settlement {
  const attempts = inputs.attempts + (inputs.givenBack ? 0 : 1);
  const { afterMs, uncertain } = outcome;
  const failed = { attempts: Math.max(1, attempts), afterMs, uncertain, graceMs: inputs.graceMs };
  const delayMs = toRetryDelayMs(failed, inputs.fraction);
  const dueAt = new Date(inputs.now.getTime() + delayMs);
  const settlement = { attempts, dueAt, newerDueAt: dueAt, ...toWhy(outcome) };
  if (attempts >= inputs.attemptsMax) return { ...settlement, dueAt: toRevivalAt(inputs, uncertain), state: "dead" };
  if (inputs.expiresAt !== null && dueAt >= inputs.expiresAt) return { ...settlement, state: "expired" };
  return { ...settlement, state: "pending" };
}

const toWhy = ({ reason, words }: { reason: string; words?: Wording }): Pick<Settlement, "reason" | "words"> =>
  words ? { reason, words } : { reason };

/** When a dead letter may be tried again, should somebody ask: not while a late success of its last attempt may show up. */
function toRevivalAt({ now, graceMs = UNCERTAIN_GRACE_MS }: SettlementInputs, uncertain = false): Date {
  return uncertain ? new Date(now.getTime() + graceMs) : now;
}
