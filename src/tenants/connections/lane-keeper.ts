import type { TenantId } from "../../core/ids.ts";
import type { Wording } from "../../core/sentence.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** What this room asks of the lanes, which belong to the way out; app.ts hands in `createLanes` of delivery/lanes.ts. */
export interface LaneKeeper {
  create(on: Sql, lane: LaneKey & LaneLimits): Promise<void>;
  change(on: Sql, lane: LaneKey & Partial<LaneLimits>): Promise<void>;
  /** False when it was paused already. */
  pause(on: Sql, lane: LaneKey & { by: string }): Promise<boolean>;
  resume(on: Sql, lane: LaneKey): Promise<void>;
  /** Ends a hold; false when there was none. */
  release(on: Sql, lane: LaneKey): Promise<boolean>;
  remove(on: Sql, lane: LaneKey): Promise<void>;
  loadStatus(on: Sql, tenantId: TenantId, connectionIds: readonly string[]): Promise<Map<string, LaneStatus>>;
}

export interface LaneKey {
  tenantId: TenantId;
  connectionId: string;
}

export interface LaneLimits {
  concurrency: number;
  perSecond: number | null;
  attemptsMax: number;
}

export interface LaneStatus extends LaneLimits {
  state: "active" | "paused" | "held" | "breaker_open" | "disabled";
  reason: string | null;
  reasonWords: Wording | null;
  queueDepth: number;
  dead: number;
  oldestDueAt: Date | null;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastReason: string | null;
  lastReasonWords: Wording | null;
}
