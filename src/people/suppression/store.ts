import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";

/** Of the whole tenant, of one project, or of one campaign. */
export type SuppressionScope =
  | { kind: "global" }
  | { kind: "project"; projectId: RowId }
  | { kind: "campaign"; campaignId: RowId };

/** `opt_out`: a key or word of the person themselves. */
export const SUPPRESSION_SOURCES = ["opt_out", "console", "api", "import"] as const;
export type SuppressionSource = (typeof SUPPRESSION_SOURCES)[number];

/** Somebody who is not to be called. */
export interface Suppression {
  tenantId: TenantId;
  id: RowId;
  number: PhoneNumber;
  projectId: RowId | null;
  campaignId: RowId | null;
  reason: string;
  source: SuppressionSource;
  /** `user:3`, `key:7`, `enlace`. */
  createdBy: string;
  createdAt: Date;
}

export type NewSuppression = Omit<Suppression, "id">;

const COLUMNS = sql`tenant_id as "tenantId", id, number, project_id as "projectId", campaign_id as "campaignId", reason, source,
  created_by as "createdBy", created_at as "createdAt"`;

/** Adds those that are not on the list; a number stands once in each scope, and the first reason stays. Returns what was added. */
export async function saveSuppressions(on: Sql, added: readonly NewSuppression[]): Promise<Suppression[]> {
  const column = <T>(pick: (entry: NewSuppression) => T): T[] => added.map(pick);
  const { rows } = await sql<Suppression>`
    insert into suppressions (tenant_id, number, project_id, campaign_id, reason, source, created_by, created_at)
    select * from unnest(${column((e) => e.tenantId)}::int[], ${column((e) => e.number)}::text[],
      ${column((e) => e.projectId)}::bigint[], ${column((e) => e.campaignId)}::bigint[], ${column((e) => e.reason)}::text[],
      ${column((e) => e.source)}::text[], ${column((e) => e.createdBy)}::text[], ${column((e) => e.createdAt)}::timestamptz[])
    on conflict (tenant_id, number, project_id, campaign_id) do nothing
    returning ${COLUMNS}`.execute(on);
  return rows;
}

/** One number, as a call of this project and campaign would meet the list. */
export interface SuppressionQuestion {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId | null;
  campaignId: RowId | null;
}

/** For each question the oldest entry that forbids the call, or `null`. One statement, whatever their number. */
export async function findSuppressions(
  { pool }: Pick<Database, "pool">,
  questions: readonly SuppressionQuestion[],
): Promise<(Suppression | null)[]> {
  if (questions.length === 0) return [];
  const { rows } = await pool.query<Suppression & { position: string }>({
    name: "suppressions-find",
    text: `select distinct on (q.position) q.position, s.tenant_id as "tenantId", s.id, s.number, s.project_id as "projectId",
                  s.campaign_id as "campaignId", s.reason, s.source, s.created_by as "createdBy", s.created_at as "createdAt"
             from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[])
                    with ordinality q(tenant_id, number, project_id, campaign_id, position)
             join suppressions s on s.tenant_id = q.tenant_id and s.number = q.number
              and (s.project_id is null or s.project_id = q.project_id)
              and (s.campaign_id is null or s.campaign_id = q.campaign_id)
            order by q.position, s.id`,
    values: [
      questions.map(({ tenantId }) => tenantId),
      questions.map(({ number }) => number),
      questions.map(({ projectId }) => projectId),
      questions.map(({ campaignId }) => campaignId),
    ],
  });
  const found = new Map(rows.map(({ position, ...entry }) => [Number(position), entry]));
  return questions.map((_question, index) => found.get(index + 1) ?? null);
}

export interface SuppressionFilter {
  beforeId?: string | undefined;
  scope?: "global" | "project" | "campaign" | undefined;
  projectId?: string | undefined;
  campaignId?: string | undefined;
  source?: SuppressionSource | undefined;
  /** Numbers that begin so, with their plus sign. */
  numberPrefix?: string | undefined;
  /** Entries of other projects and campaigns are left out; those of the whole tenant are not. */
  only?: { projectIds: readonly RowId[]; campaignIds: readonly RowId[] } | undefined;
  rowsMax: number;
}

/** Newest first. */
export async function loadSuppressions(
  from: Sql,
  tenantId: TenantId,
  filter: SuppressionFilter,
): Promise<Suppression[]> {
  const { beforeId, scope, projectId, campaignId, source, numberPrefix, only, rowsMax } = filter;
  const conditions = [
    sql`tenant_id = ${tenantId}`,
    ...(beforeId ? [sql`id < ${beforeId}`] : []),
    ...(scope === "global" ? [sql`project_id is null and campaign_id is null`] : []),
    ...(scope === "project" ? [sql`project_id is not null`] : []),
    ...(scope === "campaign" ? [sql`campaign_id is not null`] : []),
    ...(projectId ? [sql`project_id = ${projectId}`] : []),
    ...(campaignId ? [sql`campaign_id = ${campaignId}`] : []),
    ...(source ? [sql`source = ${source}`] : []),
    ...(numberPrefix ? [sql`number like ${`${numberPrefix}%`}`] : []),
    ...(only
      ? [
          sql`(project_id is null or project_id = any(${[...only.projectIds]}::bigint[]))`,
          sql`(campaign_id is null or campaign_id = any(${[...only.campaignIds]}::bigint[]))`,
        ]
      : []),
  ];
  const { rows } = await sql<Suppression>`
    select ${COLUMNS} from suppressions where ${sql.join(conditions, sql` and `)} order by id desc limit ${rowsMax}`.execute(
    from,
  );
  return rows;
}

export async function loadSuppression(from: Sql, tenantId: TenantId, id: string): Promise<Suppression | null> {
  const { rows } = await sql<Suppression>`
    select ${COLUMNS} from suppressions where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  return rows[0] ?? null;
}

export async function removeSuppression(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql`delete from suppressions where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}
