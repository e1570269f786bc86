import { z } from "zod";
import { toFieldError } from "../core/errors.ts";
import { parseRowId } from "../core/ids.ts";

/**
 * Lists answer `{ items, next_cursor }`. A cursor is where the page ended, opaque to clients: base64url of JSON, checked
 * when it comes back, and good for as long as the row it names would be: nothing is kept on the server.
 */
export const PAGE_MAX = 200;

/** The two query fields of every list; spread it into the list's own query schema. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(50).meta({ description: "Items on a page" }),
  cursor: z.string().max(1000).optional().meta({ description: "`next_cursor` of the page before" }),
};

export interface Page<T> {
  items: T[];
  /** `null` on the last page. */
  next_cursor: string | null;
}

/** The answer schema of a list of `item`. */
export function toPageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().meta({ description: "Pass it as `cursor` for the next page; null on the last" }),
  });
}

/** A cursor that is just the id of the last row. */
export const idCursor = z.object({
  id: z.string().refine((text) => parseRowId(text) !== undefined, "is not an id"),
});

export function encodeCursor(position: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify(position), "utf8").toString("base64url");
}

/** What `encodeCursor` was given, checked by `schema`; `undefined` for no cursor. Throws `invalid_field` naming `cursor`. */
export function parseCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  const result = schema.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (result.success) return result.data;
  throw toFieldError("cursor", "is not a cursor of this list");
}

/** Makes a page of `limit` items from up to `limit + 1` rows: the extra one tells that there is more. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  { toItem, toPosition }: { toItem(row: R): T; toPosition(row: R): Record<string, unknown> },
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(toPosition(last)) : null,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by every schema, like any other cursor that is not ours
  }
}
