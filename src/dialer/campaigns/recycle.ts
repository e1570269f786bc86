import { sql } from "kysely";
import type { Disposition } from "../../core/disposition.ts";
import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Administer, Doer } from "../administer.ts";
import { say } from "../words.ts";
import { insertCampaign, noSuchCampaign } from "./campaign-changes.ts";
import { endImport, type StoredImport, saveBatch, saveNewImport } from "./imports/import-store.ts";
import { loadSchedule, saveSchedule } from "./schedule-store.ts";
import { loadCampaign, markDeleted, type StoredCampaign } from "./store.ts";

/** Whether a number may still be called, as its campaign and project would meet the list. */
export interface SuppressionQuestion {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId;
  campaignId: RowId;
}

export interface RecycleOptions {
  database: Database;
  clock: Clock;
  log: Log;
  administer: Administer;
  /** For each number something where it must not be called any more, `null` where it may. */
  findSuppressed(questions: readonly SuppressionQuestion[]): Promise<readonly (object | null)[]>;
}

/** A campaign made of another's contacts. */
export interface Recycled {
  campaign: StoredCampaign;
  begun: StoredImport;
  /** Never rejects. When copying fails the new campaign is removed again. */
  done: Promise<StoredImport>;
}

export type Recycle = (
  doer: Doer,
  id: string,
  fields: { name: string; dispositions: readonly Disposition[] },
) => Promise<Recycled>;

const BATCH_ROWS = 2_000;

/**
 * Copies the contacts of a completed or stopped campaign that came out so into a new draft: all pending, nobody tried yet,
 * without those who have been suppressed since. The schedule comes along. Throws `AppError`: `not_found`, `conflict`.
 */
export function createRecycle(options: RecycleOptions): Recycle {
  const { database, clock, log, administer } = options;

  const begin = (doer: Doer, id: string, name: string) =>
    administer(doer, async (on, at) => {
      const { tenantId } = doer;
      const source = await loadCampaign(on, tenantId, id);
      if (!source) throw noSuchCampaign();
      if (source.state !== "completed" && source.state !== "stopped")
        throw new AppError("conflict", say("recycleState", { state: say(source.state) }));
      const campaign = await insertCampaign(on, { tenantId, projectId: source.projectId, name, at });
      const schedule = await loadSchedule(on, tenantId, id);
      await saveSchedule(on, { tenantId, campaignId: campaign.id, windows: schedule?.windows ?? [] });
      const begun = await saveNewImport(on, {
        tenantId,
        campaignId: campaign.id,
        kind: "recycle",
        fileName: source.name,
        at,
      });
      const deed = { action: "campaign.recycle", target: `campaign:${id}`, detail: { into: campaign.id } };
      return { value: { source, campaign, begun }, deed };
    });

  async function copy(
    source: StoredCampaign,
    begun: StoredImport,
    dispositions: readonly Disposition[],
  ): Promise<void> {
    let lines = 0;
    for (const disposition of dispositions) {
      for (let afterId = "0"; ; ) {
        const contacts = await loadContacts(database, source, { disposition, afterId });
        const last = contacts.at(-1);
        if (!last) break;
        afterId = last.id;
        lines += contacts.length;
        const kept = await withoutSuppressed(source, contacts);
        const suppressed = contacts.length - kept.length;
        const batch = { contacts: kept, invalid: [], invalidCount: 0, suppressed, linesRead: lines, columns: [] };
        if (!(await saveBatch(database, begun, { ...batch, now: clock.now() }))) throw new Error("it was given up");
      }
    }
  }

  async function withoutSuppressed(
    source: StoredCampaign,
    contacts: readonly CopiedContact[],
  ): Promise<CopiedContact[]> {
    const { tenantId, projectId, id: campaignId } = source;
    const found = await options.findSuppressed(
      contacts.map(({ number }) => ({ tenantId, number, projectId, campaignId })),
    );
    return contacts.filter((_contact, index) => !found[index]);
  }

  async function finish(campaign: StoredCampaign, begun: StoredImport, work: Promise<void>): Promise<StoredImport> {
    const problem = await work.then(
      () => null,
      (error: unknown) => toErrorMessage(error),
    );
    const at = clock.now();
    const ended = await endImport(database.sql, begun, { problem, at });
    if (problem !== null) await markDeleted(database.sql, campaign, at);
    const { tenantId, inserted, suppressed } = ended;
    log.info({ tenantId, campaignId: campaign.id, inserted, suppressed, problem }, "campaign.recycled");
    return ended;
  }

  return async (doer, id, { name, dispositions }) => {
    const { source, campaign, begun } = await begin(doer, id, name);
    const done = finish(campaign, begun, copy(source, begun, [...new Set(dispositions)])).catch((error: unknown) => {
      log.error({ tenantId: doer.tenantId, campaignId: campaign.id, err: error }, "campaign.recycle_lost");
      return { ...begun, state: "failed" as const, problem: toErrorMessage(error) };
    });
    return { campaign, begun, done };
  };
}

interface CopiedContact {
  id: string;
  line: number;
  number: PhoneNumber;
  variables: Record<string, string>;
}

async function loadContacts(
  { sql: from }: Database,
  { tenantId, id }: StoredCampaign,
  { disposition, afterId }: { disposition: Disposition; afterId: string },
): Promise<CopiedContact[]> {
  const { rows } = await sql<CopiedContact>`
    select id, 0 as line, number, variables from campaign_contacts
     where tenant_id = ${tenantId} and campaign_id = ${id} and disposition = ${disposition} and id > ${afterId}
     order by id limit ${BATCH_ROWS}`.execute(from);
  return rows;
}
