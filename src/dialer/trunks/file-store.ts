import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type Sentence, toKeptWords } from "../../core/sentence.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** Where a PBX's trunks are written, and how far that has come. */
export interface TrunkFile {
  tenantId: TenantId;
  pbxId: RowId;
  folder: string;
  /** Who has the PBX read it: Enlace over AMI, or the PBX watches it by itself. */
  reload: "ami" | "pbx";
  changedAt: Date;
  publishedAt: Date | null;
  problem: string | null;
  /** Which sentence `problem` is, as it was kept; see `toWording`. */
  problemWords: unknown;
}

export type TrunkFileFields = Pick<TrunkFile, "folder" | "reload">;

const COLUMNS = sql.raw(
  `tenant_id as "tenantId", pbx_id as "pbxId", folder, reload, changed_at as "changedAt", published_at as "publishedAt", problem, problem_words as "problemWords"`,
);
const DUE_MAX = 100;
const PROBLEM_LENGTH_MAX = 1000;

export async function loadTrunkFile(from: Sql, tenantId: TenantId, pbxId: string): Promise<TrunkFile | null> {
  const { rows } = await sql<TrunkFile>`
    select ${COLUMNS} from trunk_files where tenant_id = ${tenantId} and pbx_id = ${pbxId}`.execute(from);
  return rows[0] ?? null;
}

/** Of all tenants; the longest due first. */
export async function loadDueTrunkFiles(from: Sql): Promise<Pick<TrunkFile, "tenantId" | "pbxId">[]> {
  const { rows } = await sql<Pick<TrunkFile, "tenantId" | "pbxId">>`
    select tenant_id as "tenantId", pbx_id as "pbxId" from trunk_files
     where published_at is null or published_at < changed_at order by changed_at limit ${DUE_MAX}`.execute(from);
  return rows;
}

export async function saveTrunkFile(
  on: Sql,
  file: TrunkFileFields & { tenantId: TenantId; pbxId: string; at: Date },
): Promise<void> {
  await sql`
    insert into trunk_files (tenant_id, pbx_id, folder, reload, changed_at)
    values (${file.tenantId}, ${file.pbxId}, ${file.folder}, ${file.reload}, ${file.at})
    on conflict (tenant_id, pbx_id) do update
       set folder = excluded.folder, reload = excluded.reload, published_at = null, problem = null, problem_words = null,
           changed_at = ${nextChange(file.at)}`.execute(on);
}

export async function removeTrunkFile(on: Sql, tenantId: TenantId, pbxId: string): Promise<void> {
  await sql`delete from trunk_files where tenant_id = ${tenantId} and pbx_id = ${pbxId}`.execute(on);
}

export async function noteTrunkChange(
  on: Sql,
  { tenantId, pbxId, at }: { tenantId: TenantId; pbxId: RowId; at: Date },
): Promise<void> {
  await sql`
    update trunk_files set changed_at = ${nextChange(at)}
     where tenant_id = ${tenantId} and pbx_id = ${pbxId}`.execute(on);
}

/** Keeps how it went with the changes up to the one that was seen; a later one stays due. */
export async function settleTrunkFile(on: Sql, seen: TrunkFile, problem: Sentence | null): Promise<void> {
  const publishedAt = problem === null ? seen.changedAt : seen.publishedAt;
  const text = problem?.text.slice(0, PROBLEM_LENGTH_MAX) ?? null;
  const words = toKeptWords(text, problem ?? undefined);
  await sql`
    update trunk_files
       set published_at = ${publishedAt}, problem = ${text}, problem_words = ${words && JSON.stringify(words)}::jsonb
     where tenant_id = ${seen.tenantId} and pbx_id = ${seen.pbxId}`.execute(on);
}

/** Two changes in one millisecond, or under a clock that was put back, are still two. */
const nextChange = (at: Date) => sql`greatest(${at}::timestamptz, trunk_files.changed_at + interval '1 millisecond')`;
