import { type RawBuilder, sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";
import { type CallDeliveryFilter, findRareCalls, toDeliveryCondition } from "./delivery-condition.ts";
import { type OwnProjects, toOwnBranches, toOwnCall } from "./own-calls.ts";
import type { CallCursor } from "./schema.ts";
import { COLUMNS, reviveCall, type StoredCall } from "./store.ts";

/**
 * Calls by a filter, newest first. A page walks one index that lies in list order, the narrowest that the filter names, and
 * looks at everything else on the way; it gives up after `WALKED_MAX` calls and says how far it came, so that no page is
 * dear, however many calls there are, however deep it lies and however little fits.
 */
export interface CallFilter extends CallDeliveryFilter {
  since?: Date | undefined;
  until?: Date | undefined;
  direction?: string | undefined;
  outcome?: string | undefined;
  extension?: string | undefined;
  /** As stored in `from_text` and `to_text`: E.164 or extension. */
  party?: string | undefined;
  call_uuid?: string | undefined;
  project_id?: string | undefined;
  campaign_id?: string | undefined;
  /** Whose calls; left out: all of the tenant's. */
  own?: OwnProjects | undefined;
  /** Only what comes after this in the list. */
  after?: CallCursor | undefined;
  rowsMax: number;
}

export interface FoundCalls {
  calls: StoredCall[];
  /** Where it gave up before it had `rowsMax` calls; `null`: there are no more, or it has them. */
  walkedTo: CallCursor | null;
}

/** Calls that a page looks at: at most a quarter of a second. */
export const WALKED_MAX = 100_000;
/** Where each call's deliveries are looked up as well. */
export const WALKED_WITH_DELIVERIES_MAX = 20_000;

export async function loadCalls(database: Sql, tenantId: TenantId, asked: CallFilter): Promise<FoundCalls> {
  const filter = toSeen(asked);
  if (filter === null) return { calls: [], walkedTo: null };
  const rare = await findRareCalls(database, tenantId, filter);
  if (rare) return { calls: await loadAmong(database, tenantId, { filter, ids: rare }), walkedTo: null };
  const { walk, rest, walkedMax } = toWalk(tenantId, filter);
  const walked = toWalked(walk, { columns: WALKED, rowsMax: rest ? walkedMax : filter.rowsMax });
  const { rows } = await sql<StoredCall>`
    select * from ${walked} c where ${rest ?? sql`true`} ${newest(filter.rowsMax)}`.execute(database);
  const isWhole = rest === null || rows.length >= filter.rowsMax;
  const walkedTo = isWhole ? null : await findEnd(database, walk, walkedMax);
  return { calls: rows.map(reviveCall), walkedTo };
}

/** Who asks for one project sees it whole, or nothing of it (`null`). */
function toSeen(filter: CallFilter): CallFilter | null {
  const { own, project_id: asked } = filter;
  if (!own || asked === undefined) return filter;
  return own.some((id) => id === asked) ? { ...filter, own: null } : null;
}

/** How many calls a filter has, as far as `rowsMax`. */
export async function countCalls(database: Sql, tenantId: TenantId, filter: CallFilter): Promise<number> {
  const where = toAll(tenantId, filter, { isOneByOne: false });
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (select from calls c where ${where} limit ${filter.rowsMax}) as found
    `.execute(database);
  return rows[0]?.count ?? 0;
}

/** Few enough to be fetched by their ids, wherever they lie. */
async function loadAmong(
  database: Sql,
  tenantId: TenantId,
  { filter, ids }: { filter: CallFilter; ids: readonly RowId[] },
): Promise<StoredCall[]> {
  const where = toAll(tenantId, filter, { isOneByOne: true });
  const { rows } = await sql<StoredCall>`
    select ${COLUMNS} from unnest(${[...ids]}::bigint[]) r(id) join calls c on c.tenant_id = ${tenantId} and c.id = r.id
     where ${where} ${newest(filter.rowsMax)}`.execute(database);
  return rows.map(reviveCall);
}

/** With what is looked at on the way. */
const WALKED = sql`${COLUMNS}, c.project_id, c.campaign_id`;
const newest = (rowsMax: number): RawBuilder<unknown> => sql`order by started_at desc, id desc limit ${rowsMax}`;

/** What calls are walked in list order: those that `key` names and one of the branches, which have no call in common. */
interface Walk {
  key: RawBuilder<unknown>;
  branches: readonly RawBuilder<unknown>[];
}

/** The calls of the walk in list order. Each branch has its own index: asking for all at once would sort them. */
function toWalked(
  { key, branches }: Walk,
  { columns, rowsMax }: { columns: RawBuilder<unknown>; rowsMax: number },
): RawBuilder<unknown> {
  const parts = branches.map(
    (branch) => sql`(select ${columns} from calls c where ${key} and ${branch} ${newest(rowsMax)})`,
  );
  if (parts.length === 1) return sql.join(parts);
  return sql`(select * from (${sql.join(parts, sql` union all `)}) ends ${newest(rowsMax)})`;
}

/** The last call of a walk that was cut short; `null` when it came to the end of all calls. */
async function findEnd(database: Sql, walk: Walk, walkedMax: number): Promise<CallCursor | null> {
  const walked = toWalked(walk, { columns: sql`started_at, id`, rowsMax: walkedMax });
  const { rows } = await sql<{ started_at: Date; id: RowId }>`
    select * from ${walked} c offset ${walkedMax - 1} limit 1`.execute(database);
  return rows[0] ? { at: rows[0].started_at, id: rows[0].id } : null;
}

/** What the index answers, and what is looked at on the way. */
function toWalk(tenantId: TenantId, filter: CallFilter) {
  const [narrowest, ...others] = toIndexed(filter);
  const { party, own } = filter;
  const isByProject = party === undefined && !narrowest && own && own.length <= BRANCHES_MAX;
  const key = [...toRange(tenantId, filter), ...(party === undefined && narrowest ? [narrowest] : [])];
  const delivery = toDeliveryCondition(filter, { isOneByOne: true });
  const rest = [
    ...(party !== undefined && narrowest ? [narrowest] : []),
    ...[...others, ...toUnindexed(isByProject ? { ...filter, own: null } : filter), ...(delivery ? [delivery] : [])],
  ];
  return {
    walk: { key: sql.join(key, sql` and `), branches: isByProject ? toOwnBranches(own) : toEnds(party) },
    rest: rest.length === 0 ? null : sql.join(rest, sql` and `),
    walkedMax: delivery ? WALKED_WITH_DELIVERIES_MAX : WALKED_MAX,
  };
}

/** More projects than a supervisor has; beyond, calls are looked at one by one. */
const BRANCHES_MAX = 50;

/** Either end of a number. */
function toEnds(party: string | undefined): RawBuilder<unknown>[] {
  if (party === undefined) return [sql`true`];
  return [sql`c.from_text = ${party}`, sql`c.to_text = ${party} and c.from_text is distinct from ${party}`];
}

/** All of it, for who reads every call that fits. */
function toAll(tenantId: TenantId, filter: CallFilter, how: { isOneByOne: boolean }): RawBuilder<unknown> {
  const { party } = filter;
  const delivery = toDeliveryCondition(filter, how);
  const conditions = [
    ...[...toRange(tenantId, filter), ...toIndexed(filter), ...toUnindexed(filter), ...(delivery ? [delivery] : [])],
    ...(party === undefined ? [] : [sql`(c.from_text = ${party} or c.to_text = ${party})`]),
  ];
  return sql.join(conditions, sql` and `);
}

function toRange(tenantId: TenantId, { since, until, after }: CallFilter): RawBuilder<unknown>[] {
  return [
    sql`c.tenant_id = ${tenantId}`,
    ...(since ? [sql`c.started_at >= ${since}`] : []),
    ...(until ? [sql`c.started_at < ${until}`] : []),
    ...(after ? [sql`(c.started_at, c.id) < (${after.at}, ${after.id}::bigint)`] : []),
  ];
}

/** Each of these has an index in list order; the narrowest first. */
function toIndexed(filter: CallFilter): RawBuilder<unknown>[] {
  const { call_uuid, campaign_id, project_id, extension, outcome } = filter;
  return [
    ...(call_uuid === undefined ? [] : [sql`c.call_uuid = ${call_uuid}`]),
    ...(campaign_id === undefined ? [] : [sql`c.campaign_id = ${campaign_id}`]),
    ...(project_id === undefined ? [] : [sql`c.project_id = ${project_id}`]),
    ...(extension === undefined ? [] : [sql`c.agent_extension = ${extension}`]),
    ...(outcome === undefined || isCommon(outcome) ? [] : [sql`c.outcome = ${outcome}`]),
  ];
}

/** The index of outcomes leaves these out. */
const isCommon = (outcome: string): boolean => outcome === "answered" || outcome === "missed";

function toUnindexed({ direction, outcome, own = null }: CallFilter): RawBuilder<unknown>[] {
  const seen = toOwnCall(own);
  return [
    ...(direction === undefined ? [] : [sql`c.direction = ${direction}`]),
    ...(outcome !== undefined && isCommon(outcome) ? [sql`c.outcome = ${outcome}`] : []),
    ...(seen ? [seen] : []),
  ];
}
