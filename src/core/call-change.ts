import { isDeepStrictEqual } from "node:util";
import type { Call } from "./call.ts";
import type { RowId, TenantId } from "./ids.ts";

/** A call that is being made, in its first revision; it has no id yet. */
export interface NewCall {
  tenantId: TenantId;
  callUuid: string;
  call: Call;
  recovered: boolean;
}

/** A call that became different: what `accept` hands to the way out, inside its own transaction. */
export interface CallChange {
  tenantId: TenantId;
  callId: RowId;
  /** When we first heard of the call; the month in which its facts and deliveries live. */
  callCreatedAt: Date;
  revision: number;
  call: Call;
  /** True when every new fact came from recovery: records follow, signals do not. */
  recovered: boolean;
  /** Only the story inside the call changed: somebody was put on hold. Absent otherwise. */
  isDetail?: true;
}

/** Whether `after` differs from `before` in nothing but `details`; asked of calls that do differ. */
export function isDetailChange(before: Call, after: Call): boolean {
  return after.details !== null && isDeepStrictEqual({ ...before, details: null }, { ...after, details: null });
}
