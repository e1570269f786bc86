import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";

export interface NewWebhook {
  tenantId: TenantId;
  attemptId: string;
  projectId: RowId;
  body: string;
}
export interface WebhookRow extends NewWebhook {
  tries: number;
}

const KEEP_MS = 7 * 86_400_000;
const DROPPED_MAX = 5_000;

export async function saveWebhooks(database: Database, rows: readonly NewWebhook[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await database.pool.query({
    name: "dialing.webhooks_save",
    text: `insert into dial_webhooks (tenant_id, attempt_id, project_id, body, due_at, created_at)
           select t.*, $5::timestamptz, $5::timestamptz
             from unnest($1::int[], $2::text[], $3::bigint[], $4::text[]) as t(tenant_id, attempt_id, project_id, body)
           on conflict (tenant_id, attempt_id) do nothing`,
    values: [
      rows.map(({ tenantId }) => tenantId),
      rows.map(({ attemptId }) => attemptId),
      rows.map(({ projectId }) => projectId),
      rows.map(({ body }) => body),
      now,
    ],
  });
}

/** Due ones, which nobody else takes before `until`. */
export async function claimWebhooks(
  database: Database,
  { now, until, rowsMax }: { now: Date; until: Date; rowsMax: number },
): Promise<WebhookRow[]> {
  const { rows } = await database.pool.query<{
    tenant_id: TenantId;
    attempt_id: string;
    project_id: RowId;
    body: string;
    tries: number;
  }>({
    name: "dialing.webhooks_claim",
    text: `with due as (select tenant_id, attempt_id from dial_webhooks where due_at <= $1
                         order by due_at limit $3 for update skip locked)
           update dial_webhooks w set due_at = $2 from due
            where w.tenant_id = due.tenant_id and w.attempt_id = due.attempt_id
           returning w.tenant_id, w.attempt_id, w.project_id, w.body, w.tries`,
    values: [now, until, rowsMax],
  });
  return rows.map((row) => ({
    ...{ tenantId: row.tenant_id, attemptId: row.attempt_id, projectId: row.project_id },
    ...{ body: row.body, tries: row.tries },
  }));
}

export async function settleWebhook(
  database: Database,
  { tenantId, attemptId }: NewWebhook,
  to: { tries: number; dueAt: Date | null; toldAt: Date | null; reason: string | null },
): Promise<void> {
  await database.pool.query({
    name: "dialing.webhooks_settle",
    text: `update dial_webhooks set tries = $3, due_at = $4, told_at = $5, reason = $6
            where tenant_id = $1 and attempt_id = $2`,
    values: [tenantId, attemptId, to.tries, to.dueAt, to.toldAt, to.reason],
  });
}

/** What was told, or given up, a week ago; some thousands at a time. Returns how many. */
export async function dropOldWebhooks(database: Database, now: Date): Promise<number> {
  const { rowCount } = await database.pool.query({
    name: "dialing.webhooks_drop",
    text: `delete from dial_webhooks where ctid in (
             select ctid from dial_webhooks where due_at is null and created_at < $1 limit ${DROPPED_MAX})`,
    values: [new Date(now.getTime() - KEEP_MS)],
  });
  return rowCount ?? 0;
}
