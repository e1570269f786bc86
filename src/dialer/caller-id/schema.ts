import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import { toScore, toWilson } from "./choice.ts";
import { hasDropped, type Measured } from "./store.ts";

const areaPrefix = z
  .string()
  .trim()
  .regex(/^\+[1-9]\d{0,9}$/, FIELD_SENTENCES.phoneStart)
  .meta({
    description: "Callees whose number begins like this are near; by default the number but for its last six digits",
  });
const dailyCap = z
  .int()
  .min(1)
  .max(100_000)
  .nullable()
  .meta({ description: "Calls a day under it, in the project's zone" });

export const newCallerId = z.strictObject({
  number: z.string().trim().min(3).max(40).meta({ description: "A number of your own that can be called back" }),
  area_prefix: areaPrefix.optional(),
  active: z.boolean().default(true),
  daily_cap: dailyCap.default(null),
});
export const callerIdChange = z.strictObject({
  area_prefix: areaPrefix.optional(),
  active: z.boolean().optional(),
  daily_cap: dailyCap.optional(),
});
export const callerIdParams = z.object({ id: rowIdField, callerId: rowIdField });

const share = z.number().min(0).max(1);

export const callerIdAnswer = z
  .object({
    id: z.string(),
    project_id: z.string(),
    number: z.string(),
    area_prefix: z.string(),
    active: z.boolean(),
    daily_cap: z.int().nullable(),
    calls_today: z.int(),
    calls_30_days: z.int().meta({ description: "Ended calls" }),
    answers_30_days: z.int(),
    score: share.meta({ description: "(answers + 1) / (calls + 2)" }),
    answer_rate_low: share.meta({ description: "Wilson's interval, 95 %" }),
    answer_rate_high: share,
    has_dropped: z.boolean().meta({
      description: "Of the last two days surely below 70 % of the month before: it may be marked as spam. Chosen last",
    }),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "CallerId" });
export const callerIdList = z.object({ items: z.array(callerIdAnswer) });

export function toCallerIdAnswer(row: Measured): z.output<typeof callerIdAnswer> {
  const [ended, answers] = [row.endedRecently + row.endedBefore, row.answersRecently + row.answersBefore];
  const { low, high } = toWilson(answers, ended);
  return {
    ...{ id: row.id, project_id: row.projectId, number: row.number, area_prefix: row.areaPrefix, active: row.active },
    ...{ daily_cap: row.dailyCap, calls_today: row.callsToday, calls_30_days: ended, answers_30_days: answers },
    ...{
      score: toScore({ ended, answers }),
      answer_rate_low: low,
      answer_rate_high: high,
      has_dropped: hasDropped(row),
    },
    created_at: toInstant(row.createdAt),
    updated_at: toInstant(row.updatedAt),
  };
}
