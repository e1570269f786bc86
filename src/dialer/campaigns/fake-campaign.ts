import { sql } from "kysely";
import { type RowId, type TenantId, toTenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { DEFAULT_AGENTS, DEFAULT_AMD, DEFAULT_IVR, DEFAULT_RETRY, DEFAULT_RING_SECONDS } from "../projects/defaults.ts";
import { loadProjects, saveNewProject } from "../projects/store.ts";
import { saveSchedule } from "./schedule-store.ts";

// Rows for tests of campaigns, without the doors they come in by.

export const ALWAYS = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: 0, ends: 86_400, enabled: true }));

export async function addTenant(database: Database, number: string, at: Date): Promise<TenantId> {
  const { rows } = await sql<{ id: number }>`
    insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
    values (${number}, ${number}, 'Europe/Madrid', 'ES', 'es', ${at}, ${at}) returning id`.execute(database.sql);
  return toTenantId(rows[0]?.id ?? 0);
}

export async function addProject(
  database: Database,
  tenantId: TenantId,
  { at, timeZone = "Europe/Madrid" }: { at: Date; timeZone?: string },
): Promise<RowId> {
  const number = String(
    (await loadProjects(database.sql, tenantId, { afterId: "0", rowsMax: 1_000, assignee: null })).length + 1,
  );
  const id = await saveNewProject(
    database.sql,
    {
      ...{ tenantId, number, name: `Project ${number}`, timeZone, language: "es", prefix: "", callerId: null },
      ...{ usesCallerIdPool: false, channelsMax: null, ringSeconds: DEFAULT_RING_SECONDS, mode: "ivr" },
      ...{ ivr: DEFAULT_IVR, amd: DEFAULT_AMD, retry: DEFAULT_RETRY, agents: DEFAULT_AGENTS, allowedAddresses: [] },
      ...{ webhookUrl: null, sealedWebhookSecret: null, policyId: null, disabledAt: null },
    },
    at,
  );
  if (id === null) throw new Error("the number of the project is taken");
  return id;
}

/** Contacts made by one statement. */
const PART = 250_000;

/** An active campaign that may always dial, with contacts +34600000000 and so on, all due at `at`. */
export async function addCampaign(
  database: Database,
  { tenantId, projectId, contacts, at }: { tenantId: TenantId; projectId: RowId; contacts: number; at: Date },
): Promise<RowId> {
  const { rows } = await sql<{ id: RowId }>`
    insert into campaigns (tenant_id, project_id, name, state, created_at, updated_at, started_at)
    values (${tenantId}, ${projectId}, 'Campaign', 'active', ${at}, ${at}, ${at}) returning id`.execute(database.sql);
  const campaignId = rows[0]?.id as RowId;
  await saveSchedule(database.sql, { tenantId, campaignId, windows: ALWAYS });
  for (let from = 0; from < contacts; from += PART) {
    await sql`
      insert into campaign_contacts (tenant_id, campaign_id, number, next_at, created_at)
      select ${tenantId}::int, ${campaignId}::bigint, '+34' || (600000000 + n), ${at}::timestamptz, ${at}::timestamptz
        from generate_series(${from}::int, ${Math.min(from + PART, contacts) - 1}::int) n order by n`.execute(
      database.sql,
    );
  }
  await sql`
    insert into campaign_counts (tenant_id, campaign_id, state, contacts)
    values (${tenantId}, ${campaignId}, 'pending', ${contacts})`.execute(database.sql);
  return campaignId;
}
