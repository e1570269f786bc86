import { type RawBuilder, sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";

/**
 * How a call stands with the CRMs, in a person's words:
 *
 *   delivered    a CRM has its record
 *   waiting      a record is still on its way
 *   failed       a record did not arrive and is not tried any more: a dead letter, or given up
 *   not_linked   a CRM has its record, without a contact beside it
 */
export const CONNECTION_STATES = ["delivered", "waiting", "failed", "not_linked"] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

export interface CallDeliveryFilter {
  delivery_state?: string | undefined;
  connection_state?: ConnectionState | undefined;
  connection_id?: string | undefined;
}

const STATES_OF: Readonly<Record<ConnectionState, readonly string[]>> = {
  delivered: ["delivered"],
  waiting: ["pending", "leased"],
  failed: ["dead", "discarded"],
  not_linked: ["delivered"],
};
/** States that few deliveries are in; each has an index of its own. */
const RARE: readonly string[] = ["pending", "leased", "dead", "discarded"];
const RARE_CALLS_MAX = 5_000;

/** `null`: anything goes. One by one, each call's deliveries are looked up by their key as the walk comes past it. */
export function toDeliveryCondition(
  filter: CallDeliveryFilter,
  { isOneByOne }: { isOneByOne: boolean },
): RawBuilder<unknown> | null {
  const { connection_state, connection_id } = filter;
  const states = toStates(filter);
  if (states.length === 0 && connection_id === undefined) return null;
  const conditions = [
    ...states.map((either) => sql`d.state in (${sql.join(either.map((state) => sql.lit(state)))})`),
    ...(connection_state === "not_linked" ? [sql`d.remote -> 'refs' ->> 'contact' is null`] : []),
    ...(connection_id === undefined ? [] : [sql`d.connection_id = ${connection_id}`]),
  ];
  // An offset keeps the planner from reading all deliveries at once for the sake of one page.
  return sql`exists (select from deliveries d where d.tenant_id = c.tenant_id and d.subject_kind = 'call'
    and d.subject_id = c.id and d.subject_created_at = c.created_at and d.kind = 'record'
    and ${sql.join(conditions, sql` and `)} ${isOneByOne ? sql`offset 0` : sql``})`;
}

/** The calls of a state that few are in, found by the deliveries; `null` when too many are in it, or it is no such state. */
export async function findRareCalls(
  database: Sql,
  tenantId: TenantId,
  filter: CallDeliveryFilter,
): Promise<RowId[] | null> {
  const rare = toStates(filter).find((either) => either.every((state) => RARE.includes(state)));
  if (!rare) return null;
  const lane =
    filter.connection_id === undefined
      ? sql`d.connection_id in (select id from connections where tenant_id = ${tenantId})`
      : sql`d.connection_id = ${filter.connection_id}`;
  const branches = rare.map(
    // A constant for each state lets the planner use that state's index.
    (
      state,
    ) => sql`(select d.subject_id as id from deliveries d where d.tenant_id = ${tenantId} and d.state = ${sql.lit(state)}
      and d.subject_kind = 'call' and d.kind = 'record' and ${lane} limit ${RARE_CALLS_MAX + 1})`,
  );
  const { rows } = await sql<{ id: RowId }>`${sql.join(branches, sql` union all `)}`.execute(database);
  return rows.length > RARE_CALLS_MAX ? null : [...new Set(rows.map(({ id }) => id))];
}

/** One list for each thing that is asked; every one must hold. */
function toStates({ delivery_state, connection_state }: CallDeliveryFilter): (readonly string[])[] {
  return [
    ...(delivery_state === undefined ? [] : [[delivery_state]]),
    ...(connection_state === undefined ? [] : [STATES_OF[connection_state]]),
  ];
}
