import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { inIndexOrder } from "../../kit/postgres/index-order.ts";
import { type AttemptRow, fromRow, type KeptAttempt } from "./attempt-row.ts";

// The durable queue of single calls: rows of `dial_attempts` that are `queued`.

export interface QueuedProject {
  tenantId: TenantId;
  projectId: RowId;
  /** Calls that may be dialled now; counted up to a thousand. */
  due: number;
}

/** Projects with calls in the queue that are due. */
export async function loadQueuedProjects(database: Database, now: Date): Promise<QueuedProject[]> {
  const { rows } = await database.pool.query<{ tenant_id: number; project_id: RowId; due: string }>({
    name: "dialing.queued_projects",
    text: `select tenant_id, project_id, count(*) as due from dial_attempts
            where state = 'queued' and due_at <= $1 group by tenant_id, project_id order by tenant_id, project_id`,
    values: [now],
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id as TenantId,
    projectId: row.project_id,
    due: Number(row.due),
  }));
}

export interface QueueQuota {
  tenantId: TenantId;
  projectId: RowId;
  most: number;
}

/**
 * The first of each project's queue that are due become this PBX's. They are not dialled yet: without `dialed_at` a restart
 * puts them back into the queue.
 */
export async function claimQueued(
  database: Database,
  { quotas, pbxId, now }: { quotas: readonly QueueQuota[]; pbxId: RowId; now: Date },
): Promise<KeptAttempt[]> {
  if (quotas.length === 0) return [];
  return inIndexOrder(database, async (client) => {
    const { rows } = await client.query<AttemptRow>({
      name: "dialing.claim_queued",
      text: `
        with asked as (select * from unnest($1::int[], $2::bigint[], $3::int[]) as q(tenant_id, project_id, most)),
        picked as (
          select p.* from asked q cross join lateral (
            select a.tenant_id, a.id, a.queued_at from dial_attempts a
             where a.tenant_id = q.tenant_id and a.project_id = q.project_id and a.state = 'queued' and a.due_at <= $4
             order by a.due_at, a.id limit q.most for update skip locked) p)
        update dial_attempts a set state = 'dialing', pbx_id = $5
          from picked p where a.tenant_id = p.tenant_id and a.id = p.id and a.queued_at = p.queued_at
        returning a.*`,
      values: [
        quotas.map(({ tenantId }) => tenantId),
        quotas.map(({ projectId }) => projectId),
        quotas.map(({ most }) => most),
        ...[now, pbxId],
      ],
    });
    return rows.map(fromRow);
  });
}

/** A policy does not let them be called before an instant. */
export async function putBackUntil(
  database: Database,
  attempts: readonly { attempt: KeptAttempt; dueAt: Date }[],
): Promise<void> {
  if (attempts.length === 0) return;
  await database.pool.query(
    `update dial_attempts a set state = 'queued', due_at = t.due_at, pbx_id = null
       from unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as t(tenant_id, id, queued_at, due_at)
      where a.tenant_id = t.tenant_id and a.id = t.id and a.queued_at = t.queued_at`,
    [
      attempts.map(({ attempt }) => attempt.tenantId),
      attempts.map(({ attempt }) => attempt.id),
      attempts.map(({ attempt }) => attempt.queuedAt),
      attempts.map(({ dueAt }) => dueAt),
    ],
  );
}

export interface NewDial {
  attempt: KeptAttempt;
  dueAt: Date;
  /** Of the idempotency key; `null`: none was given. */
  keyHash: string | null;
  /** Calls that may wait for the tenant, this one too; `null`: a retry, which has its place already. */
  queueMax: number | null;
}

/** What became of a call that was to be queued; `known`: its key stands for an earlier one. */
export type QueuedDial = { kind: "queued" } | { kind: "full" } | { kind: "known"; attemptId: string };

/** Puts calls into the queue, all in one transaction. */
export function insertDials(database: Database, dials: readonly NewDial[], now: Date): Promise<QueuedDial[]> {
  return inIndexOrder(database, async (client) => {
    const free = await loadFree(client, dials);
    const byKey = await takeKeys(client, dials, now);
    const results = dials.map(({ attempt, keyHash, queueMax }): QueuedDial => {
      const attemptId = keyHash === null ? attempt.id : byKey.get(`${attempt.tenantId} ${keyHash}`);
      if (attemptId !== undefined && attemptId !== attempt.id) return { kind: "known", attemptId };
      const left = free.get(attempt.tenantId) ?? 0;
      if (queueMax !== null && left <= 0) return { kind: "full" };
      if (queueMax !== null) free.set(attempt.tenantId, left - 1);
      return { kind: "queued" };
    });
    const queued = dials.filter((_, index) => results[index]?.kind === "queued");
    const full = dials.filter((_, index) => results[index]?.kind === "full");
    if (queued.length > 0) await insertRows(client, queued);
    if (full.some(({ keyHash }) => keyHash !== null)) await giveKeysBack(client, full);
    return results;
  });
}

/** Counting stops at the limit: a queue of any length costs the same. */
async function loadFree(client: pg.PoolClient, dials: readonly NewDial[]): Promise<Map<TenantId, number>> {
  const maxima = new Map(
    dials.flatMap(({ attempt, queueMax }) => (queueMax === null ? [] : [[attempt.tenantId, queueMax]])),
  );
  if (maxima.size === 0) return new Map();
  const { rows } = await client.query<{ tenant_id: TenantId; free: string }>({
    name: "dialing.queue_free",
    text: `select t.tenant_id, t.most - (select count(*) from (select from dial_attempts a
                     where a.tenant_id = t.tenant_id and a.state = 'queued' limit t.most) w) as free
             from unnest($1::int[], $2::int[]) as t(tenant_id, most)`,
    values: [[...maxima.keys()], [...maxima.values()]],
  });
  return new Map(rows.map(({ tenant_id, free }) => [tenant_id, Number(free)]));
}

/** Every key with the attempt that it stands for. */
async function takeKeys(client: pg.PoolClient, dials: readonly NewDial[], now: Date): Promise<Map<string, string>> {
  const keyed = dials.filter(({ keyHash }) => keyHash !== null);
  if (keyed.length === 0) return new Map();
  const sorted = keyed.toSorted((a, b) => ((a.keyHash ?? "") < (b.keyHash ?? "") ? -1 : 1)); // no two wait for each other
  const { rows } = await client.query<{ tenant_id: number; key_hash: string; attempt_id: string }>({
    name: "dialing.take_keys",
    text: `insert into dial_keys as k (tenant_id, key_hash, attempt_id, created_at)
           select distinct on (tenant_id, key_hash) tenant_id, key_hash, attempt_id, $4::timestamptz
             from unnest($1::int[], $2::text[], $3::text[]) as t(tenant_id, key_hash, attempt_id)
            order by tenant_id, key_hash
           on conflict (tenant_id, key_hash) do update set attempt_id = k.attempt_id
           returning tenant_id, key_hash, attempt_id`,
    values: [
      sorted.map(({ attempt }) => attempt.tenantId),
      sorted.map(({ keyHash }) => keyHash),
      sorted.map(({ attempt }) => attempt.id),
      now,
    ],
  });
  return new Map(rows.map((row) => [`${row.tenant_id} ${row.key_hash}`, row.attempt_id]));
}

/** The call was not taken, so its key stands for nothing. */
async function giveKeysBack(client: pg.PoolClient, dials: readonly NewDial[]): Promise<void> {
  await client.query("delete from dial_keys where attempt_id = any($1::text[])", [
    dials.map(({ attempt }) => attempt.id),
  ]);
}

async function insertRows(client: pg.PoolClient, dials: readonly NewDial[]): Promise<void> {
  await client.query({
    name: "dialing.enqueue",
    text: `
      insert into dial_attempts (tenant_id, id, queued_at, project_id, source, number, variables, ordinal, trunk_failures,
                                 first_id, avoid_trunk_id, state, due_at)
      select tenant_id, id, queued_at, project_id, source, number, variables::jsonb, ordinal, trunk_failures, first_id,
             avoid_trunk_id, 'queued', due_at
        from unnest($1::int[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::int[],
                    $9::int[], $10::text[], $11::bigint[], $12::timestamptz[])
          as t(tenant_id, id, queued_at, project_id, source, number, variables, ordinal, trunk_failures, first_id,
               avoid_trunk_id, due_at)
       where not exists (select from dial_attempts a where a.tenant_id = t.tenant_id and a.id = t.id)`,
    values: [
      dials.map(({ attempt }) => attempt.tenantId),
      dials.map(({ attempt }) => attempt.id),
      dials.map(({ attempt }) => attempt.queuedAt),
      dials.map(({ attempt }) => attempt.projectId),
      dials.map(({ attempt }) => attempt.source),
      dials.map(({ attempt }) => attempt.number),
      dials.map(({ attempt }) => JSON.stringify(attempt.variables)),
      dials.map(({ attempt }) => attempt.ordinal),
      dials.map(({ attempt }) => attempt.trunkFailures),
      dials.map(({ attempt }) => attempt.firstId),
      dials.map(({ attempt }) => attempt.avoidTrunkId),
      dials.map(({ dueAt }) => dueAt),
    ],
  });
}

const KEEP_KEYS_MS = 2 * 86_400_000;
const DROPPED_MAX = 5_000;

/** Idempotency keys of the day before yesterday; some thousands at a time. Returns how many. */
export async function dropOldKeys(database: Database, now: Date): Promise<number> {
  const { rowCount } = await database.pool.query(
    `delete from dial_keys where ctid in (select ctid from dial_keys where created_at < $1 limit ${DROPPED_MAX})`,
    [new Date(now.getTime() - KEEP_KEYS_MS)],
  );
  return rowCount ?? 0;
}
