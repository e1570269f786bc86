import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { DialSource } from "../attempt.ts";
import type { BlockRule } from "./decision.ts";

/** A call that was not made, and why. */
export interface BlockedCall {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId;
  campaignId: RowId | null;
  contactId: RowId | null;
  source: DialSource;
  rule: BlockRule;
  final: boolean;
  nextAt: Date | null;
  policyVersion: string | null;
  inputs: Readonly<Record<string, unknown>>;
}

/** Of one number, project, campaign and rule the last time is kept, with a count. One statement. */
export async function saveBlocks(
  { pool }: Pick<Database, "pool">,
  blocks: readonly BlockedCall[],
  at: Date,
): Promise<void> {
  // One statement changes a row once, and in one order, so that no two statements wait for each other.
  const once = new Map(blocks.map((block) => [toKey(block), block]));
  const kept = [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, block]) => block);
  if (kept.length === 0) return;
  const column = <T>(pick: (block: BlockedCall) => T): T[] => kept.map(pick);
  await pool.query({
    name: "policy-blocks-save",
    text: `insert into dial_blocks as b (tenant_id, number, project_id, campaign_id, rule, contact_id, source, final, next_at,
             policy_version, inputs, first_at, last_at)
           select t.*, $12, $12 from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
             $8::bool[], $9::timestamptz[], $10::text[], $11::jsonb[]) t
           on conflict (tenant_id, number, project_id, campaign_id, rule) do update
             set contact_id = excluded.contact_id, source = excluded.source, final = excluded.final, next_at = excluded.next_at,
                 policy_version = excluded.policy_version, inputs = excluded.inputs, times = b.times + 1, last_at = excluded.last_at`,
    values: [
      column((block) => block.tenantId),
      column((block) => block.number),
      column((block) => block.projectId),
      column((block) => block.campaignId ?? "0"),
      column((block) => block.rule),
      column((block) => block.contactId),
      column((block) => block.source),
      column((block) => block.final),
      column((block) => block.nextAt),
      column((block) => block.policyVersion),
      column((block) => JSON.stringify(block.inputs)),
      at,
    ],
  });
}

const toKey = (block: BlockedCall): string =>
  `${block.tenantId} ${block.number} ${block.projectId} ${block.campaignId ?? 0} ${block.rule}`;

export interface BlockRow extends Omit<BlockedCall, "tenantId" | "number"> {
  times: number;
  firstAt: Date;
  lastAt: Date;
}

export interface LedgerFilter {
  number: PhoneNumber;
  /** `null`: of all projects. */
  projectIds: readonly RowId[] | null;
  rowsMax: number;
}

/** Newest first. */
export async function loadBlocks(from: Sql, tenantId: TenantId, filter: LedgerFilter): Promise<BlockRow[]> {
  const { number, projectIds, rowsMax } = filter;
  const { rows } = await sql<BlockRow>`
    select project_id as "projectId", nullif(campaign_id, 0) as "campaignId", contact_id as "contactId", source, rule, final,
           next_at as "nextAt", policy_version as "policyVersion", inputs, times, first_at as "firstAt", last_at as "lastAt"
      from dial_blocks
     where tenant_id = ${tenantId} and number = ${number}
       and (${projectIds === null} or project_id = any(${projectIds === null ? [] : [...projectIds]}::bigint[]))
     order by last_at desc limit ${rowsMax}`.execute(from);
  return rows;
}

export interface AllowedRow {
  attemptId: string;
  at: Date;
  projectId: RowId;
  campaignId: RowId | null;
  contactId: RowId | null;
  source: DialSource;
  callerId: string | null;
  policyVersion: string | null;
  inputs: Readonly<Record<string, unknown>>;
  counted: boolean;
  disposition: string | null;
}

/** Newest first. */
export async function loadAllowed(from: Sql, tenantId: TenantId, filter: LedgerFilter): Promise<AllowedRow[]> {
  const { number, projectIds, rowsMax } = filter;
  const { rows } = await sql<AllowedRow>`
    select attempt_id as "attemptId", at, project_id as "projectId", campaign_id as "campaignId", contact_id as "contactId", source,
           caller_id as "callerId", policy_version as "policyVersion", inputs, counted, disposition
      from number_attempts
     where tenant_id = ${tenantId} and number = ${number}
       and (${projectIds === null} or project_id = any(${projectIds === null ? [] : [...projectIds]}::bigint[]))
     order by at desc limit ${rowsMax}`.execute(from);
  return rows;
}

const BLOCKS_PER_BATCH = 5_000;

/** Lets go of blocks that were last met before `before`, in small batches. Returns how many. */
export async function dropOldBlocks(
  { sql: on }: Pick<Database, "sql">,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  let dropped = 0;
  while (!signal.aborted) {
    const { numAffectedRows = 0n } = await sql`
      delete from dial_blocks where ctid = any(array(
        select ctid from dial_blocks where last_at < ${before} limit ${BLOCKS_PER_BATCH} for update skip locked))`.execute(
      on,
    );
    dropped += Number(numAffectedRows);
    if (numAffectedRows < BLOCKS_PER_BATCH) break;
  }
  return dropped;
}
