import { z } from "zod";
import { parseRowId, type RowId } from "../core/ids.ts";

/** Pieces of zod schemas that mean the same on every route: JSON is snake_case, ids are text, instants ISO-8601 UTC. */

/** An id of ours in a path, query or body: decimal text, since it may be larger than a JSON number holds. */
export const rowIdField = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, "is not an id")
  .transform((text, context): RowId => {
    const id = parseRowId(text);
    if (id !== undefined) return id;
    context.addIssue("is not an id");
    return z.NEVER;
  });

export const idParams = z.object({ id: rowIdField });

/** An instant in an answer; fill it with `toInstant`. */
export const instantField = z.iso.datetime().meta({ description: "ISO-8601, UTC" });

export function toInstant(at: Date): string;
export function toInstant(at: Date | null): string | null;
export function toInstant(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}

/** An answer without a body (204). */
export const noBody = z.undefined();
