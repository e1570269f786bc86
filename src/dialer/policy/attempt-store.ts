import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { DialAttempt, DialSource } from "../attempt.ts";
import { HISTORY_DAYS, HISTORY_MAX, type PastCall } from "./history.ts";
import { DAY_MS } from "./wall-clock.ts";

/** Whose history is asked for: of a number, and of a debt whatever number it was called at. */
export interface HistoryKey {
  tenantId: TenantId;
  number: PhoneNumber;
  debt: string | null;
}

/** For each key the calls that count, newest first and at most 200 of each kind. Two calls of one attempt never come. */
export async function loadHistories(
  on: Pick<pg.ClientBase, "query">,
  keys: readonly HistoryKey[],
  now: Date,
): Promise<PastCall[][]> {
  if (keys.length === 0) return [];
  const { rows } = await on.query<PastCall & { position: string }>({
    name: "policy-histories",
    text: `select q.position, h.* from unnest($1::int[], $2::text[], $3::text[]) with ordinality q(tenant_id, number, debt, position)
            cross join lateral (
              (select ${PAST} from number_attempts a
                where a.tenant_id = q.tenant_id and a.number = q.number and a.at > $4 and a.counted order by a.at desc limit ${HISTORY_MAX})
              union
              (select ${PAST} from number_attempts a
                where a.tenant_id = q.tenant_id and q.debt is not null and a.debt = q.debt and a.at > $4 and a.counted
                order by a.at desc limit ${HISTORY_MAX})) h`,
    values: [
      keys.map(({ tenantId }) => tenantId),
      keys.map(({ number }) => number),
      keys.map(({ debt }) => debt),
      new Date(now.getTime() - HISTORY_DAYS * DAY_MS),
    ],
  });
  const histories: PastCall[][] = keys.map(() => []);
  for (const { position, ...call } of rows) histories[Number(position) - 1]?.push(call);
  return histories;
}

const PAST = `a.attempt_id as "attemptId", a.number, a.debt, a.at, a.project_id as "projectId", a.caller_id as "callerId",
  a.reached, a.disposition`;

/** One call that was allowed. */
export interface AllowedCall {
  tenantId: TenantId;
  number: PhoneNumber;
  at: Date;
  attemptId: string;
  projectId: RowId;
  campaignId: RowId | null;
  contactId: RowId | null;
  source: DialSource;
  debt: string | null;
  callerId: string | null;
  policyVersion: string | null;
  inputs: Readonly<Record<string, unknown>>;
}

export async function saveAllowed(on: Pick<pg.ClientBase, "query">, calls: readonly AllowedCall[]): Promise<void> {
  if (calls.length === 0) return;
  const column = <T>(pick: (call: AllowedCall) => T): T[] => calls.map(pick);
  await on.query({
    name: "policy-allowed-save",
    text: `insert into number_attempts (tenant_id, number, at, attempt_id, project_id, campaign_id, contact_id, source, debt, caller_id,
             policy_version, inputs)
           select * from unnest($1::int[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
             $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[])
           on conflict do nothing`,
    values: [
      column((call) => call.tenantId),
      column((call) => call.number),
      column((call) => call.at),
      column((call) => call.attemptId),
      column((call) => call.projectId),
      column((call) => call.campaignId),
      column((call) => call.contactId),
      column((call) => call.source),
      column((call) => call.debt),
      column((call) => call.callerId),
      column((call) => call.policyVersion),
      column((call) => JSON.stringify(call.inputs)),
    ],
  });
}

/** What became of an attempt that was allowed. */
export type NotedAttempt = Pick<
  DialAttempt,
  | "tenantId"
  | "id"
  | "projectId"
  | "campaignId"
  | "contactId"
  | "source"
  | "number"
  | "variables"
  | "callerId"
  | "dialedAt"
  | "answeredAt"
  | "disposition"
>;

/** An attempt as it is kept when it is over. */
export interface SettledCall {
  attempt: NotedAttempt;
  debt: string | null;
  counted: boolean;
  reached: boolean;
}

/** A reservation is at most this old when its end is told. */
const SETTLE_DAYS = 14;

/**
 * Settles what was allowed, adds calls that nobody asked about before, and counts for the caller ids, each attempt once
 * however often it is told. One statement, without a name: planned for each batch by what the table has grown to.
 */
export async function settleCalls(
  on: Pick<pg.ClientBase, "query">,
  calls: readonly SettledCall[],
  now: Date,
): Promise<void> {
  const column = <T>(pick: (call: SettledCall) => T): T[] => calls.map(pick);
  await on.query({
    text: SETTLE,
    values: [
      column(({ attempt }) => attempt.tenantId),
      column(({ attempt }) => attempt.number),
      column(({ attempt }) => attempt.id),
      column(({ attempt }) => attempt.dialedAt),
      column(({ attempt }) => attempt.projectId),
      column(({ attempt }) => attempt.campaignId),
      column(({ attempt }) => attempt.contactId),
      column(({ attempt }) => attempt.source),
      column(({ debt }) => debt),
      column(({ attempt }) => attempt.callerId),
      column(({ counted }) => counted),
      column(({ reached }) => reached),
      column(({ attempt }) => attempt.disposition),
      column(({ attempt }) => attempt.answeredAt !== null),
      now,
      new Date(now.getTime() - SETTLE_DAYS * DAY_MS),
    ],
  });
}

const SETTLE = `
with told as (
  select * from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
    $9::text[], $10::text[], $11::bool[], $12::bool[], $13::text[], $14::bool[])
    as t(tenant_id, number, attempt_id, dialed_at, project_id, campaign_id, contact_id, source, debt, caller_id, counted, reached,
         disposition, answered)
), settled as (
  update number_attempts a set counted = t.counted, reached = t.reached, disposition = t.disposition, settled_at = $15
    from told t
   where a.tenant_id = t.tenant_id and a.number = t.number and a.attempt_id = t.attempt_id and a.at > $16 and a.settled_at is null
  returning a.tenant_id, a.project_id, a.campaign_id, a.caller_id, a.at, t.counted, t.answered, t.disposition
), added as (
  insert into number_attempts (tenant_id, number, at, attempt_id, project_id, campaign_id, contact_id, source, debt, caller_id, counted,
    reached, disposition, settled_at)
  select t.tenant_id, t.number, t.dialed_at, t.attempt_id, t.project_id, t.campaign_id, t.contact_id, t.source, t.debt, t.caller_id,
         t.counted, t.reached, t.disposition, $15
    from told t
   where t.dialed_at is not null and not exists (
     select from number_attempts a
      where a.tenant_id = t.tenant_id and a.number = t.number and a.attempt_id = t.attempt_id and a.at > $16)
  on conflict do nothing
), desks as (
  insert into agent_days as d (tenant_id, project_id, day, ended, live, abandoned)
  select s.tenant_id, s.project_id, ($15 at time zone 'UTC')::date, count(*),
         count(*) filter (where s.disposition in ('answered', 'transferred', 'no_input', 'opted_out', 'abandoned')),
         count(*) filter (where s.disposition = 'abandoned')
    from settled s join projects p on p.tenant_id = s.tenant_id and p.id = s.project_id and p.mode = 'agents'
   where s.counted group by 1, 2 order by 1, 2
  on conflict (tenant_id, project_id, day) do update
     set ended = d.ended + excluded.ended, live = d.live + excluded.live, abandoned = d.abandoned + excluded.abandoned
), campaign_desks as (
  insert into agent_campaign_days as d (tenant_id, project_id, campaign_id, day, live, abandoned)
  select s.tenant_id, s.project_id, s.campaign_id, ($15 at time zone 'UTC')::date,
         count(*) filter (where s.disposition in ('answered', 'transferred', 'no_input', 'opted_out', 'abandoned')),
         count(*) filter (where s.disposition = 'abandoned')
    from settled s join projects p on p.tenant_id = s.tenant_id and p.id = s.project_id and p.mode = 'agents'
    join campaigns c on c.tenant_id = s.tenant_id and c.id = s.campaign_id
   where s.counted group by 1, 2, 3 order by 1, 2, 3
  on conflict (tenant_id, project_id, campaign_id, day) do update
     set live = d.live + excluded.live, abandoned = d.abandoned + excluded.abandoned
)
insert into caller_id_days as d (tenant_id, caller_id_id, day, ended, answers)
select c.tenant_id, c.id, (s.at at time zone p.time_zone)::date, count(*) filter (where s.counted), count(*) filter (where s.answered)
  from settled s
  join projects p on p.tenant_id = s.tenant_id and p.id = s.project_id
  join caller_ids c on c.tenant_id = s.tenant_id and c.project_id = s.project_id and c.number = s.caller_id
 group by 1, 2, 3 order by 1, 2, 3
on conflict (tenant_id, caller_id_id, day) do update set ended = d.ended + excluded.ended, answers = d.answers + excluded.answers`;
