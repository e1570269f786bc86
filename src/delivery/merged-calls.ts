import type pg from "pg";
import type { RowId, TenantId } from "../core/ids.ts";
import { toStorableJson } from "./storable.ts";
import { say } from "./words.ts";

/** A call as deliveries know it. */
interface Subject {
  id: RowId;
  callUuid: string;
  createdAt: Date;
}

/**
 * Two calls are one: what was delivered of `from` goes over to `into`, on `client`'s transaction.
 *
 * Where only `from` has a record over there, `into` takes it and brings it up to date. Where both have one, nothing can be
 * taken back: a person is asked to look. False, with nothing changed, while a delivery of `from` is on its way.
 */
export async function moveDeliveries(
  client: pg.PoolClient,
  tenantId: TenantId,
  { from, into, at }: { from: Subject; into: Subject; at: Date },
): Promise<boolean> {
  const values = [tenantId, from.id, from.createdAt];
  const { rows } = await client.query<{ state: string }>(
    `select state from deliveries where tenant_id = $1 and subject_kind = 'call' and subject_id = $2
        and subject_created_at = $3 order by id for update`,
    values,
  );
  if (rows.some(({ state }) => state === "leased")) return false;
  await client.query(TAKE_OVER, [...values, into.id, into.createdAt, at]);
  const merged = say("merged", { call: into.callUuid });
  const double = say("double", { call: into.callUuid });
  await client.query(LET_GO, [...values, into.id, into.createdAt, at, toStorableJson(merged), toStorableJson(double)]);
  return true;
}

/** The record of `from` becomes that of `into`, which has none yet: its next delivery finds and changes it. */
const TAKE_OVER = `
update deliveries i set remote = f.remote, updated_at = $6
  from deliveries f
 where f.tenant_id = $1 and f.subject_kind = 'call' and f.subject_id = $2 and f.subject_created_at = $3
   and f.kind = 'record' and f.remote is not null
   and i.tenant_id = f.tenant_id and i.subject_kind = 'call' and i.subject_id = $4 and i.subject_created_at = $5
   and i.kind = 'record' and i.connection_id = f.connection_id and i.name = f.name
   and i.remote is null and i.state = 'pending'`;

/** Both have a record over there, of different ids. */
const IS_DOUBLE = `f.kind = 'record' and f.remote is not null and not exists (
  select from deliveries i
   where i.tenant_id = f.tenant_id and i.subject_kind = 'call' and i.subject_id = $4 and i.subject_created_at = $5
     and i.kind = 'record' and i.connection_id = f.connection_id and i.remote ->> 'id' = f.remote ->> 'id')`;

const LET_GO = `
update deliveries f
   set state = 'discarded', updated_at = $6, reason = $7::jsonb ->> 'text', reason_words = $7,
       review = case when ${IS_DOUBLE} then $8::jsonb ->> 'text' else f.review end,
       review_words = case when ${IS_DOUBLE} then $8 else f.review_words end
 where f.tenant_id = $1 and f.subject_kind = 'call' and f.subject_id = $2 and f.subject_created_at = $3
   and f.state <> 'discarded'`;
