import { z } from "zod";
import { DISPOSITIONS } from "../core/disposition.ts";
import { instantField } from "../http/wire.ts";

/** The story inside a call, as the API shows it. Every list is in the order in which things began. */

const endField = instantField.nullable();
const seconds = z.int().nullable().meta({ description: "Whole seconds; null while it goes on" });
const extension = z.string().nullable();

const ring = z.object({
  step: z
    .int()
    .meta({ description: "Phones of one step rang together; the next step began when all of them had stopped" }),
  extension,
  number: z.string().nullable().meta({ description: "A number outside, in place of an extension" }),
  trunk: z.string().nullable().meta({ description: "Over which the number outside was dialled" }),
  queue: z.string().nullable().meta({ description: "The queue that rang it" }),
  started_at: instantField,
  ended_at: endField,
  seconds,
  result: z.enum(["answered", "no_answer", "busy", "cancelled", "failed"]).nullable(),
  hangup_cause: z.int().nullable().meta({ description: "Asterisk's cause of this leg" }),
});

const talk = z.object({
  extension,
  number: z.string().nullable().meta({ description: "A mobile outside, in place of an extension" }),
  started_at: instantField,
  ended_at: endField,
  seconds,
});

const hold = z.object({
  extension: extension.meta({ description: "Who put the other one on hold" }),
  started_at: instantField,
  ended_at: endField,
  seconds,
});

const queueStay = z.object({
  queue: z.string(),
  joined_at: instantField,
  left_at: endField,
  wait_seconds: seconds,
  outcome: z.enum(["waiting", "connected", "abandoned", "left"]),
  extension: extension.meta({ description: "Who took the call" }),
  rings: z.int().meta({ description: "How often a phone was rung by this queue while the caller waited" }),
});

const transfer = z.object({ kind: z.enum(["blind", "attended"]), at: instantField, from: extension, to: extension });
const pickup = z.object({ at: instantField, by: extension, from: extension });

const parking = z.object({
  lot: z.string(),
  space: z.string().nullable(),
  parked_at: instantField,
  left_at: endField,
  seconds,
  outcome: z.enum(["parked", "retrieved", "timed_out", "abandoned"]),
  from: extension.meta({ description: "Who parked the call" }),
  by: extension.meta({ description: "Who fetched it" }),
});

const conference = z.object({
  name: z.string(),
  extension: extension.meta({ description: "Null for somebody from outside" }),
  joined_at: instantField,
  left_at: endField,
  seconds,
});

const recordedFile = z.object({
  file: z.string().meta({ description: "As the PBX names it" }),
  started_at: instantField,
  ended_at: endField,
});

const dialerStory = z
  .object({
    attempt_id: z.string(),
    project_id: z.string(),
    project: z.string(),
    campaign_id: z.string().nullable(),
    disposition: z.enum(DISPOSITIONS).nullable().meta({ description: "null while it goes on" }),
    attempt: z.int().meta({ description: "Which try at this person it was, from 1" }),
    digit: z.string().nullable().meta({ description: "The key that was pressed" }),
  })
  .meta({ description: "Of calls that the dialer made" });

export const callDetails = z
  .object({
    rings: z.array(ring),
    talks: z.array(talk),
    holds: z.array(hold),
    queues: z.array(queueStay),
    transfers: z.array(transfer),
    pickups: z.array(pickup),
    parkings: z.array(parking),
    conferences: z.array(conference),
    recordings: z.array(recordedFile),
    dialer: dialerStory.nullable(),
  })
  .meta({ description: "The story inside the call; null when no source told it" });
export type CallDetailsItem = z.infer<typeof callDetails>;
