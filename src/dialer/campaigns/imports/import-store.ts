import { sql } from "kysely";
import type pg from "pg";
import type { RowId, TenantId } from "../../../core/ids.ts";
import { type Database, inTransaction, type Sql } from "../../../kit/postgres/database.ts";
import type { InvalidLine, ReadContact } from "./contact-reader.ts";

export interface StoredImport {
  tenantId: TenantId;
  id: RowId;
  campaignId: RowId;
  kind: "csv" | "xlsx" | "recycle";
  fileName: string;
  state: "running" | "finished" | "failed";
  /** Up to where it has been read, and all before it was kept. */
  linesRead: number;
  inserted: number;
  /** Numbers that the campaign had already. */
  duplicates: number;
  invalid: number;
  /** Left out because they must not be called any more; of `recycle`. */
  suppressed: number;
  columns: string[];
  /** Why it failed. */
  problem: string | null;
  createdAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
}

/** Lines that could not be taken and are kept for people to see; the others are only counted. */
export const PROBLEMS_MAX = 10_000;

const COLUMNS = sql.raw(
  `i.tenant_id as "tenantId", i.id, i.campaign_id as "campaignId", i.kind, i.file_name as "fileName", i.state,
   i.lines_read::float8 as "linesRead", i.inserted::float8 as inserted, i.duplicates::float8 as duplicates,
   i.invalid::float8 as invalid, i.suppressed::float8 as suppressed, i.columns, i.problem,
   i.created_at as "createdAt", i.updated_at as "updatedAt", i.finished_at as "finishedAt"`,
);

export async function saveNewImport(
  on: Sql,
  given: { tenantId: TenantId; campaignId: RowId; kind: StoredImport["kind"]; fileName: string; at: Date },
): Promise<StoredImport> {
  const { rows } = await sql<StoredImport>`
    insert into campaign_imports as i (tenant_id, campaign_id, kind, file_name, created_at, updated_at)
    values (${given.tenantId}, ${given.campaignId}, ${given.kind}, ${given.fileName}, ${given.at}, ${given.at})
    returning ${COLUMNS}`.execute(on);
  return rows[0] as StoredImport;
}

export async function loadImport(from: Sql, tenantId: TenantId, id: string): Promise<StoredImport | null> {
  const { rows } = await sql<StoredImport>`
    select ${COLUMNS} from campaign_imports i where i.tenant_id = ${tenantId} and i.id = ${id}`.execute(from);
  return rows[0] ?? null;
}

/** Newest first. */
export async function loadImports(
  from: Sql,
  {
    tenantId,
    campaignId,
    beforeId,
    rowsMax,
  }: { tenantId: TenantId; campaignId: string; beforeId: string | null; rowsMax: number },
): Promise<StoredImport[]> {
  const { rows } = await sql<StoredImport>`
    select ${COLUMNS} from campaign_imports i
     where i.tenant_id = ${tenantId} and i.campaign_id = ${campaignId}
       ${beforeId === null ? sql`` : sql`and i.id < ${beforeId}`}
     order by i.id desc limit ${rowsMax}`.execute(from);
  return rows;
}

export async function hasRunningImport(from: Sql, tenantId: TenantId, campaignId: string): Promise<boolean> {
  const { rows } = await sql`
    select from campaign_imports
     where tenant_id = ${tenantId} and campaign_id = ${campaignId} and state = 'running' limit 1`.execute(from);
  return rows.length > 0;
}

/** Part of a list, on its way into the campaign. */
export interface ImportBatch {
  contacts: readonly ReadContact[];
  /** Those that are shown to people, of so many. */
  invalid: readonly InvalidLine[];
  invalidCount: number;
  /** Not to be called any more. */
  suppressed: number;
  linesRead: number;
  columns: readonly string[];
  now: Date;
}

const INSERT = {
  name: "campaigns.import",
  text: `
with taken as (
  insert into campaign_contacts (tenant_id, campaign_id, number, variables, next_at, created_at)
  select $1, $2, number, variables::jsonb, $5, $5 from unnest($3::text[], $4::text[]) as g(number, variables)
  on conflict (tenant_id, campaign_id, number) do nothing
  returning 1
)
select count(*)::int as inserted from taken`,
} as const;

const COUNT = `
insert into campaign_counts as n (tenant_id, campaign_id, state, contacts) values ($1, $2, 'pending', $3)
on conflict (tenant_id, campaign_id, state, disposition) do update set contacts = n.contacts + excluded.contacts`;

const PROGRESS = `
update campaign_imports
   set lines_read = $3, inserted = inserted + $4, duplicates = duplicates + $5, invalid = invalid + $6,
       suppressed = suppressed + $7, columns = $8, updated_at = $9
 where tenant_id = $1 and id = $2 and state = 'running'
returning 1`;

const NOTE_PROBLEMS = `
insert into campaign_import_problems (tenant_id, import_id, line, value, reason)
select $1, $2, line, value, reason from unnest($3::bigint[], $4::text[], $5::text[]) as p(line, value, reason)
on conflict do nothing`;

/**
 * Keeps one batch and how far the list has come, in one transaction. `false`: the import is not running any more (it was
 * given up, or its campaign deleted) and nothing was kept.
 */
export async function saveBatch(
  database: Database,
  { tenantId, id, campaignId }: StoredImport,
  batch: ImportBatch,
): Promise<boolean> {
  const { contacts, invalid, invalidCount, suppressed, linesRead, columns, now } = batch;
  return inTransaction(database, async (client) => {
    const numbers = contacts.map(({ number }) => number);
    const variables = contacts.map((contact) => JSON.stringify(contact.variables));
    const inserted = await insert(client, [tenantId, campaignId, numbers, variables, now]);
    if (inserted > 0) await client.query(COUNT, [tenantId, campaignId, inserted]);
    const known = contacts.length - inserted;
    const values = [tenantId, id, linesRead, inserted, known, invalidCount, suppressed, columns, now];
    const { rowCount } = await client.query(PROGRESS, values);
    if (rowCount === 0) throw new GivenUp();
    const lines = invalid.map(({ line }) => line);
    const shown = [lines, invalid.map(({ value }) => value), invalid.map(({ reason }) => reason)];
    if (invalid.length > 0) await client.query(NOTE_PROBLEMS, [tenantId, id, ...shown]);
    return true;
  }).catch((error: unknown) => {
    if (error instanceof GivenUp) return false;
    throw error;
  });
}

class GivenUp extends Error {}

async function insert(client: pg.PoolClient, values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ inserted: number }>({ ...INSERT, values });
  return rows[0]?.inserted ?? 0;
}

/** `problem`: why it failed. One that is not running any more stays as it is. */
export async function endImport(
  on: Sql,
  { tenantId, id }: StoredImport,
  { problem, at }: { problem: string | null; at: Date },
): Promise<StoredImport> {
  await sql`
    update campaign_imports set state = ${problem === null ? "finished" : "failed"}, problem = ${problem},
                                updated_at = ${at}, finished_at = ${at}
     where tenant_id = ${tenantId} and id = ${id} and state = 'running'`.execute(on);
  const ended = await loadImport(on, tenantId, id);
  if (!ended) throw new Error(`import ${id} is gone`);
  return ended;
}

/** Imports that have not moved since `before` were cut off by a crash. Returns how many there were. */
export async function failAbandoned(on: Sql, { before, now }: { before: Date; now: Date }): Promise<number> {
  const { numAffectedRows } = await sql`
    update campaign_imports set state = 'failed', updated_at = ${now}, finished_at = ${now},
           problem = 'Interrupted after line ' || lines_read || '. All before it was kept: import the file again, and what is known already is passed over.'
     where state = 'running' and updated_at < ${before}`.execute(on);
  return Number(numAffectedRows ?? 0);
}

export async function loadProblems(
  from: Sql,
  {
    tenantId,
    importId,
    afterLine,
    rowsMax,
  }: { tenantId: TenantId; importId: string; afterLine: number; rowsMax: number },
): Promise<InvalidLine[]> {
  const { rows } = await sql<InvalidLine>`
    select line::float8 as line, value, reason from campaign_import_problems
     where tenant_id = ${tenantId} and import_id = ${importId} and line > ${afterLine}
     order by line limit ${rowsMax}`.execute(from);
  return rows;
}
