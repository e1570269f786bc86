import type { RowId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";

/** A call that was allowed before, to this number or about this debt. */
export interface PastCall {
  attemptId: string;
  number: PhoneNumber;
  debt: string | null;
  at: Date;
  projectId: RowId;
  callerId: string | null;
  /** A person talked with us. */
  reached: boolean;
  disposition: string | null;
}

/** No pack counts farther back. */
export const HISTORY_DAYS = 31;
/** More calls to one number than any cap lets through. */
export const HISTORY_MAX = 200;
