import type pg from "pg";
import { reviveFact, type StoredFact } from "../core/call-fact.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { createLoop } from "../kit/loop.ts";
import { type Database, inTransaction } from "../kit/postgres/database.ts";
import type { Accept } from "./accept.ts";
import { dropOldNames, loadTwins } from "./identity-store.ts";

/*
 * Two calls of the log that turned out to be one: the one that lost its name is told again under the other's, fact by fact,
 * and is then taken out of the log, with what of its deliveries can follow.
 *
 *   told under two names ─▶ one is renamed (identity, hooks) ─▶ its facts told anew ─▶ removed
 *
 * Every step may be done again: whoever finds a call in the log under a name that is another's begins anew.
 */
export interface CallMerge {
  /** Looks at once. */
  ring(): void;
  start(): void;
  stop(): Promise<void>;
}

export interface CallKey {
  id: RowId;
  callUuid: string;
  createdAt: Date;
}

export interface CallMergeOptions {
  database: Database;
  clock: Clock;
  log: Log;
  accept: Accept["accept"];
  /** Lets deliveries of the first call go over to the second, on `client`'s transaction. False: one is on its way, try later. */
  moveDeliveries(
    client: pg.PoolClient,
    tenantId: TenantId,
    calls: { from: CallKey; into: CallKey; at: Date },
  ): Promise<boolean>;
}

const LOOK_EVERY_MS = 30_000;
const TWINS_AT_ONCE = 100;
/** Names older than this are nobody's twin any more. */
const TWINS_SINCE_MS = 2 * 86_400_000;
const NAMES_KEPT_MS = 30 * 86_400_000;
const NAMES_DROPPED_AT_ONCE = 20_000;
const ROUNDS_MAX = 5;

export interface Twin {
  tenantId: TenantId;
  from: string;
  into: string;
}

export function createCallMerge(options: CallMergeOptions): CallMerge {
  const { database, clock, log } = options;
  let ringing = false;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    ringing = false;
    const now = clock.now().getTime();
    for (const twin of await loadTwins(database.sql, new Date(now - TWINS_SINCE_MS), TWINS_AT_ONCE)) {
      const isMerged = await mergeCalls(twin, options);
      log.info({ ...twin, isMerged }, "calls.merged");
    }
  }

  /** One at a time; what fails is tried again by the loop. */
  function lookInTurn(): Promise<void> {
    looking = looking.then(look).catch((error: unknown) => {
      log.warn({ reason: toErrorMessage(error), err: error }, "calls.merge_failed");
    });
    return looking;
  }

  const chores = createLoop({
    ...{ name: "call_names", everyMs: LOOK_EVERY_MS, clock, log },
    work: async () => {
      await lookInTurn();
      await dropOldNames(database.sql, new Date(clock.now().getTime() - NAMES_KEPT_MS), NAMES_DROPPED_AT_ONCE);
    },
  });

  return {
    ring: () => {
      if (ringing) return;
      ringing = true;
      void lookInTurn();
    },
    start: chores.start,
    stop: async () => {
      await chores.stop();
      await looking;
    },
  };
}

interface FoundFact {
  key: string;
  fact: StoredFact;
  raw: string;
}

/** True when `from` is no call of its own any more; false when one of its deliveries is on its way, or it does not come to rest. */
export async function mergeCalls({ tenantId, from, into }: Twin, options: CallMergeOptions): Promise<boolean> {
  const told = new Set<string>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = await inTransaction(options.database, (client) =>
      mergeOnce(client, { tenantId, from, into, told }, options),
    );
    if (typeof found === "boolean") return found;
    for (const { key, fact, raw } of found) {
      await options.accept({ tenant: { id: tenantId }, callUuid: into, fact: reviveFact(fact), raw });
      told.add(key);
    }
  }
  return false;
}

/** The facts that are still to be told under the other name; or, if there are none, takes the call out. */
async function mergeOnce(
  client: pg.PoolClient,
  { tenantId, from, into, told }: Twin & { told: ReadonlySet<string> },
  { clock, moveDeliveries }: CallMergeOptions,
): Promise<readonly FoundFact[] | boolean> {
  const { rows } = await client.query<CallKey>(
    `select id, call_uuid as "callUuid", created_at as "createdAt" from calls
      where tenant_id = $1 and call_uuid = any($2) order by call_uuid for update`,
    [tenantId, [from, into]],
  );
  const [loser, winner] = [from, into].map((uuid) => rows.find(({ callUuid }) => callUuid === uuid));
  if (!loser) return true;
  if (!winner) {
    await client.query("update calls set call_uuid = $3 where tenant_id = $1 and id = $2", [tenantId, loser.id, into]);
    return true;
  }
  const facts = await loadFacts(client, tenantId, loser);
  const untold = facts.filter(({ key }) => !told.has(key));
  if (untold.length > 0) return untold;
  const at = clock.now();
  if (!(await moveDeliveries(client, tenantId, { from: loser, into: winner, at }))) return false;
  const which = [tenantId, loser.id, loser.createdAt];
  await client.query("delete from facts where tenant_id = $1 and call_id = $2 and call_created_at = $3", which);
  await client.query("delete from calls where tenant_id = $1 and id = $2", which.slice(0, 2));
  return true;
}

/** Without those of hooks: they are told anew by the hooks themselves, which know now what each event was about. */
async function loadFacts(client: pg.PoolClient, tenantId: TenantId, { id, createdAt }: CallKey): Promise<FoundFact[]> {
  const { rows } = await client.query<FoundFact>(
    `select key, fact, raw::text as raw from facts
      where tenant_id = $1 and call_id = $2 and call_created_at = $3 and key not like 'hook:%'`,
    [tenantId, id, createdAt],
  );
  return rows;
}
