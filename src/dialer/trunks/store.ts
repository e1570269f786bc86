import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Trunk } from "../trunk.ts";

/** A row of `trunks`, its password sealed. */
export interface StoredTrunk extends Trunk {
  sealedPassword: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export type NewTrunk = Omit<StoredTrunk, "id" | "createdAt" | "updatedAt">;

const COLUMNS = sql.raw(
  `tenant_id as "tenantId", id, pbx_id as "pbxId", name, dial_template as "dialTemplate",
   per_second::float8 as "perSecond", channels_max as "channelsMax", caller_id as "callerId", enabled, account,
   sealed_password as "sealedPassword", created_at as "createdAt", updated_at as "updatedAt"`,
);

export async function loadTrunks(
  from: Sql,
  tenantId: TenantId,
  page: { afterId: string; rowsMax: number },
): Promise<StoredTrunk[]> {
  const { rows } = await sql<StoredTrunk>`
    select ${COLUMNS} from trunks where tenant_id = ${tenantId} and id > ${page.afterId}
     order by id limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadTrunk(from: Sql, tenantId: TenantId, id: string): Promise<StoredTrunk | null> {
  const { rows } = await sql<StoredTrunk>`
    select ${COLUMNS} from trunks where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  return rows[0] ?? null;
}

/** Those of one PBX whose configuration Enlace writes, by name. */
export async function loadWrittenTrunks(from: Sql, tenantId: TenantId, pbxId: string): Promise<StoredTrunk[]> {
  const { rows } = await sql<StoredTrunk>`
    select ${COLUMNS} from trunks
     where tenant_id = ${tenantId} and pbx_id = ${pbxId} and enabled and account is not null order by name`.execute(
    from,
  );
  return rows;
}

export async function countTrunks(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from trunks where tenant_id = ${tenantId}`.execute(from);
  return rows[0]?.count ?? 0;
}

/** `null` when the PBX has a trunk of that name already. */
export async function saveNewTrunk(on: Sql, trunk: NewTrunk, at: Date): Promise<StoredTrunk | null> {
  const { rows } = await sql<StoredTrunk>`
    insert into trunks (tenant_id, pbx_id, name, dial_template, per_second, channels_max, caller_id, enabled, account,
                        sealed_password, created_at, updated_at)
    values (${trunk.tenantId}, ${trunk.pbxId}, ${trunk.name}, ${trunk.dialTemplate}, ${trunk.perSecond},
            ${trunk.channelsMax}, ${trunk.callerId}, ${trunk.enabled}, ${toJson(trunk.account)}::jsonb,
            ${trunk.sealedPassword}, ${at}, ${at})
    on conflict (tenant_id, pbx_id, name) do nothing returning ${COLUMNS}`.execute(on);
  return rows[0] ?? null;
}

export async function saveTrunk(on: Sql, trunk: StoredTrunk, at: Date): Promise<StoredTrunk> {
  const { rows } = await sql<StoredTrunk>`
    update trunks set name = ${trunk.name}, dial_template = ${trunk.dialTemplate}, per_second = ${trunk.perSecond},
           channels_max = ${trunk.channelsMax}, caller_id = ${trunk.callerId}, enabled = ${trunk.enabled},
           account = ${toJson(trunk.account)}::jsonb, sealed_password = ${trunk.sealedPassword}, updated_at = ${at}
     where tenant_id = ${trunk.tenantId} and id = ${trunk.id} returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error(`trunk ${trunk.id} is gone`);
  return rows[0];
}

export async function removeTrunk(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql`delete from trunks where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

/** Another trunk of the PBX with this name. */
export async function isNameTaken(on: Sql, { tenantId, pbxId, name, id }: StoredTrunk): Promise<boolean> {
  const { rows } = await sql`
    select from trunks where tenant_id = ${tenantId} and pbx_id = ${pbxId} and name = ${name} and id <> ${id}`.execute(
    on,
  );
  return rows.length > 0;
}

/** The name of a project that dials over it. */
export async function findTrunkUser(on: Sql, tenantId: TenantId, id: string): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select p.name from project_trunks t join projects p on p.tenant_id = t.tenant_id and p.id = t.project_id
     where t.tenant_id = ${tenantId} and t.trunk_id = ${id} limit 1`.execute(on);
  return rows[0]?.name ?? null;
}

/** Of the tenant's PBXs. */
export async function loadPbxIds(on: Sql, tenantId: TenantId): Promise<RowId[]> {
  const { rows } = await sql<{ id: RowId }>`select id from pbxs where tenant_id = ${tenantId} order by id`.execute(on);
  return rows.map(({ id }) => id);
}

export async function hasPbx(on: Sql, tenantId: TenantId, id: RowId): Promise<boolean> {
  const { rows } = await sql`select from pbxs where tenant_id = ${tenantId} and id = ${id}`.execute(on);
  return rows.length > 0;
}

const toJson = (value: object | null): string | null => value && JSON.stringify(value);
