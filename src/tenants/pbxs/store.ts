import { sql } from "kysely";
import pg from "pg";
import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { DialSettings, RecordingPbx, RecordingPlaces } from "../../core/pbx-record.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { say } from "../words.ts";
import type { StoredCdr } from "./cdr.ts";

/** A row of `pbxs`, its secret sealed. */
export interface StoredPbx {
  tenantId: TenantId;
  id: RowId;
  name: string;
  /** `null`, as `username` and `sealedSecret` are then: it has no AMI and only posts events. */
  host: string | null;
  port: number;
  tls: boolean;
  tlsCa: string | null;
  username: string | null;
  sealedSecret: string | null;
  timeZone: string;
  callIdPrefix: string;
  trunks: readonly string[];
  dial: DialSettings;
  recordings: RecordingPlaces | null;
  cdr: StoredCdr;
  origin: "environment" | "api";
  enabled: boolean;
  /** Whether it has a token that is good for the events it posts. */
  postsEvents: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export type NewPbx = Omit<StoredPbx, "id" | "cdr" | "postsEvents" | "createdAt" | "updatedAt">;

const COLUMNS = sql.raw(
  `p.tenant_id as "tenantId", p.id, p.name, p.host, p.port, p.tls, p.tls_ca as "tlsCa", p.username,
   p.sealed_secret as "sealedSecret", p.time_zone as "timeZone", p.call_id_prefix as "callIdPrefix", p.trunks, p.dial,
   p.recordings, p.cdr, p.origin, p.enabled,
   exists (select from pbx_tokens k where k.tenant_id = p.tenant_id and k.pbx_id = p.id and k.expires_at is null) as "postsEvents",
   p.created_at as "createdAt", p.updated_at as "updatedAt"`,
);

export async function loadPbxs(
  from: Sql,
  tenantId: TenantId,
  page: { afterId: string; rowsMax: number },
): Promise<StoredPbx[]> {
  const { rows } = await sql<StoredPbx>`
    select ${COLUMNS} from pbxs p where tenant_id = ${tenantId} and id > ${page.afterId}
     order by id limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadPbx(from: Sql, tenantId: TenantId, id: string): Promise<StoredPbx | null> {
  const { rows } = await sql<StoredPbx>`
    select ${COLUMNS} from pbxs p where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  return rows[0] ?? null;
}

export async function loadEnvironmentPbx(from: Sql, tenantId: TenantId): Promise<StoredPbx | null> {
  const { rows } = await sql<StoredPbx>`
    select ${COLUMNS} from pbxs p where tenant_id = ${tenantId} and origin = 'environment'`.execute(from);
  return rows[0] ?? null;
}

/** One that can be connected to. */
export type RunnablePbx = StoredPbx & {
  host: string;
  spoolFolder: string | null;
  username: string;
  sealedSecret: string;
} & {
  country: string;
  peers: Readonly<Record<string, string>>;
};

/** Those with AMI, with the tenant's country and its peers. `null` loads every enabled one of every tenant that may act. */
export async function loadRunnablePbxs(
  from: Sql,
  only: { tenantId: TenantId; id: string } | null,
): Promise<RunnablePbx[]> {
  const which =
    only === null
      ? sql`p.enabled and t.disabled_at is null`
      : sql`p.tenant_id = ${only.tenantId} and p.id = ${only.id}`;
  const { rows } = await sql<RunnablePbx>`
    select ${COLUMNS}, p.spool_folder as "spoolFolder", t.country, coalesce(x.peers, '{}') as peers
      from pbxs p join tenants t on t.id = p.tenant_id
      left join (select e.tenant_id, jsonb_object_agg(peer, e.number) as peers
                   from extensions e cross join unnest(e.peers) as peer group by e.tenant_id) x
             on x.tenant_id = p.tenant_id
     where ${which} and p.host is not null order by p.id`.execute(from);
  return rows;
}

export type UnheardPbx = Pick<
  StoredPbx,
  "tenantId" | "id" | "name" | "timeZone" | "callIdPrefix" | "trunks" | "cdr" | "origin"
> & { country: string; peers: Readonly<Record<string, string>> };

/** Every enabled one without AMI whose call records can be read. */
export async function loadUnheardPbxs(from: Sql): Promise<UnheardPbx[]> {
  const { rows } = await sql<UnheardPbx>`
    select p.tenant_id as "tenantId", p.id, p.name, p.time_zone as "timeZone", p.call_id_prefix as "callIdPrefix", p.trunks, p.cdr,
           p.origin, t.country, coalesce(x.peers, '{}') as peers
      from pbxs p join tenants t on t.id = p.tenant_id
      left join (select e.tenant_id, jsonb_object_agg(peer, e.number) as peers
                   from extensions e cross join unnest(e.peers) as peer group by e.tenant_id) x
             on x.tenant_id = p.tenant_id
     where p.enabled and t.disabled_at is null and p.host is null and p.cdr->>'kind' in ('mysql', 'csv')
     order by p.id`.execute(from);
  return rows;
}

/** Those with a place for recordings, switched off or not: what they recorded stays there. */
export async function loadRecordingPbxs(from: Sql): Promise<RecordingPbx[]> {
  const { rows } = await sql<RecordingPbx>`
    select tenant_id as "tenantId", id, name, time_zone as "timeZone", call_id_prefix as "callIdPrefix",
           tls_ca as "tlsCa", recordings
      from pbxs where recordings is not null order by id`.execute(from);
  return rows;
}

const toJson = (value: object | null): string | null => value && JSON.stringify(value);

/** What would make two PBXs of a tenant look alike. */
export async function findClash(
  from: Sql,
  pbx: Pick<NewPbx, "tenantId" | "name" | "callIdPrefix"> & { id: string | null },
): Promise<"name" | "call_id_prefix" | null> {
  const { rows } = await sql<{ isName: boolean }>`
    select name = ${pbx.name} as "isName" from pbxs
     where tenant_id = ${pbx.tenantId} and id is distinct from ${pbx.id}::bigint
       and (name = ${pbx.name} or call_id_prefix = ${pbx.callIdPrefix}) order by 1 desc limit 1`.execute(from);
  return rows[0] ? (rows[0].isName ? "name" : "call_id_prefix") : null;
}

export async function countPbxs(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pbxs where tenant_id = ${tenantId}`.execute(from);
  return rows[0]?.count ?? 0;
}

export async function saveNewPbx(on: Sql, pbx: NewPbx, at: Date): Promise<StoredPbx> {
  const { rows } = await sql<StoredPbx>`
    insert into pbxs as p (tenant_id, name, host, port, tls, tls_ca, username, sealed_secret, time_zone, call_id_prefix,
                           trunks, dial, recordings, origin, enabled, created_at, updated_at)
    values (${pbx.tenantId}, ${pbx.name}, ${pbx.host}, ${pbx.port}, ${pbx.tls}, ${pbx.tlsCa}, ${pbx.username},
            ${pbx.sealedSecret}, ${pbx.timeZone}, ${pbx.callIdPrefix}, ${[...pbx.trunks]},
            ${JSON.stringify(pbx.dial)}::jsonb, ${toJson(pbx.recordings)}::jsonb, ${pbx.origin}, ${pbx.enabled}, ${at}, ${at})
    returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0];
}

export async function savePbx(on: Sql, pbx: StoredPbx, at: Date): Promise<StoredPbx> {
  const { rows } = await sql<StoredPbx>`
    update pbxs p set name = ${pbx.name}, host = ${pbx.host}, port = ${pbx.port}, tls = ${pbx.tls}, tls_ca = ${pbx.tlsCa},
           username = ${pbx.username}, sealed_secret = ${pbx.sealedSecret}, time_zone = ${pbx.timeZone},
           call_id_prefix = ${pbx.callIdPrefix}, trunks = ${[...pbx.trunks]}, dial = ${JSON.stringify(pbx.dial)}::jsonb,
           recordings = ${toJson(pbx.recordings)}::jsonb, enabled = ${pbx.enabled}, updated_at = ${at}
     where tenant_id = ${pbx.tenantId} and id = ${pbx.id} returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error(`PBX ${pbx.id} is gone`);
  return rows[0];
}

/** Throws `conflict` while something of the dialer is built on it. */
export async function removePbx(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  try {
    await sql`delete from pbxs where tenant_id = ${tenantId} and id = ${id}`.execute(on);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== FOREIGN_KEY_VIOLATION) throw error;
    throw new AppError("conflict", say("pbxHasTrunks"), { cause: error });
  }
}
const FOREIGN_KEY_VIOLATION = "23503";
