import { z } from "zod";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { instantField, rowIdField } from "../../http/wire.ts";
import { formatField, separatorField } from "../export/schema.ts";
import { OUTCOMES } from "../schema.ts";

/** The longest time that is looked at in one report, in days: a quarter. */
export const RANGE_DAYS_MAX = 93;
const DEFAULT_SLA_MINUTES = 60;
const SLA_MINUTES_MAX = 1_440;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const count = z.int().min(0);

export const statisticsQuery = z.object({
  since: instant.optional().meta({ description: "Calls that started at this instant or later; a week before `until`" }),
  until: instant.optional().meta({ description: "Calls that started before this instant; now" }),
  direction: z.enum(["inbound", "outbound", "internal"]).optional(),
  extension: z.string().min(1).max(100).optional(),
  project_id: rowIdField.optional().meta({ description: "Calls that the dialer made for this project" }),
  campaign_id: rowIdField.optional(),
  sla_minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(SLA_MINUTES_MAX)
    .default(DEFAULT_SLA_MINUTES)
    .meta({ description: "Within this a missed caller should have been talked to" }),
});

export type StatisticsQuery = z.output<typeof statisticsQuery>;
export const statisticsExportQuery = statisticsQuery.extend({ format: formatField, separator: separatorField });

const dialCounts = {
  attempts: count.meta({ description: "Asked for in this time" }),
  dialed: count.meta({ description: "Dialled, and over" }),
  answered: count.meta({ description: "Of these picked up, by somebody or by a machine" }),
  people: count.meta({ description: "Of these by a person" }),
  talk_seconds: count,
};
const named = { id: z.string().nullable(), name: z.string().nullable().meta({ description: "Null: there no more" }) };

const dialer = z
  .object({
    ...dialCounts,
    projects: z.array(z.object({ ...named, ...dialCounts })),
    campaigns: z
      .array(z.object({ ...named, ...dialCounts }))
      .meta({ description: "Without an id: what was dialled for no campaign" }),
    dispositions: z.array(z.object({ disposition: z.enum(DISPOSITIONS), attempts: count })),
    caller_ids: z
      .array(z.object({ number: z.string(), ...dialCounts }))
      .meta({ description: "By the number that was shown: `answered` of `dialed` is its answer rate" }),
  })
  .meta({
    description:
      "What the dialer tried in this time, the 500 largest of each kind; null for who may not see it, and where a direction or an extension was asked for that it has nothing to do with",
  });

export const statisticsAnswer = z
  .object({
    time_zone: z.string().meta({ description: "The tenant's: days and hours are of it" }),
    calls: count,
    answered: count,
    missed: count.meta({ description: "Inbound calls that nobody took: missed, cancelled, busy, failed" }),
    talk_seconds: count,
    average_talk_seconds: z.number().nullable().meta({ description: "Of calls that were talked on" }),
    average_ring_seconds: z.number().nullable().meta({ description: "Until an inbound call was answered" }),
    outcomes: z.array(z.object({ outcome: z.enum(OUTCOMES), calls: count })),
    extensions: z
      .array(
        z.object({
          extension: z.string(),
          calls: count,
          inbound: count,
          outbound: count,
          answered: count,
          talk_seconds: count,
        }),
      )
      .meta({ description: "The 500 with the most calls" }),
    days: z.array(z.object({ day: z.iso.date(), calls: count, answered: count, missed: count })),
    hours: z
      .array(z.object({ weekday: z.int().min(1).max(7), hour: z.int().min(0).max(23), calls: count, missed: count }))
      .meta({ description: "By weekday (1 is Monday) and hour; without calls left out" }),
    missed_callers: z
      .object({
        calls: count.meta({ description: "Missed inbound calls with a number to call back; the newest 20,000" }),
        reached: count.meta({ description: "Talked to afterwards, within a day: called back, or called again" }),
        reached_in_time: count.meta({ description: "Of these within `sla_minutes`" }),
        median_minutes: z.number().nullable().meta({ description: "Until they were reached" }),
        waiting: z
          .array(z.object({ call_id: z.string(), number: z.string(), missed_at: instantField }))
          .meta({ description: "The newest 50 who were not talked to since; each once, with the last call" }),
      })
      .meta({ description: "What became of those who were missed" }),
    dialer: dialer.nullable(),
  })
  .meta({ id: "CallStatistics" });
export type Statistics = z.infer<typeof statisticsAnswer>;
export type DialerFigures = z.infer<typeof dialer>;

export const SPANS = ["hour", "day"] as const;
export const activityQuery = z.object({ span: z.enum(SPANS).default("hour") });
export const activityAnswer = z
  .object({
    step_seconds: z.int(),
    last_step_at: instantField.meta({ description: "When the last step begins, the one that goes on now" }),
    answered: z.array(count).meta({ description: "Calls that started in each step, the oldest first" }),
    inbound_answered: z.array(count).meta({ description: "Of these, inbound calls" }),
    missed: z.array(count).meta({ description: "Inbound calls that nobody took: missed, cancelled, busy, failed" }),
    other: z.array(count).meta({ description: "In progress, and outbound calls that nobody took" }),
  })
  .meta({ id: "CallActivity" });
export type Activity = z.infer<typeof activityAnswer>;
