import { sql } from "kysely";
import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Sentence } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import { UNCERTAIN_GRACE_MS } from "./retry-policy.ts";
import { type DeliveryFilter, loadDelivery, type OwnDeliveries, type StoredDelivery, toConditions } from "./store.ts";
import { say } from "./words.ts";

/** Who asks, as app.ts knows how to write it into the audit log. */
export interface Doer {
  tenantId: TenantId;
  actor: string;
  address: string;
}

export type WriteAudit = (
  transaction: Sql,
  doer: Doer,
  deed: { action: string; target: string; detail?: Record<string, unknown>; at: Date },
) => Promise<void>;

export interface BulkResult {
  /** Deliveries the filter names, counted up to `MATCHED_MAX`. */
  matched: number;
  /** Those that were changed now: at most `CHANGED_MAX`, none in a dry run. Ask again for the rest. */
  changed: number;
}

/** What people do about deliveries that did not arrive, as far as they see them (`own`). Everything is written into the audit log. */
export interface DeadLetters {
  /** Sends it anew with all its attempts before it. Dead and discarded ones, and records that were delivered. */
  replay(doer: Doer, id: string, own?: OwnDeliveries): Promise<StoredDelivery>;
  /** Never to be sent: dead ones, and waiting ones that are not in flight. */
  discard(doer: Doer, id: string, own?: OwnDeliveries): Promise<StoredDelivery>;
  replayAll(doer: Doer, request: BulkRequest): Promise<BulkResult>;
  discardAll(doer: Doer, request: BulkRequest): Promise<BulkResult>;
}

export interface BulkRequest {
  /** Without states: dead letters. */
  filter: DeliveryFilter;
  dryRun: boolean;
}

/**
 * A row keeps its instant while the last attempt may still succeed over there (see `toSettlement`); a back-off is not waited
 * for: nothing is uncertain this long after an attempt began.
 */
const CERTAIN_AFTER_MS = 60_000 + UNCERTAIN_GRACE_MS + 5_000;

export const CHANGED_MAX = 10_000;
export const MATCHED_MAX = 100_000;

interface Verb {
  action: "delivery.replay" | "delivery.discard";
  refusal: Sentence;
  /** Which rows it may be done to. */
  may: ReturnType<typeof sql>;
  set: ReturnType<typeof sql>;
}

/** A signal is of no use later, so only one whose deadline is still ahead is sent anew. */
const REPLAY: Verb = {
  action: "delivery.replay",
  refusal: say("notReplayed"),
  may: sql`d.state in ('dead', 'discarded') or (d.state = 'delivered' and d.kind = 'record')`,
  set: sql`state = 'pending', attempts = 0`,
};
const DISCARD: Verb = {
  action: "delivery.discard",
  refusal: say("notDiscarded"),
  may: sql`d.state in ('dead', 'pending')`,
  set: sql`state = 'discarded'`,
};

export interface DeadLetterOptions {
  database: Database;
  clock: Clock;
  writeAudit: WriteAudit;
}

export function createDeadLetters({ database, clock, writeAudit }: DeadLetterOptions): DeadLetters {
  async function changeOne(doer: Doer, verb: Verb, asked: { id: string; own?: OwnDeliveries | undefined }) {
    const { id, own } = asked;
    return database.sql.transaction().execute(async (transaction) => {
      const at = clock.now();
      if (!(await loadDelivery(transaction, doer.tenantId, { id, own })))
        throw new AppError("not_found", say("noDelivery"));
      const where = sql`d.tenant_id = ${doer.tenantId} and d.id = ${id}`;
      const changed = await apply(transaction, { verb, where, at });
      if (changed === 0) throw new AppError("conflict", verb.refusal);
      await writeAudit(transaction, doer, { action: verb.action, target: `delivery:${id}`, at });
      const delivery = await loadDelivery(transaction, doer.tenantId, { id });
      if (!delivery) throw new Error(`delivery ${id} is gone`);
      return delivery;
    });
  }

  async function changeAll(doer: Doer, { filter, dryRun }: BulkRequest, verb: Verb): Promise<BulkResult> {
    const where = toConditions(doer.tenantId, { ...filter, states: filter.states ?? ["dead"] });
    return database.sql.transaction().execute(async (transaction) => {
      const at = clock.now();
      const { rows } = await sql<{ matched: number }>`
        select count(*)::int as matched from (
          select from deliveries d where ${where} and (${toMay(verb, at)}) limit ${MATCHED_MAX}) q`.execute(
        transaction,
      );
      const matched = rows[0]?.matched ?? 0;
      if (dryRun || matched === 0) return { matched, changed: 0 };
      const changed = await apply(transaction, { verb, where, at });
      const { own: _, ...told } = filter;
      const detail = { filter: told, matched, changed };
      await writeAudit(transaction, doer, { action: verb.action, target: "deliveries", detail, at });
      return { matched, changed };
    });
  }

  return {
    replay: (doer, id, own) => changeOne(doer, REPLAY, { id, own }),
    discard: (doer, id, own) => changeOne(doer, DISCARD, { id, own }),
    replayAll: (doer, request) => changeAll(doer, request, REPLAY),
    discardAll: (doer, request) => changeAll(doer, request, DISCARD),
  };
}

const toMay = (verb: Verb, at: Date) => sql`(${verb.may}) and (d.kind = 'record' or d.expires_at > ${at})`;

/** Changes the first rows there are, oldest first, and wakes their lanes. Rows in flight at this instant are left alone. */
async function apply(
  on: Sql,
  { verb, where, at }: { verb: Verb; where: ReturnType<typeof sql>; at: Date },
): Promise<number> {
  const { rows } = await sql<{ changed: number }>`
    with chosen as (
      select d.tenant_id, d.id, d.subject_created_at from deliveries d
       where ${where} and (${toMay(verb, at)})
       order by d.id limit ${CHANGED_MAX} for update of d skip locked
    ), changed as (
      update deliveries d set ${verb.set}, updated_at = ${at}, due_at = greatest(${at}, least(d.due_at,
             coalesce(d.last_attempt_at, ${at}) + ${CERTAIN_AFTER_MS} * interval '1 millisecond'))
        from chosen
       where d.tenant_id = chosen.tenant_id and d.id = chosen.id and d.subject_created_at = chosen.subject_created_at
      returning d.connection_id, d.state
    ), woken as (
      select pg_notify('deliveries', connection_id::text) from (select distinct connection_id from changed where state = 'pending') w
    )
    select (select count(*)::int from changed) as changed, (select count(*) from woken) as woken`.execute(on);
  return rows[0]?.changed ?? 0;
}
