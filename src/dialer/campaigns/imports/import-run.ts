import { toErrorMessage } from "../../../core/errors.ts";
import type { TenantId } from "../../../core/ids.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { Log } from "../../../kit/log.ts";
import type { Database } from "../../../kit/postgres/database.ts";
import { loadCounts } from "../store.ts";
import {
  type ContactReader,
  createContactReader,
  type InvalidLine,
  type ListMapping,
  type ReadContact,
} from "./contact-reader.ts";
import { endImport, PROBLEMS_MAX, type StoredImport, saveBatch } from "./import-store.ts";
import type { ListFile } from "./list-file.ts";
import { UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";

export interface ImportWork {
  file: ListFile;
  mapping: ListMapping;
  signal: AbortSignal;
}

export interface ImportRunOptions {
  database: Database;
  clock: Clock;
  log: Log;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

const BATCH_ROWS = 2_000;
const LINES_MAX = 2_000_000;
const CONTACTS_MAX = 10_000_000;
const GIVEN_UP = "The import was given up.";

/** Reads one list into its campaign, batch by batch, each with how far it has come; rejects only when the store is away. */
export function createImportRun({ database, clock, log, loadTenant }: ImportRunOptions) {
  /** Reads the whole file, batch by batch. Returns why it could not be read to its end; `null`: it could. */
  async function read(
    begun: StoredImport,
    reader: ContactReader,
    { file, signal }: ImportWork,
  ): Promise<string | null> {
    const room = CONTACTS_MAX - (await countContacts(database, begun));
    let lines = 0;
    let contacts = 0;
    let problemsLeft = PROBLEMS_MAX;
    let saving = Promise.resolve(true);
    try {
      for await (const batch of toBatches(file, reader, signal)) {
        lines += batch.rows;
        contacts += batch.contacts.length;
        if (lines > LINES_MAX) return `A list has at most ${LINES_MAX} lines.`;
        if (contacts > room) return `A campaign has at most ${CONTACTS_MAX} contacts.`;
        const { invalid, invalidCount } = toShown(batch.invalid, problemsLeft);
        problemsLeft -= invalid.length;
        const kept = { ...batch, invalid, invalidCount, suppressed: 0, columns: reader.columns(), now: clock.now() };
        if (!(await saving)) return GIVEN_UP;
        saving = saveBatch(database, begun, kept); // while the next is read
        void Promise.allSettled([saving]); // a failure is met where it is awaited
      }
    } finally {
      await Promise.allSettled([saving]);
    }
    if (!(await saving)) return GIVEN_UP;
    return contacts === 0 ? say("noNumber").text : null;
  }

  async function run(begun: StoredImport, given: ImportWork): Promise<StoredImport> {
    const startedMs = clock.monotonicMs();
    const tenant = await loadTenant(begun.tenantId);
    const reader = createContactReader({ country: tenant?.country ?? "", ...given.mapping });
    const problem = await read(begun, reader, given).catch((error: unknown) => {
      if (given.signal.aborted) return say("stopped").text;
      if (error instanceof UnreadableList) return error.message;
      log.error({ tenantId: begun.tenantId, importId: begun.id, err: error }, "campaign.import_broke");
      return say("broke", { error: toErrorMessage(error) }).text;
    });
    const ended = await endImport(database.sql, begun, { problem, at: clock.now() });
    const { tenantId, campaignId, state, inserted, duplicates, invalid } = ended;
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    log.info(
      { tenantId, campaignId, importId: begun.id, state, inserted, duplicates, invalid, durationMs },
      "campaign.imported",
    );
    return ended;
  }

  return run;
}

async function countContacts(database: Database, { tenantId, campaignId }: StoredImport): Promise<number> {
  const counts = (await loadCounts(database.sql, tenantId, [campaignId])).get(campaignId) ?? [];
  return counts.reduce((sum, { contacts }) => sum + contacts, 0);
}

interface ReadBatch {
  rows: number;
  linesRead: number;
  contacts: ReadContact[];
  invalid: InvalidLine[];
}

async function* toBatches(file: ListFile, reader: ContactReader, signal: AbortSignal): AsyncGenerator<ReadBatch> {
  const empty = (): ReadBatch => ({ rows: 0, linesRead: 0, contacts: [], invalid: [] });
  let batch = empty();
  for await (const row of file.rows(signal)) {
    signal.throwIfAborted();
    batch.rows++;
    batch.linesRead = row.line;
    const read = reader.read(row);
    if (read && "contact" in read) batch.contacts.push(read.contact);
    else if (read) batch.invalid.push(read.invalid);
    if (batch.rows < BATCH_ROWS) continue;
    yield batch;
    batch = empty();
  }
  if (batch.rows > 0) yield batch;
}

const toShown = (invalid: readonly InvalidLine[], left: number) => ({
  invalid: invalid.slice(0, left),
  invalidCount: invalid.length,
});
