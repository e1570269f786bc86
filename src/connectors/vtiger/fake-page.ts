// A page on which people can watch what the stand-in CRM holds.
import type { FakeStore } from "./fake-store.ts";

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  PBXManager: [
    "sourceuuid",
    "direction",
    "callstatus",
    "customernumber",
    "customer",
    "assigned_user_id",
    "starttime",
    "totalduration",
    "billduration",
    "gateway",
    "cf_disposition",
  ],
  Events: ["subject", "eventstatus", "contact_id", "assigned_user_id", "date_start", "time_start", "cf_call_uuid"],
  Calls: [
    "subject",
    "call_direction",
    "call_status",
    "parent_id",
    "assigned_user_id",
    "start_time",
    "cf_call_uuid",
    "cf_duration_seconds",
  ],
  Contacts: ["firstname", "lastname", "phone", "mobile"],
  Leads: ["firstname", "lastname", "company", "phone"],
  Accounts: ["accountname", "phone"],
};
const ROWS_SHOWN = 200;

/** HTML of all records, newest first; reloads itself. */
export function toRecordsPage(store: FakeStore): string {
  const tables = Object.entries(COLUMNS)
    .filter(([module]) => store.modules.has(module))
    .map(([module, columns]) => toTable(store, module, columns));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Sandbox CRM</title><style>body{font:15px system-ui;margin:2rem;color:#222}table{border-collapse:collapse;margin:0 0 2rem}
th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid #ddd}caption{text-align:left;font-weight:600;padding:.3rem 0}</style></head>
<body><h1>Sandbox CRM</h1><p>A stand-in for Vtiger: what Enlace delivered, newest first.</p>${tables.join("")}</body></html>`;
}

function toTable(store: FakeStore, module: string, columns: readonly string[]): string {
  const rows = [...store.records.values()].filter((record) => record.module === module && !record.deleted).reverse();
  const head = ["id", ...columns].map((name) => `<th scope="col">${toHtml(name)}</th>`).join("");
  const body = rows.slice(0, ROWS_SHOWN).map(({ id, fields }) => {
    const cells = [id, ...columns.map((name) => toCell(store, name, fields[name] ?? ""))];
    return `<tr>${cells.map((cell) => `<td>${toHtml(cell)}</td>`).join("")}</tr>`;
  });
  return `<table><caption>${module} (${rows.length})</caption><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

/** Ids with the name behind them. */
function toCell(store: FakeStore, column: string, value: string): string {
  if (column === "assigned_user_id") return store.users.get(value)?.userName ?? value;
  const fields = /^\d+x\d+$/.test(value) ? store.records.get(value)?.fields : undefined;
  if (fields === undefined) return value;
  return `${[fields.firstname, fields.lastname, fields.accountname].filter(Boolean).join(" ")} (${value})`;
}

const toHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
