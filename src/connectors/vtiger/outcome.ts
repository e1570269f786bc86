import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import { VtigerFailure } from "./answer.ts";

const WRITES: ReadonlySet<string> = new Set(["create", "revise"]);

/** What a failed attempt means for the delivery. Rethrows what is not Vtiger's doing: a bug. */
export function toOutcome(error: unknown, signal: AbortSignal): DeliveryOutcome {
  if (!(error instanceof VtigerFailure)) {
    if (signal.aborted) return { kind: "retry", reason: "interrupted" };
    throw error;
  }
  const { kind, message: reason, afterMs, operation, unsent } = error;
  switch (kind) {
    case "session":
    case "busy":
      return { kind: "retry", reason, ...(afterMs !== undefined && { afterMs }) };
    case "unclear":
      // a late create would double the record, a late revise would overwrite a newer one
      return {
        kind: "retry",
        reason,
        ...(afterMs !== undefined && { afterMs }),
        ...(WRITES.has(operation) && !unsent && { uncertain: true }),
      };
    case "credentials":
    case "setup":
      return { kind: "hold", reason };
    case "denied":
      return { kind: "hold", reason: `the API user lacks a right: ${reason}` };
    case "owner":
    case "reference":
    case "duplicate":
    case "data":
      return { kind: "rejected", reason };
  }
}
