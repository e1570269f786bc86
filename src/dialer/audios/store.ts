import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** A row of `audios`. */
export interface StoredAudio {
  tenantId: TenantId;
  id: RowId;
  name: string;
  file: string;
  originalName: string;
  originalBytes: number;
  sizeBytes: number;
  durationMs: number;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

export type NewAudio = Omit<StoredAudio, "id" | "createdAt" | "updatedAt">;

const COLUMNS = sql.raw(
  `tenant_id as "tenantId", id, name, file, original_name as "originalName", original_bytes::float8 as "originalBytes",
   size_bytes::float8 as "sizeBytes", duration_ms as "durationMs", created_by as "createdBy",
   created_at as "createdAt", updated_at as "updatedAt"`,
);

export async function loadAudios(
  from: Sql,
  tenantId: TenantId,
  page: { afterId: string; rowsMax: number },
): Promise<StoredAudio[]> {
  const { rows } = await sql<StoredAudio>`
    select ${COLUMNS} from audios where tenant_id = ${tenantId} and id > ${page.afterId}
     order by id limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadAudio(from: Sql, tenantId: TenantId, id: string): Promise<StoredAudio | null> {
  const { rows } = await sql<StoredAudio>`
    select ${COLUMNS} from audios where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  return rows[0] ?? null;
}

export async function loadAudioByName(from: Sql, tenantId: TenantId, name: string): Promise<StoredAudio | null> {
  const { rows } = await sql<StoredAudio>`
    select ${COLUMNS} from audios where tenant_id = ${tenantId} and name = ${name}`.execute(from);
  return rows[0] ?? null;
}

export async function loadUsage(from: Sql, tenantId: TenantId): Promise<{ audios: number; sizeBytes: number }> {
  const { rows } = await sql<{ audios: number; sizeBytes: number }>`
    select count(*)::int as audios, coalesce(sum(size_bytes), 0)::float8 as "sizeBytes"
      from audios where tenant_id = ${tenantId}`.execute(from);
  return rows[0] ?? { audios: 0, sizeBytes: 0 };
}

/** A new one, or another sound under a name that is there. */
export async function saveAudio(on: Sql, audio: NewAudio, at: Date): Promise<StoredAudio> {
  const { rows } = await sql<StoredAudio>`
    insert into audios (tenant_id, name, file, original_name, original_bytes, size_bytes, duration_ms, created_by,
                        created_at, updated_at)
    values (${audio.tenantId}, ${audio.name}, ${audio.file}, ${audio.originalName}, ${audio.originalBytes},
            ${audio.sizeBytes}, ${audio.durationMs}, ${audio.createdBy}, ${at}, ${at})
    on conflict (tenant_id, name) do update set file = excluded.file, original_name = excluded.original_name,
      original_bytes = excluded.original_bytes, size_bytes = excluded.size_bytes, duration_ms = excluded.duration_ms,
      updated_at = excluded.updated_at
    returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0];
}

export async function removeAudio(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql`delete from audios where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

/** Names of projects that play it, at most five. */
export async function loadUsers(from: Sql, tenantId: TenantId, id: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from projects
     where tenant_id = ${tenantId}
       and (ivr->>'audioId' = ${id} or ivr->>'machineAudioId' = ${id}
            or exists (select from jsonb_each_text(ivr->'prompts') where value = ${id}))
     order by id limit 5`.execute(from);
  return rows.map(({ name }) => name);
}

/** The first of `ids` that is no audio of the tenant's. */
export async function findUnknownAudio(from: Sql, tenantId: TenantId, ids: readonly RowId[]): Promise<RowId | null> {
  const { rows } = await sql<{ id: RowId }>`
    select id from audios where tenant_id = ${tenantId} and id = any(${[...ids]}::bigint[])`.execute(from);
  const known = new Set(rows.map(({ id }) => id));
  return ids.find((id) => !known.has(id)) ?? null;
}

/** Those of these files that an audio of any tenant has. */
export async function listKnownFiles(from: Sql, files: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ file: string }>`
    select file from audios where file = any(${[...files]})`.execute(from);
  return new Set(rows.map(({ file }) => file));
}

/** How a PBX gets its sounds. */
export type PbxSounds =
  | { delivery: "folder"; folder: string; pbxFolder: string }
  | { delivery: "http"; baseUrl: string | null };

interface PbxSoundsRow {
  delivery: "folder" | "http";
  folder: string | null;
  pbxFolder: string | null;
  baseUrl: string | null;
}

/** `null`: there is no such PBX. */
export async function loadPbxSounds(from: Sql, tenantId: TenantId, pbxId: string): Promise<PbxSounds | null> {
  const { rows } = await sql<PbxSoundsRow>`
    select coalesce(s.delivery, 'http') as delivery, s.folder, s.pbx_folder as "pbxFolder", s.base_url as "baseUrl"
      from pbxs p left join pbx_sounds s on s.tenant_id = p.tenant_id and s.pbx_id = p.id
     where p.tenant_id = ${tenantId} and p.id = ${pbxId}`.execute(from);
  return rows[0] ? toPbxSounds(rows[0]) : null;
}

function toPbxSounds({ delivery, folder, pbxFolder, baseUrl }: PbxSoundsRow): PbxSounds {
  return delivery === "folder" && folder !== null && pbxFolder !== null
    ? { delivery, folder, pbxFolder }
    : { delivery: "http", baseUrl };
}

export async function savePbxSounds(
  on: Sql,
  { tenantId, pbxId }: { tenantId: TenantId; pbxId: string },
  { at, ...sounds }: PbxSounds & { at: Date },
): Promise<void> {
  const { folder, pbxFolder } = sounds.delivery === "folder" ? sounds : { folder: null, pbxFolder: null };
  const baseUrl = sounds.delivery === "http" ? sounds.baseUrl : null;
  await sql`
    insert into pbx_sounds (tenant_id, pbx_id, delivery, folder, pbx_folder, base_url, updated_at)
    values (${tenantId}, ${pbxId}, ${sounds.delivery}, ${folder}, ${pbxFolder}, ${baseUrl}, ${at})
    on conflict (tenant_id, pbx_id) do update set delivery = excluded.delivery, folder = excluded.folder,
      pbx_folder = excluded.pbx_folder, base_url = excluded.base_url, updated_at = excluded.updated_at`.execute(on);
}
