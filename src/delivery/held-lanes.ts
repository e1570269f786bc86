import { sql } from "kysely";
import type { CheckReport } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { type TenantId, toTenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Random } from "../kit/random.ts";
import { wake } from "./lanes.ts";

export interface HeldLaneOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  loadConnection(tenantId: TenantId, id: string, version: number): Promise<ConnectionRecord | undefined>;
  check(connection: ConnectionRecord, signal: AbortSignal): Promise<CheckReport>;
}

/** At most this many checks per round and process, so that a day of wrong credentials everywhere is no storm. */
const CHECKS_PER_ROUND = 5;
const AGAIN_AFTER_MS = 3 * 60_000;

interface HeldLane {
  tenant_id: number;
  connection_id: string;
  held_at: Date;
  version: number;
}

/**
 * Looks by itself whether what held a lane is mended over there (an account unlocked, a right granted). One process takes
 * each lane, by moving its next look 3 to 6 minutes on. A good check lets the lane run; its next delivery is the proof.
 */
export async function recheckHeldLanes(options: HeldLaneOptions, signal: AbortSignal): Promise<void> {
  for (const lane of await takeHeldLanes(options)) {
    signal.throwIfAborted();
    const connection = await options.loadConnection(toTenantId(lane.tenant_id), lane.connection_id, lane.version);
    if (!connection || connection.problem !== null) continue;
    const report = await options.check(connection, signal);
    options.log.info({ tenantId: lane.tenant_id, connectionId: lane.connection_id, ok: report.ok }, "lane.rechecked");
    if (report.ok) await release(options.database, lane);
  }
}

async function takeHeldLanes({ database, clock, random }: HeldLaneOptions): Promise<HeldLane[]> {
  const now = clock.now();
  const next = new Date(now.getTime() + AGAIN_AFTER_MS * (1 + random.fraction()));
  const { rows } = await sql<HeldLane>`
    update lanes l set recheck_at = ${next}
      from (select h.tenant_id, h.connection_id, c.version
              from lanes h join connections c on c.tenant_id = h.tenant_id and c.id = h.connection_id
             where h.held_at is not null and h.recheck_at <= ${now} and h.paused_at is null and c.enabled
             order by h.recheck_at limit ${CHECKS_PER_ROUND} for update of h skip locked) due
     where l.tenant_id = due.tenant_id and l.connection_id = due.connection_id
    returning l.tenant_id, l.connection_id, l.held_at, due.version`.execute(database.sql);
  return rows;
}

/** Only the hold that was looked at: a newer one has its own reason. */
async function release(database: Database, lane: HeldLane): Promise<void> {
  await database.sql.transaction().execute(async (transaction) => {
    await sql`
      update lanes set held_at = null, hold_reason = null, recheck_at = null, failures = 0, open_until = null
       where tenant_id = ${lane.tenant_id} and connection_id = ${lane.connection_id} and held_at = ${lane.held_at}`.execute(
      transaction,
    );
    await wake(transaction, lane.connection_id);
  });
}
