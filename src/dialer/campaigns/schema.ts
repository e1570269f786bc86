import { z } from "zod";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { pageQuery } from "../../http/paging.ts";
import { instantField, rowIdField } from "../../http/wire.ts";
import { toWordFields } from "../../kit/word-fields.ts";
import { DAY_SECONDS } from "./schedule.ts";

export const CAMPAIGN_STATES = ["draft", "active", "paused", "stopped", "completed"] as const;
export const CONTACT_STATES = ["pending", "dialing", "completed", "failed", "skipped"] as const;
const WINDOWS_MAX = 100;
const HOLIDAYS_MAX = 1_000;

const line = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .refine((text) => !/\p{Cc}/u.test(text), FIELD_SENTENCES.line);
const count = z.int().min(0);

export const newCampaign = z.strictObject({ project_id: rowIdField, name: line });
export const campaignChange = z.strictObject({ name: line });

export const campaignQuery = z.object({
  ...pageQuery,
  project_id: rowIdField.optional(),
  state: z.enum(CAMPAIGN_STATES).optional(),
});

const contactCounts = z.object({
  total: count,
  pending: count,
  dialing: count,
  completed: count,
  failed: count,
  skipped: count.meta({ description: "Suppressed: not called" }),
});

export const campaignAnswer = z
  .object({
    id: z.string(),
    project_id: z.string(),
    name: z.string(),
    state: z.enum(CAMPAIGN_STATES),
    contacts: contactCounts,
    started_at: instantField.nullable(),
    ended_at: instantField.nullable(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Campaign" });

export const statisticsAnswer = z
  .object({
    campaign: campaignAnswer,
    processed: count.meta({ description: "Contacts at their end: completed, failed or skipped" }),
    by_disposition: z
      .array(z.object({ disposition: z.enum(DISPOSITIONS).nullable(), state: z.enum(CONTACT_STATES), contacts: count }))
      .meta({ description: "null: nobody has called them yet" }),
    in_schedule: z.boolean(),
    next_window_at: instantField.nullable().meta({ description: "Now if it is open; null if no window is in sight" }),
  })
  .meta({ id: "CampaignStatistics" });

const secondOf = (max: number) =>
  z
    .string()
    .regex(/^\d{2}:\d{2}(:\d{2})?$/, FIELD_SENTENCES.clockSeconds)
    .transform((text, context): number => {
      const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
      const second = hours * 3600 + minutes * 60 + seconds;
      if (minutes <= 59 && seconds <= 59 && second <= max) return second;
      context.addIssue(FIELD_SENTENCES.noTime);
      return z.NEVER;
    });

export const scheduleBody = z.strictObject({
  windows: z
    .array(
      z.strictObject({
        weekday: z.int().min(0).max(6).meta({ description: "0 is Sunday; the day on which it starts" }),
        starts: secondOf(DAY_SECONDS - 1),
        ends: secondOf(DAY_SECONDS).meta({ description: "Up to 24:00; not after `starts`: the day after" }),
        enabled: z.boolean().default(true),
      }),
    )
    .max(WINDOWS_MAX),
});

export const scheduleAnswer = z
  .object({
    time_zone: z.string().meta({ description: "The project's" }),
    windows: z.array(z.object({ weekday: z.int(), starts: z.string(), ends: z.string(), enabled: z.boolean() })),
    in_schedule: z.boolean(),
    next_window_at: instantField.nullable(),
  })
  .meta({ id: "CampaignSchedule" });

export const holidaysQuery = z.object({
  project_id: rowIdField.optional().meta({ description: "Left out: of all projects" }),
});
const holiday = z.strictObject({ on: z.iso.date(), name: z.string().trim().max(120).default("") });
export const holidaysBody = z.strictObject({ holidays: z.array(holiday).max(HOLIDAYS_MAX) });
export const holidaysAnswer = z
  .object({ holidays: z.array(z.object({ on: z.string(), name: z.string() })) })
  .meta({ id: "DialerHolidays" });

export const contactQuery = z.object({
  ...pageQuery,
  state: z.enum(CONTACT_STATES).optional(),
  disposition: z.enum(DISPOSITIONS).optional(),
  number: z.string().max(40).optional().meta({ description: "The whole number" }),
});

export const contactAnswer = z
  .object({
    id: z.string(),
    number: z.string(),
    variables: z.record(z.string(), z.string()),
    state: z.enum(CONTACT_STATES),
    disposition: z.enum(DISPOSITIONS).nullable(),
    attempts: count,
    next_at: instantField.nullable().meta({ description: "Not to be called before; of pending ones" }),
    last_attempt_at: instantField.nullable(),
  })
  .meta({ id: "CampaignContact" });

export const recycleBody = z.strictObject({
  name: line,
  dispositions: z.array(z.enum(DISPOSITIONS)).min(1).max(DISPOSITIONS.length),
});

export const importQuery = z.object({
  header: z
    .enum(["auto", "yes", "no"])
    .default("auto")
    .meta({ description: "Whether the first row names the columns" }),
  number_column: z.coerce.number().int().min(1).max(51).optional().meta({
    description: "Which column has the number, from 1; by default the one named so, or the first with a number",
  }),
  columns: z
    .string()
    .max(4_000)
    .transform((text) => text.split(","))
    .optional()
    .meta({ description: "The variable that each column becomes, by place, commas between; empty leaves one out" }),
  wait_seconds: z.coerce.number().int().min(0).max(25).default(2).meta({ description: "How long to wait for its end" }),
});

export const previewQuery = importQuery.pick({ header: true, number_column: true });
export const previewAnswer = z
  .object({
    kind: z.enum(["csv", "xlsx"]),
    has_header: z.boolean().meta({ description: "The first row names the columns" }),
    number_column: z.int().meta({ description: "From 1" }),
    columns: z
      .array(z.object({ title: z.string(), name: z.string() }))
      .meta({ description: "What stands above each column, and the variable it would become" }),
    rows: z.array(z.array(z.string())).meta({ description: "The first of them, as they are read" }),
  })
  .meta({ id: "CampaignListPreview" });

export const importAnswer = z
  .object({
    id: z.string(),
    campaign_id: z.string(),
    kind: z.enum(["csv", "xlsx", "recycle"]),
    file_name: z.string(),
    state: z.enum(["running", "finished", "failed"]),
    lines_read: count.meta({ description: "All before it is kept" }),
    inserted: count,
    duplicates: count.meta({ description: "Numbers that the campaign had already" }),
    invalid: count,
    suppressed: count.meta({ description: "Of recycled ones: not to be called any more" }),
    columns: z.array(z.string()).meta({ description: "Names of the variables" }),
    problem: z.string().nullable(),
    ...toWordFields("problem"),
    created_at: instantField,
    updated_at: instantField,
    finished_at: instantField.nullable(),
  })
  .meta({ id: "CampaignImport" });

export const importReport = importAnswer
  .extend({ invalid_lines: z.array(z.object({ line: count, value: z.string(), reason: z.string() })) })
  .meta({ id: "CampaignImportReport" });

export const recycleAnswer = z
  .object({ campaign: campaignAnswer, import: importAnswer })
  .meta({ id: "RecycledCampaign" });
