import pg from "pg";
import { toWorkbook } from "../src/dialer/campaigns/imports/fake-workbook.ts";
import type { Figure, FigureContext } from "./figure.ts";
import { residentMiB } from "./process.ts";
import { ADMIN_PASSWORD, startEnlace } from "./stage.ts";

/** Enough for a figure in a minute; that of the documents is of BENCH_CONTACTS=1000000. */
const ROWS = Number(process.env.BENCH_CONTACTS ?? 250_000);
const BATCH = 2_000;
const LOOK_MS = 100;

interface Api {
  pid: number;
  /** Throws on any answer but a good one. */
  ask<T>(method: string, path: string, body?: object | FormData): Promise<T>;
}
interface Progress {
  id: string;
  state: string;
  lines_read: number;
  inserted: number;
  duplicates: number;
  invalid: number;
  problem: string | null;
}
interface Watched {
  seconds: number;
  peakMiB: number;
  /** How often its progress was told, and how long that took at most. */
  looks: number;
  slowestLookMs: number;
}

/**
 * A long list, as CSV and as a workbook, by HTTP into a campaign: how long it takes against the bare insertion of
 * the same rows on the same machine, what the process holds meanwhile against what it holds for a tenth of the list, and
 * whether it tells how far it is.
 */
export const campaignImport: Figure = {
  name: "campaign-import",
  run: async (context) => {
    const url = await context.stage.createDatabase("campaign_import");
    const enlace = await startEnlace(url, { ENLACE_API_RATE: "1000000" });
    try {
      const api = await openApi(enlace);
      const { id: project } = await api.ask<{ id: string }>("POST", "/api/v1/projects", { name: "Lists" });
      const send = (file: Blob, rows: number) => importList(api, { project, file, rows });
      const tenth = await send(toCsv(ROWS / 10), ROWS / 10);
      const bareSeconds = await insertBarely(url, ROWS);
      const csv = await send(toCsv(ROWS), ROWS);
      const xlsx = await send(toXlsx(ROWS), ROWS);
      tell(context, "CSV", { watched: csv, tenth, bareSeconds });
      tell(context, "XLSX", { watched: xlsx, tenth, bareSeconds });
    } finally {
      await enlace.stop();
    }
  },
};

function tell(
  { report }: FigureContext,
  form: string,
  { watched, tenth, bareSeconds }: { watched: Watched; tenth: Watched; bareSeconds: number },
): void {
  const { seconds, peakMiB, looks, slowestLookMs } = watched;
  report(`time to import ${ROWS} contacts as ${form} against the bare insertion`, {
    ratio: seconds / bareSeconds,
    ours: seconds,
    peer: bareSeconds,
    atMost: 3,
    detail: `s; progress told ${looks} times, at most after ${slowestLookMs.toFixed(0)} ms`,
  });
  report(`memory while it is imported as ${form}, MiB`, {
    value: peakMiB,
    atMost: 600,
    detail: `${Math.round(tenth.peakMiB)} with a tenth of it as CSV`,
  });
}

async function openApi({ port, pid }: { port: number; pid: number }): Promise<Api> {
  let headers: Record<string, string> = {};
  const ask: Api["ask"] = async (method, path, body) => {
    const isForm = body instanceof FormData;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...headers, ...(body && !isForm && { "content-type": "application/json" }) },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as never;
  };
  const credentials = { username: "admin", password: ADMIN_PASSWORD };
  const { token } = await ask<{ token: string }>("POST", "/api/v1/login", credentials);
  headers = { authorization: `Bearer ${token}` };
  return { pid, ask };
}

async function importList(
  { ask, pid }: Api,
  { project, file, rows }: { project: string; file: Blob; rows: number },
): Promise<Watched> {
  const path = "/api/v1/campaigns";
  const { id } = await ask<{ id: string }>("POST", path, { project_id: project, name: "List" });
  const startedMs = performance.now();
  const form = new FormData();
  form.set("file", file, "list");
  let progress = await ask<Progress>("POST", `${path}/${id}/import?wait_seconds=0`, form);
  const watched = { seconds: 0, peakMiB: 0, looks: 0, slowestLookMs: 0 };
  while (progress.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const lookedMs = performance.now();
    const next = await ask<Progress>("GET", `/api/v1/imports/${progress.id}`);
    if (next.lines_read < progress.lines_read) throw new Error("the progress went back");
    progress = next;
    watched.looks++;
    watched.slowestLookMs = Math.max(watched.slowestLookMs, performance.now() - lookedMs);
    watched.peakMiB = Math.max(watched.peakMiB, residentMiB(pid));
  }
  const { inserted, duplicates, invalid, problem } = progress;
  if (inserted + duplicates + invalid !== rows || invalid !== toInvalid(rows) || duplicates !== toInvalid(rows))
    throw new Error(`${inserted} inserted, ${duplicates} duplicates, ${invalid} invalid of ${rows}: ${problem}`);
  return { ...watched, seconds: (performance.now() - startedMs) / 1000 };
}

/** Of a thousand rows one is no number, and one is the number before it. */
const toInvalid = (rows: number): number => Math.floor(rows / 1_000);
function toCells(row: number): [string, string, string] {
  const number = row % 1_000 === 999 ? "nobody" : `+34${600_000_000 + (row % 1_000 === 998 ? row - 1 : row)}`;
  return [number, `Name ${row}`, String(row % 5_000)];
}

function toCsv(rows: number): Blob {
  const lines = Array.from({ length: rows }, (_, row) => toCells(row).join(";"));
  return new Blob([`telefono;nombre;importe\n${lines.join("\n")}\n`]);
}

function toXlsx(rows: number): Blob {
  const toRow = (cells: readonly string[], line: number): string =>
    `<row r="${line}">${cells.map((cell) => `<c t="inlineStr"><is><t>${cell}</t></is></c>`).join("")}</row>`;
  const sheet = Array.from({ length: rows }, (_, row) => toRow(toCells(row), row + 2));
  const book = toWorkbook(`${toRow(["telefono", "nombre", "importe"], 1)}${sheet.join("")}`);
  return new Blob([new Uint8Array(book)]);
}

/** The same rows, known beforehand, into a table of the same form, as many a statement. */
async function insertBarely(url: string, rows: number): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("create table bare (like campaign_contacts including all)");
    const startedMs = performance.now();
    for (let from = 0; from < rows; from += BATCH) {
      const cells = Array.from({ length: Math.min(BATCH, rows - from) }, (_, at) => toCells(from + at));
      const values = [
        cells.map(([number]) => number),
        cells.map(([, nombre, importe]) => JSON.stringify({ nombre, importe })),
      ];
      await client.query(
        `insert into bare (tenant_id, campaign_id, number, variables, next_at, created_at)
         select 1, 1, number, variables::jsonb, now(), now() from unnest($1::text[], $2::text[]) as g(number, variables)
         on conflict do nothing`,
        values,
      );
    }
    return (performance.now() - startedMs) / 1000;
  } finally {
    await client.end();
  }
}
