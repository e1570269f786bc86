// What a person says of the columns of a list before it is imported.
import type { Schemas } from "../../api/schema.gen.ts";

export const COLUMN_USES = ["number", "variable", "none"] as const;
export type ColumnUse = (typeof COLUMN_USES)[number];

export interface MappedColumn {
  /** What stands above it, or its place. */
  title: string;
  use: ColumnUse;
  /** Of the variable. */
  name: string;
  /** Its first values. */
  values: readonly string[];
}

export interface Mapping {
  header: "yes" | "no";
  columns: readonly MappedColumn[];
}

const VALUES_MAX = 3;

/** As the server would read it: a person changes what is otherwise. */
export function toMapping({ has_header, number_column, columns, rows }: Schemas["CampaignListPreview"]): Mapping {
  return {
    header: has_header ? "yes" : "no",
    columns: columns.map(({ title, name }, at) => ({
      ...{ title: title || String(at + 1), name },
      use: at === number_column - 1 ? "number" : "variable",
      values: rows.slice(0, VALUES_MAX).map((row) => row[at] ?? ""),
    })),
  };
}

/** One column has the number: choosing another makes the one that had it a variable. */
export function changeUse(columns: readonly MappedColumn[], at: number, use: ColumnUse): MappedColumn[] {
  return columns.map((column, place) => {
    if (place === at) return { ...column, use };
    return use === "number" && column.use === "number" ? { ...column, use: "variable" } : column;
  });
}

/** For the import's address. The list is read meanwhile: nobody waits for its end. */
export function toQuery({ header, columns }: Mapping): URLSearchParams {
  const numberAt = columns.findIndex(({ use }) => use === "number");
  const names = columns.map(({ use, name }) => (use === "variable" ? name.replaceAll(",", " ").trim() : ""));
  return new URLSearchParams({
    ...{ header, columns: names.join(","), wait_seconds: "0" },
    ...(numberAt >= 0 && { number_column: String(numberAt + 1) }),
  });
}
