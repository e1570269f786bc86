import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import { toReason } from "../../core/sentence.ts";
import { VtigerFailure } from "./answer.ts";
import { say } from "./words.ts";

const WRITES: ReadonlySet<string> = new Set(["create", "revise"]);

/** What a failed attempt means for the delivery. Rethrows what is not Vtiger's doing: a bug. */
export function toOutcome(error: unknown, signal: AbortSignal): DeliveryOutcome {
  if (!(error instanceof VtigerFailure)) {
    if (signal.aborted) return { kind: "retry", ...toReason(say("interrupted")) };
    throw error;
  }
  const { kind, afterMs, operation, unsent } = error;
  const why = toReason(error.sentence);
  switch (kind) {
    case "session":
    case "busy":
      return { kind: "retry", ...why, ...(afterMs !== undefined && { afterMs }) };
    case "unclear":
      // a late create would double the record, a late revise would overwrite a newer one
      return {
        kind: "retry",
        ...why,
        ...(afterMs !== undefined && { afterMs }),
        ...(WRITES.has(operation) && !unsent && { uncertain: true }),
      };
    case "credentials":
    case "setup":
      return { kind: "hold", ...why };
    case "denied":
      return { kind: "hold", ...toReason(say("lacksRight", { why: error.sentence })) };
    case "owner":
    case "reference":
    case "duplicate":
    case "data":
      return { kind: "rejected", ...why };
  }
}
