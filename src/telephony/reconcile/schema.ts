import { z } from "zod";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import type { Gap } from "./store.ts";

export const gapAnswer = z
  .object({
    id: z.string(),
    from: instantField,
    to: instantField,
    reason: z.enum(["connection_lost", "not_listening", "events_dropped", "check", "asked"]),
    state: z.enum(["open", "checked", "unchecked"]).meta({
      description: "`open`: still to be compared; `unchecked`: the records could not tell all, see `problem`",
    }),
    problem: z.string().nullable(),
    calls: z.int().meta({ description: "That the PBX has records of" }),
    missing: z.int().meta({ description: "Of these unknown to Enlace, or closed without knowing how they went" }),
    repaired: z.int().meta({ description: "Of the missing: `added` and `corrected`" }),
    added: z.int(),
    corrected: z.int(),
    checked_until: instantField.nullable().meta({ description: "How far the comparison has come" }),
    created_at: instantField,
    checked_at: instantField.nullable(),
  })
  .meta({ id: "PbxGap" });

export const gapParams = z.object({ id: rowIdField, gap_id: rowIdField });

export const newReconcile = z.strictObject({
  since: instantField.optional().meta({ description: "By default a day before `until`" }),
  until: instantField.optional().meta({ description: "By default now" }),
});

export function toGapAnswer(gap: Gap): z.input<typeof gapAnswer> {
  const { id, reason, state, problem, calls, missing, added, corrected } = gap;
  return {
    ...{ id, reason, state, problem, calls, missing, added, corrected, repaired: added + corrected },
    from: toInstant(gap.fromAt),
    to: toInstant(gap.toAt),
    checked_until: toInstant(gap.checkedUntil),
    created_at: toInstant(gap.createdAt),
    checked_at: toInstant(gap.checkedAt),
  };
}
