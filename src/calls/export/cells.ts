/** What stands in a cell of an exported table. `local` is a time of the tenant's zone, `2026-11-22 16:45:00`. */
export type Cell = string | number | null | undefined | { local: string } | { heading: string };

/** The cell as text. Pure. */
export function toCellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "object") return String(cell);
  return "local" in cell ? cell.local : cell.heading;
}

/** `2026-11-22 16:45:00`, which every spreadsheet reads as a time. */
export function createLocalText(timeZone: string): (at: Date) => string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  return (at) => format.format(at);
}
