import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";

/** What a tenant wants of its recordings. */
export interface RecordingSettings {
  /** `told`: an address that an event told goes to CRMs as it is, if people can reach it. `enlace`: always a link of ours. */
  crmLink: "told" | "enlace";
  /** Whether complete recordings are copied into Enlace's own folder, where they stay when the PBX deletes them. */
  keepCopies: boolean;
  /** For so long after the call can be heard through Enlace; then links are dead and copies deleted. 1 … 3650. */
  retentionDays: number;
}

export const DEFAULT_SETTINGS: RecordingSettings = { crmLink: "told", keepCopies: false, retentionDays: 730 };

const TTL_MS = 60_000;
const TENANTS_MAX = 20_000;
const DAY_MS = 86_400_000;

/** When a recording of a call that ended then is past its time. */
export function toEndOfKeeping(endedAt: Date, { retentionDays }: RecordingSettings): Date {
  return new Date(endedAt.getTime() + retentionDays * DAY_MS);
}

/** Kept for a minute; forgotten at once when a change is notified. */
export function createSettingsCache(options: { database: Database; listener: Pick<Listener, "on">; clock: Clock }) {
  const { database, listener, clock } = options;
  const load = (tenantId: TenantId): Promise<RecordingSettings> => loadSettings(database.sql, tenantId);
  const cache = createCache<TenantId, RecordingSettings>({ clock, ttlMs: TTL_MS, keysMax: TENANTS_MAX, load });
  const stop = listener.on("settings", (tenantId) => {
    if (tenantId === null) cache.forgetAll();
    else cache.forget(Number(tenantId) as TenantId);
  });
  return { load: cache.get, stop };
}

export async function loadSettings(from: Sql, tenantId: TenantId): Promise<RecordingSettings> {
  const { rows } = await sql<RecordingSettings>`
    select crm_link as "crmLink", keep_copies as "keepCopies", retention_days as "retentionDays"
      from recording_settings where tenant_id = ${tenantId}`.execute(from);
  return rows[0] ?? DEFAULT_SETTINGS;
}

/** Tells every process, at the commit. */
export async function saveSettings(
  on: Sql,
  tenantId: TenantId,
  wanted: RecordingSettings & { at: Date },
): Promise<void> {
  await sql`
    insert into recording_settings (tenant_id, crm_link, keep_copies, retention_days, updated_at)
    values (${tenantId}, ${wanted.crmLink}, ${wanted.keepCopies}, ${wanted.retentionDays}, ${wanted.at})
    on conflict (tenant_id) do update set crm_link = excluded.crm_link, keep_copies = excluded.keep_copies,
      retention_days = excluded.retention_days, updated_at = excluded.updated_at`.execute(on);
  await sql`select pg_notify('settings', ${String(tenantId)})`.execute(on);
}
