import type { RemoteRecord } from "./delivery-outcome.ts";
import type { RowId, TenantId } from "./ids.ts";

/** How far a call's record has come on one connection: what `Prefer: wait` and the call log tell about the way out. */
export interface CallDelivery {
  connectionId: RowId;
  /** The connection's name. */
  connection: string;
  connector: string;
  state: "pending" | "leased" | "delivered" | "dead" | "expired" | "discarded";
  remote: RemoteRecord | null;
  /** Why it is not delivered, in words, where anybody knows. */
  reason: string | null;
}

/**
 * Resolves with the record deliveries of a call as soon as each of them has delivered `revision` (or a later one), or has
 * come to rest without (dead, discarded). No deliveries resolve at once. Rejects with the signal's reason.
 */
export type WaitForCall = (
  tenantId: TenantId,
  callId: RowId,
  revision: number,
  signal: AbortSignal,
) => Promise<readonly CallDelivery[]>;
