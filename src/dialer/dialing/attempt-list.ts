import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { type AttemptRow, fromRow, type KeptAttempt } from "./attempt-row.ts";
import type { AttemptQuery } from "./schema.ts";

export interface AttemptAsk {
  tenantId: TenantId;
  filter: Omit<AttemptQuery, "limit" | "cursor">;
  /** Supervisors see attempts of projects they are assigned to; `null`: all. */
  assignee: RowId | null;
  /** Where the page before ended. */
  after: { at: Date; id: string } | undefined;
  rowsMax: number;
}

/** Attempts, the latest first. */
export async function listAttempts(database: Database, ask: AttemptAsk): Promise<KeptAttempt[]> {
  const { tenantId, filter, assignee, after, rowsMax } = ask;
  const conditions = [
    sql`a.tenant_id = ${tenantId}`,
    ...toConditions(filter),
    ...(after ? [sql`(a.queued_at, a.id) < (${after.at}, ${after.id})`] : []),
  ];
  const newest = sql`order by a.queued_at desc, a.id desc limit ${rowsMax}`;
  const all = sql`select * from dial_attempts a where ${sql.join(conditions, sql` and `)}`;
  // A page of each project by its own index: beside one that dials all day, a quiet project's attempts lie far back.
  const page =
    assignee === null
      ? sql`${all} ${newest}`
      : sql`select a.* from project_users u cross join lateral (${all} and a.project_id = u.project_id ${newest}) a
             where u.tenant_id = ${tenantId} and u.user_id = ${assignee} ${newest}`;
  const { rows } = await sql<AttemptRow>`${page}`.execute(database.sql);
  return rows.map(fromRow);
}

const EQUAL = ["project_id", "campaign_id", "contact_id", "state", "disposition", "source", "number"] as const;

function toConditions(filter: AttemptAsk["filter"]) {
  const { since, until } = filter;
  return [
    ...EQUAL.flatMap((name) => {
      const value = filter[name];
      return value === undefined ? [] : [sql`${sql.ref(`a.${name}`)} = ${value}`];
    }),
    ...(since ? [sql`a.queued_at >= ${since}`] : []),
    ...(until ? [sql`a.queued_at < ${until}`] : []),
  ];
}
