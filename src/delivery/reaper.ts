import { sql } from "kysely";
import type { Sentence } from "../core/sentence.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { LeasedDelivery } from "./claim.ts";
import { say } from "./words.ts";

/** A delivery whose attempts end the process this often is not tried again by itself. */
const LOSSES_MAX = 10;
const ROWS_MAX = 500;
const ATTEMPT_DIED = say("attemptDied");
const PROCESS_DIED = say("processDied");
const ENDS_PROCESSES = say("endsProcesses");
const GIVEN_BACK = say("givenBack");

export interface ReapOptions {
  now: Date;
  leaseMs: number;
  /** The request of a process that died may still succeed over there: the next attempt waits until that would show. */
  graceMs: number;
}

export interface Reaped {
  tenantId: number;
  id: string;
  connectionId: string;
  owner: string;
  state: "pending" | "dead";
}

/**
 * Takes back what was leased by processes without a sign of life for `leaseMs`, at most 500 rows at a time, and notes each
 * as a lost attempt. It does not count against the attempts: the fault was ours. Then forgets those processes.
 */
export async function reapLostLeases(database: Database, { now, leaseMs, graceMs }: ReapOptions): Promise<Reaped[]> {
  const stale = new Date(now.getTime() - leaseMs);
  const { rows } = await sql<Reaped>`
    with lost as (
      select d.tenant_id, d.id, d.subject_created_at, d.tries, d.leased_at, d.revision, d.lease_owner,
             coalesce(w.heartbeat_at, d.leased_at) as seen_at,
             (select count(*) from attempts a
               where a.tenant_id = d.tenant_id and a.delivery_id = d.id and a.outcome = 'lost') as losses
        from deliveries d left join workers w on w.id = d.lease_owner
       where d.state = 'leased' and (w.id is null or w.heartbeat_at < ${stale})
       order by d.tenant_id, d.connection_id, d.subject_id, d.kind, d.name, d.sequence
       limit ${ROWS_MAX} for update of d skip locked
    ), logged as (
      insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, revision, outcome, reason, reason_words,
        exchanges)
      select tenant_id, id, tries, leased_at, greatest(0, extract(epoch from seen_at - leased_at) * 1000)::int, revision,
             'lost', ${ATTEMPT_DIED.text}, ${toJson(ATTEMPT_DIED)}::jsonb, '[]' from lost
      on conflict (tenant_id, delivery_id, number, started_at) do nothing
    )
    update deliveries d
       set state = case when lost.losses + 1 >= ${LOSSES_MAX} then 'dead' else 'pending' end,
           due_at = greatest(${now}, lost.seen_at + ${graceMs} * interval '1 millisecond'),
           reason = case when lost.losses + 1 >= ${LOSSES_MAX} then ${ENDS_PROCESSES.text} else ${PROCESS_DIED.text} end,
           reason_words = case when lost.losses + 1 >= ${LOSSES_MAX} then ${toJson(ENDS_PROCESSES)}::jsonb
                               else ${toJson(PROCESS_DIED)}::jsonb end,
           lease_owner = null, leased_revision = null, leased_at = null, updated_at = ${now}
      from lost
     where d.tenant_id = lost.tenant_id and d.id = lost.id and d.subject_created_at = lost.subject_created_at
    returning d.tenant_id as "tenantId", d.id, d.connection_id as "connectionId", lost.lease_owner as owner, d.state`.execute(
    database.sql,
  );
  await forgetDeadWorkers(database, stale);
  return rows;
}

async function forgetDeadWorkers(database: Database, stale: Date): Promise<void> {
  await sql`
    delete from workers w where w.heartbeat_at < ${stale}
       and not exists (select from deliveries d where d.state = 'leased' and d.lease_owner = w.id)`.execute(
    database.sql,
  );
}

export type LeaseKey = Pick<LeasedDelivery, "id" | "number">;

/**
 * Rows that are leased to us though we know nothing of them: the answer to a claim was lost on its way. Nothing was sent for
 * them, so they are due at once. `since` leaves out claims whose answer may still be coming.
 */
export async function releaseUnknownLeases(
  database: Database,
  { workerId, known, since, now }: { workerId: string; known: readonly LeaseKey[]; since: Date; now: Date },
): Promise<string[]> {
  const { rows } = await sql<{ connection_id: string }>`
    update deliveries d set state = 'pending', due_at = ${now}, lease_owner = null, leased_revision = null, leased_at = null,
           updated_at = ${now}
     where d.state = 'leased' and d.lease_owner = ${workerId} and d.leased_at < ${since}
       and not exists (
         select from jsonb_to_recordset(${JSON.stringify(known)}::jsonb) as k(id bigint, number int)
          where k.id = d.id and k.number = d.tries)
    returning d.connection_id`.execute(database.sql);
  return rows.map((row) => row.connection_id);
}

/** On a clean stop: whatever is still ours goes back, due when a late success of an ended attempt would be visible. */
export async function releaseAllLeases(
  database: Database,
  { workerId, dueAt, now }: { workerId: string; dueAt: Date; now: Date },
): Promise<number> {
  const result = await sql`
    update deliveries set state = 'pending', due_at = ${dueAt}, lease_owner = null, leased_revision = null, leased_at = null,
           reason = ${GIVEN_BACK.text}, reason_words = ${toJson(GIVEN_BACK)}::jsonb, updated_at = ${now}
     where state = 'leased' and lease_owner = ${workerId}`.execute(database.sql);
  return Number(result.numAffectedRows ?? 0);
}

const toJson = (sentence: Sentence): string => JSON.stringify(sentence);
