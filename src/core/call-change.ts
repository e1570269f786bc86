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
}
