import { type CallExport, writeCsvCalls, writeXlsxCalls } from "../src/calls/export/write-calls.ts";
import { type CallFilter, loadCalls } from "../src/calls/search-store.ts";
import { toTenantId } from "../src/core/ids.ts";
import { createLog } from "../src/kit/log.ts";
import { type Database, openDatabase } from "../src/kit/postgres/database.ts";
import { type Figure, type FigureContext, toMedian } from "./figure.ts";
import { execute, startEnlace } from "./stage.ts";

const TENANT = toTenantId(1);
const [FEW, MANY] = [1_000, 1_000_000];
const EXPORTED = 500_000;
const ROUNDS = 9;
const MEGABYTE = 1_048_576;

const FILTERS: Readonly<Record<string, Partial<CallFilter>>> = {
  none: {},
  direction: { direction: "inbound" },
  outcome: { outcome: "missed" },
  extension: { extension: "1007" },
  number: { party: "+34600000007" },
  project: { project_id: "7" },
  campaign: { campaign_id: "70" },
  delivered: { connection_state: "delivered" },
  failed: { connection_state: "failed" },
  "not linked": { connection_state: "not_linked" },
};

/**
 * (l) The list of calls with a million of them: a page by each filter against the same page with a thousand; and half a
 * million of them as a file, with what the process grows by meanwhile.
 */
export const calls: Figure = {
  name: "calls",
  run: async (context) => {
    const url = await context.stage.createDatabase("calls");
    await (await startEnlace(url)).stop(); // makes the schema and the first tenant
    const log = createLog({ level: "silent", format: "json" });
    const database = openDatabase({ url, poolMax: 4, log });
    try {
      await addCalls(url, 1, FEW);
      const few = await measurePages(database);
      await addCalls(url, FEW + 1, MANY);
      const many = await measurePages(database);
      for (const [name, cost] of many) {
        const base = few.get(name) ?? 1;
        context.report(`a page of calls by ${name}, with a million calls against a thousand`, {
          ...{ ratio: cost / base, ours: cost * 1_000, peer: base * 1_000, atMost: 10, detail: "µs a page" },
        });
      }
      await measureExport(context, "CSV", (job, signal) => writeCsvCalls(database, job, signal));
      await measureExport(context, "a workbook", (job, signal) => writeXlsxCalls(database, job, signal));
    } finally {
      await database.close();
    }
  },
};

/** Calls a second apart; one of a hundred the dialer's, one of a thousand a dead letter, one of two linked. */
async function addCalls(url: string, from: number, to: number): Promise<void> {
  await execute(
    url,
    `insert into connections (tenant_id, connector, name, settings, created_at, updated_at)
     select 1, 'webhook', 'bench', '{}', now(), now() where not exists (select from connections where name = 'bench')`,
    [],
  );
  await execute(
    url,
    `with made as (
       insert into calls (tenant_id, call_uuid, direction, from_text, to_text, outcome, phase, started_at, agent_extension,
         details, created_at, updated_at)
       select 1, 'bench-' || n, 'inbound', '+34600' || lpad((n % 50000)::text, 6, '0'), '+34900112233',
              case when n % 3 = 0 then 'missed' else 'answered' end, 'ended', date_trunc('milliseconds', now()) - n * interval '1 second',
              (1000 + n % 50)::text, case when n % 100 = 7 then '{"rings":[],"talks":[],"holds":[],"queues":[],"transfers":[],"pickups":[],"parkings":[],"conferences":[],"recordings":[],"dialer":{"projectId":"7","campaignId":"70","project":"p","disposition":"answered","attempt":1,"attemptId":"d"}}'::jsonb end,
              date_trunc('milliseconds', now()), now()
         from generate_series($1::int, $2::int) n returning tenant_id, id, created_at)
     insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision, due_at,
       remote, created_at, updated_at)
     select tenant_id, (select id from connections where name = 'bench'), 'call', id, created_at, 'record',
            case when id % 1000 = 1 then 'dead' else 'delivered' end, 1, created_at,
            case when id % 2 = 0 then '{"id":"1","refs":{"contact":"12x1"}}'::jsonb else '{"id":"1"}'::jsonb end, created_at, created_at
       from made`,
    [from, to],
  );
  await execute(url, "vacuum analyze calls", []);
  await execute(url, "vacuum analyze deliveries", []);
}

/** Milliseconds of a page by each filter. */
async function measurePages(database: Database): Promise<Map<string, number>> {
  const costs = new Map<string, number>();
  for (const [name, filter] of Object.entries(FILTERS)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startMs = performance.now();
      await loadCalls(database.sql, TENANT, { rowsMax: 51, ...filter });
      times.push(performance.now() - startMs);
    }
    costs.set(name, toMedian(times));
  }
  return costs;
}

type Write = (job: CallExport, signal: AbortSignal) => AsyncIterable<string | Buffer>;

async function measureExport({ report }: FigureContext, what: string, write: Write): Promise<void> {
  const job: CallExport = {
    ...{ tenantId: TENANT, filter: {}, separator: "comma", timeZone: "Europe/Madrid", rowsMax: EXPORTED },
  };
  const baseBytes = process.memoryUsage().rss;
  const startMs = performance.now();
  let [mostBytes, fileBytes] = [0, 0];
  for await (const piece of write(job, new AbortController().signal)) {
    fileBytes += piece.length;
    mostBytes = Math.max(mostBytes, process.memoryUsage().rss - baseBytes);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  report(`megabytes that the process grows by while ${EXPORTED} calls become ${what}`, {
    value: mostBytes / MEGABYTE,
    atMost: 200,
    detail: `${(fileBytes / MEGABYTE).toFixed(0)} MB of file in ${seconds.toFixed(0)} s`,
  });
}
