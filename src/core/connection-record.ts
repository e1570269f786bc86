import type { TenantId } from "./ids.ts";
import type { Sentence } from "./sentence.ts";

/** A tenant's configured connector, with its settings opened. Lives for one request or attempt; never logged. */
export interface ConnectionRecord {
  tenantId: TenantId;
  /** Decimal text. */
  id: string;
  /** Which connector: `vtiger`, `webhook` … */
  connector: string;
  name: string;
  /** As the connector's schema parsed them; `null` when they cannot be used, and `problem` says why. */
  settings: unknown;
  problem: Sentence | null;
  enabled: boolean;
  /** Grows by one with every change of settings; a session belongs to one version. */
  version: number;
  origin: "environment" | "api";
}
