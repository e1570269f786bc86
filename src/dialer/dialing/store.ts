import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { inIndexOrder } from "../../kit/postgres/index-order.ts";
import type { AttemptChange } from "../attempt.ts";
import { toTenantOf } from "./attempt-id.ts";
import { type AttemptRow, COLUMNS, fromRow, type KeptAttempt, toColumns } from "./attempt-row.ts";

/*
 * What is kept of attempts while they live. Many rows a statement: at a hundred calls a second a statement for each change of
 * each call would be the first thing to give way. Those that look for their rows have no name and so are planned for each batch,
 * which takes a millisecond: a plan that was made while the month was young would read all of it for every batch.
 */

const NAMES = COLUMNS.map(([name]) => name).join(", ");
const GIVEN = `unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")}) as t(${NAMES})`;
const READ = `${NAMES}, due_at`;

/** The surest source has the highest rank; see core/disposition.ts. */
const rank = (column: string): string =>
  `coalesce(array_position(array['orphan', 'originate', 'hangup', 'ivr'], ${column}), 0)`;
/** The script that talks in this call runs in another process, and its last word is still waited for. */
const HELD = "(a.script_elsewhere and t.state = 'ended' and not t.final)";
/** A surer source may have told another process, and the outcome that it told stays. */
const WINS = `(${rank("t.disposition_source")} >= ${rank("a.disposition_source")} and a.disposition is distinct from 'opted_out')`;

const WRITE_DOWN = {
  name: "dialing.write_down",
  text: `
insert into dial_attempts (${NAMES}, told)
select ${NAMES.replace("variables", "variables::jsonb")}, false from ${GIVEN}
on conflict (tenant_id, id, queued_at) do update
   set state = excluded.state, pbx_id = excluded.pbx_id, trunk_id = excluded.trunk_id, caller_id = excluded.caller_id,
       disposition = excluded.disposition, disposition_source = excluded.disposition_source,
       dialed_at = excluded.dialed_at, ended_at = excluded.ended_at, trunk_failures = excluded.trunk_failures, due_at = null`,
} as const;

const UPDATE = {
  text: `
with t as (
  select * from unnest($1::int[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                       $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::int[],
                       $15::int[], $16::bool[], $17::bool[])
    as t(tenant_id, id, queued_at, state, disposition, disposition_source, cause, digit, amd_status, amd_cause, dialed_at,
         answered_at, ended_at, transfer_wait_seconds, transfer_talk_seconds, told, final)
), kept as (
update dial_attempts a
   set state = case when a.state = 'ended' then a.state when ${HELD} then 'talking' else t.state end,
       disposition = case when ${WINS} then coalesce(t.disposition, a.disposition) else a.disposition end,
       disposition_source = case when ${WINS} then coalesce(t.disposition_source, a.disposition_source)
                                 else a.disposition_source end,
       cause = coalesce(t.cause, a.cause), digit = coalesce(t.digit, a.digit),
       amd_status = coalesce(t.amd_status, a.amd_status), amd_cause = coalesce(t.amd_cause, a.amd_cause),
       dialed_at = coalesce(t.dialed_at, a.dialed_at), answered_at = coalesce(t.answered_at, a.answered_at),
       ended_at = case when ${HELD} then a.ended_at else coalesce(t.ended_at, a.ended_at) end,
       transfer_wait_seconds = coalesce(t.transfer_wait_seconds, a.transfer_wait_seconds),
       transfer_talk_seconds = coalesce(t.transfer_talk_seconds, a.transfer_talk_seconds),
       told = a.told or t.told
  from t where a.tenant_id = t.tenant_id and a.id = t.id and a.queued_at = t.queued_at
returning a.id, a.state, a.disposition, a.disposition_source, a.digit, a.amd_status, a.amd_cause, a.transfer_wait_seconds,
          a.transfer_talk_seconds, t.state = 'ended' and not t.told as is_asked
)
select * from kept where is_asked`,
} as const;

/** Keeps attempts as they are now: new ones, and queued ones that are dialled. They are durable when it resolves. */
export async function writeDown(database: Database, attempts: readonly KeptAttempt[]): Promise<void> {
  if (attempts.length > 0) await database.pool.query({ ...WRITE_DOWN, values: toColumns(attempts) });
}

/** Keeps that these are about to be dialled. They are durable when it resolves. */
export async function markDialed(database: Database, attempts: readonly KeptAttempt[]): Promise<void> {
  await database.pool.query({
    text: `update dial_attempts a set dialed_at = t.dialed_at
             from unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as t(tenant_id, id, queued_at, dialed_at)
            where a.tenant_id = t.tenant_id and a.id = t.id and a.queued_at = t.queued_at`,
    values: [
      attempts.map(({ tenantId }) => tenantId),
      attempts.map(({ id }) => id),
      attempts.map(({ queuedAt }) => queuedAt),
      attempts.map(({ dialedAt }) => dialedAt),
    ],
  });
}

/** What the store says of an attempt after an update, where a surer source may have spoken before. */
export type StoredOutcome = Pick<
  AttemptRow,
  | "id"
  | "state"
  | "disposition"
  | "disposition_source"
  | "digit"
  | "amd_status"
  | "amd_cause"
  | "transfer_wait_seconds"
  | "transfer_talk_seconds"
>;

export interface AttemptUpdate {
  attempt: KeptAttempt;
  /** Everybody who must know of its end has been told. */
  told: boolean;
  /** Of one that has ended: a script in another process is not waited for any more. Without it such a row stays open. */
  final: boolean;
}

/** Keeps what became of attempts, and returns what the store now says of those that have ended and that nobody was told of. */
export async function updateAttempts(database: Database, updates: readonly AttemptUpdate[]): Promise<StoredOutcome[]> {
  const column = (of: (attempt: KeptAttempt) => unknown): unknown[] => updates.map(({ attempt }) => of(attempt));
  const values = [
    column((a) => a.tenantId),
    column((a) => a.id),
    column((a) => a.queuedAt),
    column((a) => a.state),
    column((a) => a.disposition),
    column((a) => a.dispositionSource),
    column((a) => a.cause),
    column((a) => a.digit),
    column((a) => a.amd?.status ?? null),
    column((a) => a.amd?.cause ?? null),
    column((a) => a.dialedAt),
    column((a) => a.answeredAt),
    column((a) => a.endedAt),
    column((a) => a.transferWaitSeconds),
    column((a) => a.transferTalkSeconds),
    updates.map(({ told }) => told),
    updates.map(({ final }) => final),
  ];
  return (await database.pool.query<StoredOutcome>({ ...UPDATE, values })).rows;
}

/** For an attempt that another process looks after: only what is told, and a weaker source replaces nothing. */
export async function noteChange(database: Database, change: AttemptChange): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `with t as (select $2::text as disposition, $3::text as disposition_source)
     update dial_attempts a
        set disposition = case when t.disposition is not null and ${WINS} then t.disposition else a.disposition end,
            disposition_source = case when t.disposition is not null and ${WINS} then t.disposition_source
                                      else a.disposition_source end,
            digit = coalesce($4, a.digit), amd_status = coalesce($5, a.amd_status), amd_cause = coalesce($6, a.amd_cause),
            transfer_wait_seconds = coalesce($7, a.transfer_wait_seconds),
            transfer_talk_seconds = coalesce($8, a.transfer_talk_seconds), cause = coalesce(a.cause, $9),
            answered_at = coalesce(a.answered_at, $11), script_elsewhere = a.script_elsewhere and not $12
       from t where a.tenant_id = $10 and a.id = $1`,
    [
      ...[change.id, change.disposition ?? null, change.source, change.digit ?? null],
      ...[change.amd?.status ?? null, change.amd?.cause ?? null],
      ...[change.transferWaitSeconds ?? null, change.transferTalkSeconds ?? null, change.cause ?? null],
      toTenantOf(change.id) ?? 0,
      change.answeredAt ?? null,
      change.disposition !== undefined || change.endedAt !== undefined,
    ],
  );
  return (rowCount ?? 0) > 0;
}

/** Attempts of a PBX that were being dialled or talked on. */
export async function loadOpen(database: Database, tenantId: TenantId, pbxId: RowId): Promise<KeptAttempt[]> {
  const { rows } = await database.pool.query<AttemptRow>(
    `select ${READ} from dial_attempts where tenant_id = $1 and pbx_id = $2 and state in ('dialing', 'talking')`,
    [tenantId, pbxId],
  );
  return rows.map(fromRow);
}

/** Attempts of a PBX that have ended, and of whose end not everybody was told before a crash. */
export async function loadUntold(database: Database, tenantId: TenantId, pbxId: RowId): Promise<KeptAttempt[]> {
  const { rows } = await database.pool.query<AttemptRow>(
    `select ${READ} from dial_attempts where tenant_id = $1 and pbx_id = $2 and state = 'ended' and not told
      order by queued_at limit 10000`,
    [tenantId, pbxId],
  );
  return rows.map(fromRow);
}

export async function loadById(database: Database, id: string): Promise<KeptAttempt | null> {
  const { rows } = await database.pool.query<AttemptRow>(
    `select ${READ} from dial_attempts where tenant_id = $1 and id = $2`,
    [toTenantOf(id) ?? 0, id],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

/** For a script that runs here, in a call of a PBX that another process listens to: that one waits for the script's word. */
export async function loadForScript(database: Database, id: string): Promise<KeptAttempt | null> {
  const { rows } = await database.pool.query<AttemptRow>(
    `update dial_attempts set script_elsewhere = true where tenant_id = $1 and id = $2 and state <> 'ended' returning ${READ}`,
    [toTenantOf(id) ?? 0, id],
  );
  return rows[0] ? fromRow(rows[0]) : loadById(database, id);
}

/** Trunks that failed on the way to each contact, the latest first. */
export async function loadTrunkFailures(
  database: Database,
  contacts: readonly { tenantId: TenantId; campaignId: RowId; contactId: RowId }[],
): Promise<Map<RowId, RowId[]>> {
  if (contacts.length === 0) return new Map();
  return inIndexOrder(database, async (client) => {
    const { rows } = await client.query<{ contact_id: RowId; trunk_ids: RowId[] }>({
      name: "dialing.trunk_failures",
      text: `
        select c.contact_id, array_agg(a.trunk_id::text order by a.queued_at desc) as trunk_ids
          from unnest($1::int[], $2::bigint[], $3::bigint[]) as c(tenant_id, campaign_id, contact_id)
         cross join lateral (select trunk_id, queued_at from dial_attempts a
                              where a.tenant_id = c.tenant_id and a.campaign_id = c.campaign_id
                                and a.contact_id = c.contact_id and a.disposition = 'congestion'
                                and a.trunk_id is not null) a
         group by c.contact_id`,
      values: [
        contacts.map(({ tenantId }) => tenantId),
        contacts.map(({ campaignId }) => campaignId),
        contacts.map(({ contactId }) => contactId),
      ],
    });
    return new Map(rows.map(({ contact_id, trunk_ids }) => [contact_id, trunk_ids]));
  });
}

/** An attempt that was never placed: as if nobody had thought of it. Queued ones go back to the queue. */
export async function takeBackRows(database: Database, attempts: readonly KeptAttempt[], now: Date): Promise<void> {
  if (attempts.length === 0) return;
  const keys = [
    attempts.map(({ tenantId }) => tenantId),
    attempts.map(({ id }) => id),
    attempts.map((a) => a.queuedAt),
  ];
  const which = "unnest($1::int[], $2::text[], $3::timestamptz[]) as t(tenant_id, id, queued_at)";
  const same = "a.tenant_id = t.tenant_id and a.id = t.id and a.queued_at = t.queued_at";
  await database.pool.query(`delete from dial_attempts a using ${which} where ${same} and a.source = 'campaign'`, keys);
  await database.pool.query(
    `update dial_attempts a set state = 'queued', due_at = $4, pbx_id = null, trunk_id = null, dialed_at = null
       from ${which} where ${same} and a.source <> 'campaign'`,
    [...keys, now],
  );
}
