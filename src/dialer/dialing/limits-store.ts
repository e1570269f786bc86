import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";

/** How much may be dialled at once; `null`: no limit of its own. */
export interface DialerLimits {
  /** Calls started a second. */
  perSecond: number | null;
  channelsMax: number | null;
  /** For every trunk, beside the trunk's own. */
  channelsPerTrunk: number | null;
  /** Single calls that may wait. */
  queueMax: number;
}

/** In place of a tenant: the whole installation. */
export const INSTALLATION = 0;
/** Of a tenant for which nothing else was said. */
export const TENANT_DEFAULTS: DialerLimits = {
  perSecond: 50,
  channelsMax: 500,
  channelsPerTrunk: null,
  queueMax: 10_000,
};

interface LimitsRow {
  tenant_id: number;
  per_second: string | null;
  channels_max: number | null;
  channels_per_trunk: number | null;
  queue_max: number | null;
}

export async function loadAllLimits(database: Database): Promise<Map<number, DialerLimits>> {
  const { rows } = await database.pool.query<LimitsRow>({
    name: "dialing.limits",
    text: "select tenant_id, per_second, channels_max, channels_per_trunk, queue_max from dialer_limits",
  });
  return new Map(rows.map((row) => [row.tenant_id, fromRow(row)]));
}

export async function loadLimits(from: Sql, tenantId: TenantId | typeof INSTALLATION): Promise<DialerLimits | null> {
  const { rows } = await sql<LimitsRow>`select * from dialer_limits where tenant_id = ${tenantId}`.execute(from);
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function saveLimits(
  on: Sql,
  tenantId: TenantId | typeof INSTALLATION,
  { limits, at }: { limits: DialerLimits; at: Date },
): Promise<void> {
  const { perSecond, channelsMax, channelsPerTrunk, queueMax } = limits;
  await sql`
    insert into dialer_limits (tenant_id, per_second, channels_max, channels_per_trunk, queue_max, updated_at)
    values (${tenantId}, ${perSecond}, ${channelsMax}, ${channelsPerTrunk}, ${queueMax}, ${at})
    on conflict (tenant_id) do update
       set per_second = excluded.per_second, channels_max = excluded.channels_max,
           channels_per_trunk = excluded.channels_per_trunk, queue_max = excluded.queue_max,
           updated_at = excluded.updated_at`.execute(on);
}

const fromRow = (row: LimitsRow): DialerLimits => ({
  perSecond: row.per_second === null ? null : Number(row.per_second),
  channelsMax: row.channels_max,
  channelsPerTrunk: row.channels_per_trunk,
  queueMax: row.queue_max ?? TENANT_DEFAULTS.queueMax,
});
