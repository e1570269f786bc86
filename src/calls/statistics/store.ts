import { type RawBuilder, sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import { toInstant } from "../../http/wire.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { type OwnProjects, toOwnCall } from "../own-calls.ts";
import type { Statistics } from "./schema.ts";

/** The calls of a stretch of time, read by the index in list order; everything is counted from that. */

export interface Stretch {
  tenantId: TenantId;
  since: Date;
  until: Date;
  direction?: string | undefined;
  extension?: string | undefined;
  project_id?: string | undefined;
  campaign_id?: string | undefined;
  own: OwnProjects;
}

/** One line of a grouping: which, and of what. */
export interface CountRow {
  grouping: "all" | "outcome" | "extension" | "day" | "hour";
  outcome: Statistics["outcomes"][number]["outcome"] | null;
  extension: string | null;
  day: string | null;
  weekday: number | null;
  hour: number | null;
  calls: number;
  inbound: number;
  outbound: number;
  answered: number;
  missed: number;
  talk_seconds: number;
  average_talk: number | null;
  average_ring: number | null;
}

const EXTENSIONS_MAX = 500;
/** `grouping()` of outcome, extension, day, weekday: a bit is set for what a line is not grouped by. */
const GROUPINGS = sql.raw(
  `case grouping(outcome, extension, day, weekday) when 7 then 'outcome' when 11 then 'extension' when 13 then 'day' when 14 then 'hour' else 'all' end`,
);

const IS_ANSWERED = sql.raw("outcome in ('answered', 'transferred')");
/** Somebody called in vain. Who does not take a call of ours has missed nothing. */
const IS_MISSED = sql.raw("(direction = 'inbound' and outcome in ('missed', 'cancelled', 'busy', 'failed'))");

/** Counts by outcome, extension, day and hour of the week; days and hours are of `timeZone`. */
export async function loadCounts(on: Sql, stretch: Stretch, timeZone: string): Promise<CountRow[]> {
  const { rows } = await sql<CountRow>`
    with c as (
      select outcome, direction, agent_extension as extension, ring_seconds, talk_seconds,
             ${IS_ANSWERED} as is_answered, ${IS_MISSED} as is_missed,
             started_at at time zone ${timeZone} as local
        from calls c where ${toConditions(stretch)}),
    t as (
      select *, to_char(local, 'YYYY-MM-DD') as day, extract(isodow from local)::int as weekday,
             extract(hour from local)::int as hour from c),
    g as (
      select ${GROUPINGS} as grouping, outcome, extension, day, weekday, hour,
             count(*)::int as calls, count(*) filter (where direction = 'inbound')::int as inbound,
             count(*) filter (where direction = 'outbound')::int as outbound,
             count(*) filter (where is_answered)::int as answered, count(*) filter (where is_missed)::int as missed,
             coalesce(sum(talk_seconds), 0)::float8 as talk_seconds,
             (avg(talk_seconds) filter (where talk_seconds > 0))::float8 as average_talk,
             (avg(ring_seconds) filter (where is_answered and direction = 'inbound'))::float8 as average_ring
        from t group by grouping sets ((), (outcome), (extension), (day), (weekday, hour)))
    select * from (
      select g.*, row_number() over (partition by grouping order by calls desc) as place from g
       where grouping <> 'extension' or extension is not null) as placed
     where grouping <> 'extension' or place <= ${EXTENSIONS_MAX}
     order by day, weekday, hour, calls desc`.execute(on);
  return rows;
}

const MISSED_MAX = 20_000;
const WAITING_MAX = 50;

type MissedRow = Statistics["missed_callers"];

/**
 * Whether and when those who were missed were talked to within a day. The talks of the stretch are read once and laid beside the
 * missed calls in order of time, from the last back: a look-up for each missed call would take minutes for a busy month.
 */
export async function loadMissedCallers(
  on: Sql,
  stretch: Stretch,
  slaMinutes: number,
): Promise<Statistics["missed_callers"]> {
  const { tenantId, since, until } = stretch;
  const { rows } = await sql<MissedRow>`
    with m as materialized (
      select c.id, c.from_text as number, c.started_at as at from calls c
       where ${toConditions(stretch)} and ${IS_MISSED} and c.from_text is not null
       order by c.started_at desc limit ${MISSED_MAX}),
    talks as materialized (
      select from_text, to_text, started_at as at from calls
       where tenant_id = ${tenantId} and started_at >= ${since.toISOString()}::timestamptz
         and started_at < ${until.toISOString()}::timestamptz + interval '1 day'
         and ${IS_ANSWERED}),
    events as (
      select id, number, at, true as is_missed from m
      union all select null, from_text, at, false from talks where from_text in (select number from m)
      union all select null, to_text, at, false from talks where to_text in (select number from m)),
    nearest as (
      select id, number, at, is_missed, extract(epoch from min(at) filter (where not is_missed) over (
               partition by number order by at desc, is_missed
               rows between unbounded preceding and 1 preceding) - at) / 60 as minutes
        from events),
    r as (select id, number, at, case when minutes < 24 * 60 then minutes end as minutes from nearest where is_missed),
    waiting as (select distinct on (number) id, number, at, minutes from r order by number, at desc)
    select count(*)::int as calls, count(minutes)::int as reached,
           count(*) filter (where minutes <= ${slaMinutes})::int as reached_in_time,
           (percentile_cont(0.5) within group (order by minutes))::float8 as median_minutes,
           (select coalesce(json_agg(json_build_object('call_id', w.id::text, 'number', w.number, 'missed_at', w.at) order by w.at desc), '[]')
              from (select * from waiting where minutes is null order by at desc limit ${WAITING_MAX}) w) as waiting
      from r`.execute(on);
  const [row] = rows;
  if (!row) throw new Error("a count without a row");
  return { ...row, waiting: row.waiting.map((one) => ({ ...one, missed_at: toInstant(new Date(one.missed_at)) })) };
}

function toConditions({ tenantId, since, until, direction, extension, ...of }: Stretch): RawBuilder<unknown> {
  const conditions = [
    sql`c.tenant_id = ${tenantId} and c.started_at >= ${since.toISOString()}::timestamptz
        and c.started_at < ${until.toISOString()}::timestamptz`,
  ];
  if (direction !== undefined) conditions.push(sql`c.direction = ${direction}`);
  if (extension !== undefined) conditions.push(sql`c.agent_extension = ${extension}`);
  if (of.project_id !== undefined) conditions.push(sql`c.project_id = ${of.project_id}`);
  if (of.campaign_id !== undefined) conditions.push(sql`c.campaign_id = ${of.campaign_id}`);
  const seen = toOwnCall(of.own);
  if (seen) conditions.push(seen);
  return sql.join(conditions, sql` and `);
}

export interface StepRow {
  /** From 0, the oldest. */
  step: number;
  answered: number;
  /** Of these, inbound ones. */
  inbound_answered: number;
  missed: number;
  other: number;
}

/** Calls by the step of `stepSeconds` in which they started, from `since` on; steps without calls are left out. */
export async function loadSteps(
  on: Sql,
  tenantId: TenantId,
  { since, stepSeconds, own }: { since: Date; stepSeconds: number; own: OwnProjects },
): Promise<StepRow[]> {
  const { rows } = await sql<StepRow>`
    select floor(extract(epoch from started_at - ${since.toISOString()}::timestamptz) / ${stepSeconds}::float8)::int as step,
           count(*) filter (where ${IS_ANSWERED})::int as answered,
           count(*) filter (where ${IS_ANSWERED} and direction = 'inbound')::int as inbound_answered,
           count(*) filter (where ${IS_MISSED})::int as missed,
           count(*) filter (where not ${IS_ANSWERED} and not ${IS_MISSED})::int as other
      from calls c where tenant_id = ${tenantId} and started_at >= ${since.toISOString()}::timestamptz
       and ${toOwnCall(own) ?? sql`true`}
     group by 1`.execute(on);
  return rows;
}
