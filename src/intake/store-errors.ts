import { AppError } from "../core/errors.ts";
import { isStoreUnavailable } from "../kit/postgres/store-unavailable.ts";

/** What the store says when a batch cannot be kept. Codes: PostgreSQL's documentation, appendix A. */

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** Two transactions stood in each other's way: the same batch may simply be tried again. */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === "40P01" || codeOf(error) === "40001";
}

/** The month of this instant has no partition yet. */
export function isMissingMonth(error: unknown): boolean {
  return codeOf(error) === "23514" && error instanceof Error && error.message.startsWith("no partition of relation");
}

/** Nothing can be kept now, whoever asks; 25006 is a standby that has not been promoted yet. */
export function isStoreDown(error: unknown): boolean {
  return isStoreUnavailable(error) || codeOf(error) === "25006";
}

/** What to answer whoever told the one fact that fails by itself; what is not the fact's fault stays what it is. */
export function toRefusal(error: unknown): unknown {
  const isBadValue = codeOf(error).startsWith("22") || codeOf(error).startsWith("54");
  if (!isBadValue || !(error instanceof Error)) return error;
  const message = `holds a value that cannot be kept: ${error.message}`;
  return new AppError("invalid_field", `The call ${message}`, { fields: [{ path: "", message }], cause: error });
}
