import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { recountOne } from "./completion.ts";
import { failAbandoned } from "./imports/import-store.ts";

const FINISH_EVERY_MS = 500;
const UPKEEP_EVERY_MS = 10_000;
/** An import moves with every batch, which takes a second at worst. */
const ABANDONED_MS = 120_000;
/** Files of imports that a crash left behind. */
const LEFT_BEHIND_MS = 86_400_000;
const PURGE_ROWS = 5_000;

export interface UpkeepOptions {
  database: Database;
  clock: Clock;
  log: Log;
  /** Where lists lie while they are read. */
  folder: string;
  finishDone(now: Date): Promise<unknown>;
}

/**
 * What campaigns need that nobody asks for: they are completed within a second of their last contact, counted afresh after
 * their end, deleted bit by bit, and imports that a crash cut off say so. Safe in any number of processes.
 */
export function createUpkeep({ database, clock, log, folder, finishDone }: UpkeepOptions) {
  async function tidy(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    const abandoned = await failAbandoned(database.sql, { before: new Date(now.getTime() - ABANDONED_MS), now });
    if (abandoned > 0) log.warn({ abandoned }, "campaign.imports_abandoned");
    await removeLeftBehind(folder, now);
    while (!signal.aborted && (await recountOne(database, now)));
    while (!signal.aborted && (await purgeSome(database)));
  }
  const loops = [
    createLoop({
      name: "campaigns.finish",
      everyMs: FINISH_EVERY_MS,
      work: async () => void (await finishDone(clock.now())),
      clock,
      log,
    }),
    createLoop({ name: "campaigns.upkeep", everyMs: UPKEEP_EVERY_MS, work: tidy, clock, log }),
  ];
  return {
    start: (): void => {
      for (const loop of loops) loop.start();
    },
    stop: async (): Promise<void> => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** Deletes a few contacts of a campaign that was removed, or at last the campaign. Returns whether there is more to do. */
export async function purgeSome({ sql: on }: Pick<Database, "sql">): Promise<boolean> {
  const { rows } = await sql<{ tenantId: number; id: string }>`
    select tenant_id as "tenantId", id from campaigns where deleted_at is not null order by tenant_id, id limit 1`.execute(
    on,
  );
  const [campaign] = rows;
  if (!campaign) return false;
  const { tenantId, id } = campaign;
  const { numAffectedRows = 0n } = await sql`
    delete from campaign_contacts
     where tenant_id = ${tenantId} and campaign_id = ${id}
       and id = any(array(select id from campaign_contacts
                           where tenant_id = ${tenantId} and campaign_id = ${id} order by id limit ${PURGE_ROWS}))`.execute(
    on,
  );
  if (numAffectedRows === 0n) await sql`delete from campaigns where tenant_id = ${tenantId} and id = ${id}`.execute(on);
  return true;
}

async function removeLeftBehind(folder: string, now: Date): Promise<void> {
  const names = await readdir(folder).catch(() => []); // nothing was ever imported here
  for (const name of names.filter((each) => each.startsWith("list-"))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now.getTime() })); // its import has just ended
    if (now.getTime() - mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true });
  }
}
