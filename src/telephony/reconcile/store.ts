import type { CallOutcome } from "../../core/call.ts";
import type { CallDirection } from "../../core/call-fact.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";

/** A PBX as its gaps know it. */
export interface PbxKey {
  tenantId: TenantId;
  pbxId: string;
}

/** Why calls may have been missed, or why records are compared. */
export type GapReason = "connection_lost" | "not_listening" | "events_dropped" | "check" | "asked";

export interface GapCounts {
  /** Calls that the PBX has records of. */
  calls: number;
  /** Of these unknown to us, or known and told wrong. */
  missing: number;
  added: number;
  corrected: number;
}

export interface Gap extends GapCounts {
  id: RowId;
  fromAt: Date;
  toAt: Date;
  reason: GapReason;
  /** `open`: work to do; `unchecked`: the records could not tell, see `problem`. */
  state: "open" | "checked" | "unchecked";
  problem: string | null;
  checkedUntil: Date | null;
  tries: number;
  createdAt: Date;
  checkedAt: Date | null;
}

const COLUMNS = `id, from_at as "fromAt", to_at as "toAt", reason, state, problem, checked_until as "checkedUntil", tries,
  calls, missing, added, corrected, created_at as "createdAt", checked_at as "checkedAt"`;

type NewGap = Pick<Gap, "fromAt" | "toAt" | "reason"> & { nextTryAt: Date } & Partial<
    Pick<Gap, "state" | "checkedAt"> & GapCounts
  >;

export async function saveNewGap(
  { pool }: Database,
  { tenantId, pbxId }: PbxKey,
  gap: NewGap,
  now: Date,
): Promise<Gap> {
  const { rows } = await pool.query<Gap>(
    `insert into pbx_gaps (tenant_id, pbx_id, from_at, to_at, reason, next_try_at, created_at, state, checked_at, calls,
                           missing, added, corrected)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning ${COLUMNS}`,
    [
      ...[tenantId, pbxId, gap.fromAt, gap.toAt, gap.reason, gap.nextTryAt, now, gap.state ?? "open"],
      ...[gap.checkedAt ?? null, gap.calls ?? 0, gap.missing ?? 0, gap.added ?? 0, gap.corrected ?? 0],
    ],
  );
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0];
}

/** The open gap whose turn it is. */
export async function loadDueGap({ pool }: Database, { tenantId, pbxId }: PbxKey, now: Date): Promise<Gap | undefined> {
  const { rows } = await pool.query<Gap>({
    name: "pbx-gap-due",
    text: `select ${COLUMNS} from pbx_gaps
            where tenant_id = $1 and pbx_id = $2 and state = 'open' and next_try_at <= $3
            order by next_try_at, id limit 1`,
    values: [tenantId, pbxId, now],
  });
  return rows[0];
}

/** A page is compared: adds its figures and remembers how far the pass has come. */
export async function saveGapPage({ pool }: Database, id: RowId, page: GapCounts & { until: Date }): Promise<void> {
  await pool.query(
    `update pbx_gaps set checked_until = $2, calls = calls + $3, missing = missing + $4, added = added + $5,
            corrected = corrected + $6 where id = $1`,
    [id, page.until, page.calls, page.missing, page.added, page.corrected],
  );
}

/** Done, as far as it could be; or to be tried again at `nextTryAt`. */
export async function saveGapState(
  { pool }: Database,
  id: RowId,
  { state, problem, nextTryAt, now }: { state: Gap["state"]; problem: string | null; nextTryAt: Date; now: Date },
): Promise<void> {
  await pool.query(
    `update pbx_gaps set state = $2, problem = $3, next_try_at = $4, tries = tries + 1,
            checked_at = case when $2 = 'open' then checked_at else $5::timestamptz end where id = $1`,
    [id, state, problem, nextTryAt, now],
  );
}

export async function loadGaps(
  { pool }: Database,
  { tenantId, pbxId }: PbxKey,
  page: { beforeId: RowId | null; rowsMax: number },
): Promise<Gap[]> {
  const { rows } = await pool.query<Gap>(
    `select ${COLUMNS} from pbx_gaps
      where tenant_id = $1 and pbx_id = $2 and ($3::bigint is null or id < $3) order by id desc limit $4`,
    [tenantId, pbxId, page.beforeId, page.rowsMax],
  );
  return rows;
}

export async function loadGap({ pool }: Database, { tenantId, pbxId }: PbxKey, id: RowId): Promise<Gap | undefined> {
  const { rows } = await pool.query<Gap>(
    `select ${COLUMNS} from pbx_gaps where tenant_id = $1 and pbx_id = $2 and id = $3`,
    [tenantId, pbxId, id],
  );
  return rows[0];
}

/** How many gaps of a PBX wait to be compared, for the bound on what may be asked. */
export async function countOpenGaps({ pool }: Database, { tenantId, pbxId }: PbxKey): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "select count(*)::int as count from pbx_gaps where tenant_id = $1 and pbx_id = $2 and state = 'open'",
    [tenantId, pbxId],
  );
  return rows[0]?.count ?? 0;
}

/** Last time the owner heard the PBX, and how far the regular comparison has come. */
export interface Progress {
  begunAt: Date;
  heardAt: Date;
  checkedUntil: Date;
}

export async function loadProgress({ pool }: Database, { tenantId, pbxId }: PbxKey): Promise<Progress | undefined> {
  const { rows } = await pool.query<Progress>(
    `select begun_at as "begunAt", heard_at as "heardAt", checked_until as "checkedUntil" from pbx_progress where tenant_id = $1 and pbx_id = $2`,
    [tenantId, pbxId],
  );
  return rows[0];
}

/** The first call says when it began; neither of the other two ever goes back. */
export async function saveProgress(
  { pool }: Database,
  key: PbxKey,
  { heardAt, checkedUntil }: Omit<Progress, "begunAt">,
): Promise<void> {
  await pool.query({
    name: "pbx-progress",
    text: `insert into pbx_progress (tenant_id, pbx_id, begun_at, heard_at, checked_until) values ($1, $2, $3, $3, $4)
           on conflict (tenant_id, pbx_id) do update
              set heard_at = greatest(pbx_progress.heard_at, excluded.heard_at),
                  checked_until = greatest(pbx_progress.checked_until, excluded.checked_until)`,
    values: [key.tenantId, key.pbxId, heardAt, checkedUntil],
  });
}

/** A call as we know it, as far as records could correct it. */
export interface KnownCall {
  /** The name by which it was asked for: its own, or one of its others, such as the unique id of a channel. */
  askedAs: string;
  callUuid: string;
  outcome: CallOutcome;
  startedAt: Date;
  endedAt: Date | null;
  talkSeconds: number | null;
  direction: CallDirection;
  /** Somebody guessed at it after a gap. */
  isRecovered: boolean;
  /** Nobody heard it begin: who calls whom was guessed from what a snapshot shows. */
  isAdopted: boolean;
}

const KNOWN = `c.call_uuid as "callUuid", c.outcome, c.direction, c.started_at as "startedAt", c.ended_at as "endedAt",
  c.talk_seconds as "talkSeconds", 'recovery' = any(c.sources) as "isRecovered",
  'recovery' = any(c.sources) and not exists (
    select from facts f where f.tenant_id = c.tenant_id and f.call_id = c.id and f.call_created_at = c.created_at
      and f.source <> 'recovery' and (f.source <> 'ami' or f.key like '%:start')) as "isAdopted"`;

export async function loadKnownCalls(
  { pool }: Database,
  tenantId: TenantId,
  callUuids: readonly string[],
): Promise<KnownCall[]> {
  const { rows } = await pool.query<KnownCall>({
    name: "reconcile-known",
    text: `select asked.name as "askedAs", ${KNOWN}
             from unnest($2::text[]) as asked(name)
             left join call_aliases a on a.tenant_id = $1 and a.alias = asked.name
             join calls c on c.tenant_id = $1 and c.call_uuid = coalesce(a.call_uuid, asked.name)`,
    values: [tenantId, callUuids],
  });
  return rows;
}

/** When the oldest call began whose end fell into the window unheard: it began before it, and so did its records. */
export async function loadOldestCut(
  { pool }: Database,
  { tenantId, pbx }: { tenantId: TenantId; pbx: string },
  { since, until, notBefore }: { since: Date; until: Date; notBefore: Date },
): Promise<Date | null> {
  const { rows } = await pool.query<{ at: Date | null }>(
    `select min(started_at) as at from calls
      where tenant_id = $1 and pbx = $2 and started_at >= $5 and started_at < $3
        and (outcome in ('lost', 'in_progress') or 'recovery' = any(sources))
        and (ended_at is null or ended_at between $3 and $4)`,
    [tenantId, pbx, since, until, notBefore],
  );
  return rows[0]?.at ?? null;
}
