import { connect, type LookupFunction } from "node:net";
import type { Connection, RowDataPacket } from "mysql2/promise";
import type { CdrSettings } from "../../core/pbx-record.ts";
import { type CdrColumn, type CdrColumns, parseCdrRow } from "./cdr-row.ts";
import { type CdrSource, TooManyRowsError } from "./cdr-source.ts";
import { toLocalText } from "./local-time.ts";

type MysqlSettings = Extract<CdrSettings, { kind: "mysql" }> & { lookup?: LookupFunction };

/** Columns we can use. Which of them a PBX's table has differs by product and age. */
const WANTED: readonly CdrColumn[] = [
  ...(["uniqueid", "linkedid", "sequence", "calldate", "answer", "end", "duration", "billsec", "disposition"] as const),
  ...(["src", "dst", "did", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "recordingfile"] as const),
];
const NEEDED: readonly CdrColumn[] = ["uniqueid", "calldate", "channel", "dstchannel", "disposition", "src", "dst"];
const CONNECT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 30_000;
const IDS_AT_ONCE = 500;

/**
 * The table `cdr` of FreePBX and Issabel, read by an account that needs nothing but SELECT on it. Each load opens its own
 * connection and closes it: the PBX must not hold one for us, and an idle one would die unseen. Its `calldate` is local time.
 */
export function createMysqlSource(settings: MysqlSettings, timeZone: string): CdrSource {
  return {
    reachesBackTo: () => null,
    close: async () => undefined,
    load: async ({ since, until }, { rowsMax, signal }) => {
      const connection = await open(settings);
      const abort = (): void => connection.destroy();
      signal.addEventListener("abort", abort, { once: true });
      try {
        signal.throwIfAborted();
        const columns = await loadColumns(connection, settings.database);
        const found = await select(connection, columns, {
          where: "calldate >= ? and calldate < ?",
          values: [toLocalText(since, timeZone), toLocalText(until, timeZone)],
          rowsMax,
        });
        const rows = await withRelatives(connection, columns, { found, rowsMax });
        return rows.flatMap((row) => parseCdrRow(row, timeZone) ?? []);
      } finally {
        signal.removeEventListener("abort", abort);
        connection.destroy();
      }
    },
  };
}

/** Loaded late: most installations have no such database. */
async function open({ host, port, user, password, database, lookup }: MysqlSettings): Promise<Connection> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection({
    ...{ host, port, user, password, database },
    stream: () => connect({ host, port, ...(lookup ? { lookup } : {}) }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    charset: "utf8mb4",
    multipleStatements: false,
  });
  connection.on("error", () => connection.destroy()); // what is pending has rejected; nothing is reused
  return connection;
}

async function loadColumns(connection: Connection, database: string): Promise<CdrColumn[]> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: "select lower(column_name) as name from information_schema.columns where table_schema = ? and table_name = 'cdr'",
    values: [database],
    timeout: QUERY_TIMEOUT_MS,
  });
  const known = new Set(rows.map(({ name }) => String(name)));
  const missing = NEEDED.filter((name) => !known.has(name));
  if (missing.length > 0) throw new Error(`the table cdr of ${database} cannot be read or lacks ${missing.join(", ")}`);
  return WANTED.filter((name) => known.has(name));
}

interface Selection {
  where: string;
  values: readonly unknown[];
  rowsMax: number;
}

async function select(connection: Connection, columns: readonly CdrColumn[], { where, values, rowsMax }: Selection) {
  const names = columns.map((name) => `cast(\`${name}\` as char) as \`${name}\``).join(", ");
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `select ${names} from cdr where ${where} limit ${rowsMax + 1}`,
    values: [...values],
    timeout: QUERY_TIMEOUT_MS,
  });
  if (rows.length > rowsMax) throw new TooManyRowsError(rowsMax);
  return rows.map((row) => toColumns(row, columns));
}

function toColumns(row: RowDataPacket, columns: readonly CdrColumn[]): CdrColumns {
  return Object.fromEntries(columns.map((name) => [name, row[name] === null ? "" : String(row[name])]));
}

/** A call may reach over the edges of the window: its other records are asked for by its id. */
async function withRelatives(
  connection: Connection,
  columns: readonly CdrColumn[],
  { found, rowsMax }: { found: CdrColumns[]; rowsMax: number },
): Promise<CdrColumns[]> {
  const key = columns.includes("linkedid") ? "linkedid" : "uniqueid";
  const ids = [...new Set(found.map((row) => row[key] || ""))].filter((id) => id !== "");
  const rows = new Map(found.map((row) => [toRowKey(row), row]));
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const values = [ids.slice(start, start + IDS_AT_ONCE)];
    const relatives = await select(connection, columns, { where: `\`${key}\` in (?)`, values, rowsMax });
    for (const row of relatives) rows.set(toRowKey(row), row);
    if (rows.size > rowsMax * 2) throw new TooManyRowsError(rowsMax);
  }
  return [...rows.values()];
}

/** The table has no key; two records that say the same in all columns are the same. */
const toRowKey = (row: CdrColumns): string => JSON.stringify(row);
