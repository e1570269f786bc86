import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { RecordingCopies } from "./copies.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import {
  type KeptRecording,
  loadOrphans,
  loadPastKeeping,
  removeOldLinks,
  removeRecording,
  saveRecording,
} from "./store.ts";

export interface RecordingRetentionOptions {
  database: Database;
  copies: Pick<RecordingCopies, "remove">;
  clock: Clock;
  log: Log;
}

const EVERY_MS = 3_600_000;
const BATCH_MAX = 500;
const DAY_MS = 86_400_000;
/** A dead link is remembered for a while, so that the same one is not made again. */
const DEAD_LINK_DAYS = 30;

/** Lets go of recordings past their tenant's time, and of those whose call is gone. Files on a PBX are never touched. */
export function createRecordingRetention(options: RecordingRetentionOptions) {
  const { clock, log } = options;
  return createLoop({
    name: "recordings.retention",
    everyMs: EVERY_MS,
    work: async (signal) => {
      const dropped = await dropOldRecordings(options, signal);
      if (dropped > 0) log.info({ dropped }, "recordings.dropped");
    },
    clock,
    log,
  });
}

/** Returns how many recordings went. Stops early when `signal` aborts. */
export async function dropOldRecordings(options: RecordingRetentionOptions, signal: AbortSignal): Promise<number> {
  const { database, clock } = options;
  const now = clock.now();
  const daysByDefault = DEFAULT_SETTINGS.retentionDays;
  const past = await dropAll(options, signal, {
    load: () => loadPastKeeping(database, { now, daysByDefault, rowsMax: BATCH_MAX }),
    drop: (kept) => saveRecording(database.sql, kept, { state: "expired", toldAt: now }),
  });
  const orphans = await dropAll(options, signal, {
    load: () => loadOrphans(database, BATCH_MAX),
    drop: (kept) => removeRecording(database.sql, kept),
  });
  await removeOldLinks(database, new Date(now.getTime() - DEAD_LINK_DAYS * DAY_MS));
  return past + orphans;
}

interface Dropping {
  load(): Promise<KeptRecording[]>;
  drop(kept: KeptRecording): Promise<void>;
}

/** The file goes first: a row that stays behind is found again, a file that stays behind never. */
async function dropAll({ copies, log }: RecordingRetentionOptions, signal: AbortSignal, { load, drop }: Dropping) {
  let dropped = 0;
  while (!signal.aborted) {
    const batch = await load();
    let failed = 0;
    for (const kept of batch) {
      try {
        if (kept.kind === "copy" && kept.place !== null) await copies.remove(kept.place);
        await drop(kept);
        dropped++;
      } catch (error) {
        failed++;
        log.warn(
          { tenantId: kept.tenantId, callId: kept.callId, reason: toErrorMessage(error) },
          "recording.drop_failed",
        );
      }
    }
    if (batch.length < BATCH_MAX || failed === batch.length) break;
  }
  return dropped;
}
