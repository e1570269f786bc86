import type { Readable } from "node:stream";
import { AppError, toErrorMessage } from "../../../core/errors.ts";
import type { RowId, TenantId } from "../../../core/ids.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { Log } from "../../../kit/log.ts";
import type { Database, Sql } from "../../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../../kit/random.ts";
import type { Administer, Doer } from "../../administer.ts";
import { say } from "../../words.ts";
import { loadCampaign } from "../store.ts";
import type { ListMapping } from "./contact-reader.ts";
import { createImportRun } from "./import-run.ts";
import { hasRunningImport, type StoredImport, saveNewImport } from "./import-store.ts";
import { type ListFile, saveListFile } from "./list-file.ts";
import { type ListPreview, previewList } from "./list-preview.ts";

/** What is to be imported, and by whom. */
export interface GivenList {
  campaignId: string;
  fileName: string;
  source: Readable;
  mapping: ListMapping;
}

/** Lists of contacts on their way into campaigns. */
export interface Imports {
  /**
   * Takes the file in, then reads it in the background; `done` never rejects. Throws `AppError`: `not_found`, `conflict`
   * (campaign not in draft or paused, another import of it running), `unavailable` (too many imports), and those of the file.
   */
  start(doer: Doer, list: GivenList): Promise<{ begun: StoredImport; done: Promise<StoredImport> }>;
  /** What the list would be read as; nothing of it is kept. Throws as `start` does. */
  preview(doer: Doer, list: Omit<GivenList, "fileName">): Promise<ListPreview>;
  /** Imports that run end after the batch at hand, and say how far they came. */
  stop(): Promise<void>;
}

export interface ImportsOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  administer: Administer;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  /** Where files lie while they are read. */
  folder: string;
}

/** In this process; each holds one batch in memory and a file on the disk. */
const RUNNING_MAX = 4;
const RETRY_SECONDS = 30;

export function createImports(options: ImportsOptions): Imports {
  const { database, random, log, administer, folder } = options;
  const stopping = new AbortController();
  const run = createImportRun(options);
  const running = new Set<Promise<unknown>>();
  let busy = 0;

  const begin = (doer: Doer, { campaignId, fileName }: GivenList, kind: ListFile["kind"]): Promise<StoredImport> =>
    administer(doer, async (on, at) => {
      const { tenantId } = doer;
      await refuseUnlessOpen(on, tenantId, campaignId);
      if (await hasRunningImport(on, tenantId, campaignId)) throw new AppError("conflict", say("importAnother"));
      const value = await saveNewImport(on, {
        tenantId,
        campaignId: campaignId as RowId,
        kind,
        fileName: fileName.slice(0, 200),
        at,
      });
      return {
        value,
        deed: { action: "campaign.import", target: `campaign:${campaignId}`, detail: { file: value.fileName } },
      };
    });

  /** Before the file is on its way. Returns what gives the place back. */
  async function takePlace({ tenantId }: Doer, campaignId: string): Promise<() => void> {
    await refuseUnlessOpen(database.sql, tenantId, campaignId);
    if (busy >= RUNNING_MAX || stopping.signal.aborted)
      throw new AppError("unavailable", say("importsMany"), {
        retryAfterSeconds: RETRY_SECONDS,
      });
    busy++;
    return () => void busy--;
  }

  function keep<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    const forget = (): void => void running.delete(work);
    work.then(forget, forget);
    return work;
  }

  return {
    start: async (doer, list) => {
      const free = await takePlace(doer, list.campaignId);
      try {
        const file = await saveListFile(list.source, { folder, name: `list-${newSecret(random, 12)}` });
        const begun = await begin(doer, list, file.kind).catch(async (error: unknown) => {
          await file.remove();
          throw error;
        });
        const done = run(begun, { file, mapping: list.mapping, signal: stopping.signal })
          .finally(() => file.remove())
          .finally(free);
        return { begun, done: keep(done.catch((error: unknown) => giveUp(begun, error))) };
      } catch (error) {
        free();
        throw error;
      }
    },
    preview: async (doer, { campaignId, source, mapping }) => {
      const free = await takePlace(doer, campaignId);
      try {
        const file = await saveListFile(source, { folder, name: `list-${newSecret(random, 12)}` });
        const tenant = await options.loadTenant(doer.tenantId);
        return await keep(previewList(file, { country: tenant?.country ?? "", mapping, signal: stopping.signal }));
      } finally {
        free();
      }
    },
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(running);
    },
  };

  /** The store itself is away: what is written down of the import ends by its age; see `failAbandoned`. */
  function giveUp(begun: StoredImport, error: unknown): StoredImport {
    log.error({ tenantId: begun.tenantId, importId: begun.id, err: error }, "campaign.import_lost");
    return { ...begun, state: "failed", problem: toErrorMessage(error) };
  }
}

async function refuseUnlessOpen(from: Sql, tenantId: TenantId, campaignId: string): Promise<void> {
  const campaign = await loadCampaign(from, tenantId, campaignId);
  if (!campaign) throw new AppError("not_found", say("noCampaign"));
  if (campaign.state !== "draft" && campaign.state !== "paused")
    throw new AppError("conflict", say("importState", { state: say(campaign.state) }));
}
