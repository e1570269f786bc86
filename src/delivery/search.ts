import { sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";
import { type DeliveryFilter, loadDelivery, type StoredDelivery, toConditions } from "./store.ts";

/**
 * Deliveries that have to do with a word: of calls that it names (by number or by name at the PBX), with a record of this id
 * over there, or with the word in their reason. Reasons are looked through in the newest `LOOKED_MAX` that fit the filter.
 */
export async function searchDeliveries(
  from: Sql,
  tenantId: TenantId,
  {
    word,
    callIds,
    filter,
    rowsMax,
  }: { word: string; callIds: readonly RowId[]; filter: DeliveryFilter; rowsMax: number },
): Promise<StoredDelivery[]> {
  const { own, ...rest } = filter;
  const { rows } = await sql<{ id: RowId }>`
    (select d.id from deliveries d where ${toConditions(tenantId, filter)} and d.subject_id = any(${[...callIds]}::bigint[])
      order by d.id desc limit ${rowsMax})
    union
    (select id from (
       select * from deliveries d where ${toConditions(tenantId, rest)} order by d.id desc limit ${LOOKED_MAX}) d
      where (remote ->> 'id' = ${word} or reason ilike ${toPattern(word)} or review ilike ${toPattern(word)})
        and ${own ?? sql`true`}
      order by id desc limit ${rowsMax})
    order by id desc limit ${rowsMax}`.execute(from);
  const found: StoredDelivery[] = [];
  for (const { id } of rows) {
    const delivery = await loadDelivery(from, tenantId, { id });
    if (delivery) found.push(delivery);
  }
  return found;
}

const LOOKED_MAX = 20_000;

/** Somewhere in it, letter by letter. */
const toPattern = (word: string): string => `%${word.replace(/[\\%_]/g, "\\$&")}%`;
