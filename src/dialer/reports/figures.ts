import { type RawBuilder, sql } from "kysely";
import type { Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** The dial attempts of a stretch of time, counted. It reads them once, by the index of the newest. */
export interface DialFigures extends DialCounts {
  /** Most attempts first; `name` is `null` for what is there no more. */
  projects: (Named & DialCounts)[];
  /** Without `id`: what was dialled for no campaign. */
  campaigns: (Named & DialCounts)[];
  dispositions: { disposition: Disposition; attempts: number }[];
  caller_ids: ({ number: string } & DialCounts)[];
}

interface Named {
  id: RowId | null;
  name: string | null;
}

export interface DialCounts {
  /** Asked for in this time. */
  attempts: number;
  /** Dialled, and over. */
  dialed: number;
  /** Of these, picked up: by somebody or by a machine. */
  answered: number;
  /** Of these, by a person. */
  people: number;
  talk_seconds: number;
}

export interface FiguresAsk {
  tenantId: TenantId;
  since: Date;
  until: Date;
  projectId?: string | undefined;
  campaignId?: string | undefined;
  /** Only of projects that this user is assigned to; `null`: of all. */
  assignee: RowId | null;
}

interface Row extends DialCounts {
  grouping: "all" | "project" | "campaign" | "caller_id" | "disposition";
  project_id: RowId | null;
  campaign_id: RowId | null;
  caller_id: string | null;
  disposition: Disposition | null;
  name: string | null;
}

const LINES_MAX = 500;
/** A bit is set for what a line is not grouped by. */
const GROUPINGS = sql.raw(
  `case grouping(project_id, campaign_id, caller_id, disposition) when 7 then 'project' when 11 then 'campaign' when 13 then 'caller_id' when 14 then 'disposition' else 'all' end`,
);

export async function loadDialFigures(from: Sql, ask: FiguresAsk): Promise<DialFigures> {
  const rows = await loadRows(from, ask);
  const of = (grouping: Row["grouping"]): Row[] => rows.filter((row) => row.grouping === grouping);
  return {
    ...(of("all").map(toCounts)[0] ?? { attempts: 0, dialed: 0, answered: 0, people: 0, talk_seconds: 0 }),
    projects: of("project").map((row) => ({ id: row.project_id, name: row.name, ...toCounts(row) })),
    campaigns: of("campaign").map((row) => ({ id: row.campaign_id, name: row.name, ...toCounts(row) })),
    dispositions: of("disposition").flatMap(({ disposition, attempts }) =>
      disposition === null ? [] : [{ disposition, attempts }],
    ),
    caller_ids: of("caller_id").flatMap((row) =>
      row.caller_id === null || row.dialed === 0 ? [] : [{ number: row.caller_id, ...toCounts(row) }],
    ),
  };
}

async function loadRows(from: Sql, ask: FiguresAsk): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with a as (
      select project_id, campaign_id, caller_id, disposition, dialed_at is not null and state = 'ended' as is_dialed,
             answered_at is not null and state = 'ended' as is_answered,
             disposition in ('answered', 'transferred', 'no_input', 'opted_out', 'abandoned') as is_person,
             extract(epoch from ended_at - answered_at) as talk_seconds
        from dial_attempts a where ${toConditions(ask)}),
    g as (
      select ${GROUPINGS} as grouping, project_id, campaign_id, caller_id, disposition, count(*)::int as attempts,
             count(*) filter (where is_dialed)::int as dialed, count(*) filter (where is_answered)::int as answered,
             count(*) filter (where is_answered and is_person)::int as people,
             coalesce(round(sum(talk_seconds) filter (where is_answered)), 0)::float8 as talk_seconds
        from a group by grouping sets ((), (project_id), (campaign_id), (caller_id), (disposition))),
    placed as (select *, row_number() over (partition by grouping order by attempts desc) as place from g)
    select l.grouping, l.project_id, l.campaign_id, l.caller_id, l.disposition, l.attempts, l.dialed, l.answered, l.people,
           l.talk_seconds, coalesce(p.name, c.name) as name
      from placed l
      left join projects p on l.grouping = 'project' and p.tenant_id = ${ask.tenantId} and p.id = l.project_id
      left join campaigns c on l.grouping = 'campaign' and c.tenant_id = ${ask.tenantId} and c.id = l.campaign_id
     where l.place <= ${LINES_MAX} order by l.grouping, l.place`.execute(from);
  return rows;
}

function toConditions({ tenantId, since, until, projectId, campaignId, assignee }: FiguresAsk): RawBuilder<unknown> {
  const conditions = [
    sql`a.tenant_id = ${tenantId} and a.queued_at >= ${since.toISOString()}::timestamptz
        and a.queued_at < ${until.toISOString()}::timestamptz`,
    ...(projectId === undefined ? [] : [sql`a.project_id = ${projectId}`]),
    ...(campaignId === undefined ? [] : [sql`a.campaign_id = ${campaignId}`]),
    ...(assignee === null
      ? []
      : [
          sql`a.project_id in (select u.project_id from project_users u
                where u.tenant_id = ${tenantId} and u.user_id = ${assignee})`,
        ]),
  ];
  return sql.join(conditions, sql` and `);
}

const toCounts = ({ attempts, dialed, answered, people, talk_seconds }: DialCounts): DialCounts => ({
  ...{ attempts, dialed, answered, people, talk_seconds },
});
