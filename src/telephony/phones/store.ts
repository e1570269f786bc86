import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Phone } from "./phones.ts";

/** A phone as the process that listens to its PBX knows it. */
export interface StoredPhone extends Phone {
  pbxId: RowId;
}

interface PbxRef {
  tenantId: TenantId;
  id: string;
}

export async function savePhones(
  { pool }: Pick<Database, "pool">,
  { tenantId, id }: PbxRef,
  phones: readonly Phone[],
): Promise<void> {
  await pool.query({
    name: "phones-save",
    text: `insert into phones (tenant_id, pbx_id, extension, state, since_at, other, paused, pause_reason, rests_until)
           select $1, p.id, t.* from pbxs p, unnest($3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::bool[],
                                                    $8::text[], $9::timestamptz[]) t
            where p.tenant_id = $1 and p.id = $2
           on conflict (tenant_id, pbx_id, extension) do update
              set state = excluded.state, since_at = excluded.since_at, other = excluded.other, paused = excluded.paused,
                  pause_reason = excluded.pause_reason, rests_until = excluded.rests_until`,
    values: [
      ...[tenantId, id],
      ...[phones.map((p) => p.extension), phones.map((p) => p.state), phones.map((p) => p.sinceAt)],
      ...[phones.map((p) => p.other), phones.map((p) => p.paused), phones.map((p) => p.pauseReason)],
      phones.map((p) => p.restsUntilAt),
    ],
  });
}

/** Nobody listens to them any more: nothing is known. */
export async function forgetPhones(from: Sql, { tenantId, id }: PbxRef): Promise<void> {
  await sql`delete from phones where tenant_id = ${tenantId} and pbx_id = ${id}`.execute(from);
}

export async function loadPhones(from: Sql, tenantId: TenantId, rowsMax: number): Promise<StoredPhone[]> {
  const { rows } = await sql<StoredPhone>`
    select pbx_id as "pbxId", extension, state, since_at as "sinceAt", other, paused, pause_reason as "pauseReason",
           rests_until as "restsUntilAt"
      from phones where tenant_id = ${tenantId} order by extension, pbx_id limit ${rowsMax}`.execute(from);
  return rows;
}
