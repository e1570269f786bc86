import { z } from "zod";
import { pageQuery } from "../http/paging.ts";
import { instantField, rowIdField } from "../http/wire.ts";
import { toWordFields } from "../kit/word-fields.ts";
import { CONNECTION_STATES } from "./delivery-condition.ts";
import { callDetails } from "./details-schema.ts";

const DIRECTIONS = ["inbound", "outbound", "internal"] as const;
export const OUTCOMES = [
  "answered",
  "missed",
  "busy",
  "failed",
  "cancelled",
  "machine",
  "transferred",
  "lost",
  "in_progress",
] as const;
const DELIVERY_STATES = ["pending", "leased", "delivered", "dead", "expired", "discarded"] as const;

const callDelivery = z.object({
  id: z.string(),
  connection_id: z.string(),
  connection: z.string().meta({ description: "The connection's name" }),
  connector: z.string(),
  state: z.enum(DELIVERY_STATES),
  remote_id: z.string().nullable().meta({ description: "Id of the record over there" }),
  url: z.string().nullable().meta({ description: "Page of the record over there" }),
  review: z.string().nullable().meta({ description: "What a person should look at" }),
  ...toWordFields("review"),
  reason: z.string().nullable().meta({ description: "Why it is not delivered" }),
  ...toWordFields("reason"),
  last_attempt_at: instantField.nullable(),
});
export type CallDeliveryItem = z.infer<typeof callDelivery>;

const contact = z
  .object({ id: z.string(), name: z.string().nullable(), connection_id: z.string(), connector: z.string() })
  .meta({ description: "The CRM's contact that the call was linked to" });

const callFields = {
  id: z.string(),
  call_uuid: z.string(),
  revision: z.int().meta({ description: "Grows by one with every change of the call" }),
  direction: z.enum(DIRECTIONS),
  from: z.string().nullable().meta({ description: "E.164 number, extension, or what the PBX wrote" }),
  to: z.string().nullable(),
  outcome: z.enum(OUTCOMES),
  agent_extension: z.string().nullable(),
  trunk: z.string().nullable(),
  pbx: z.string().nullable(),
  started_at: instantField,
  answered_at: instantField.nullable(),
  ended_at: instantField.nullable(),
  ring_seconds: z.int().nullable(),
  talk_seconds: z.int().nullable().meta({ description: "Conversation with an agent, seconds on hold included" }),
  hold_seconds: z.int().nullable().meta({ description: "Of these on hold; null when no source tells of holds" }),
  queue: z.string().nullable().meta({ description: "The last queue the caller waited in" }),
  hangup_cause: z
    .int()
    .nullable()
    .meta({ description: "Asterisk's number (Q.850): 16 ordinary, 17 busy, 1 unknown number" }),
  project: z.object({ id: z.string(), name: z.string() }).nullable().meta({
    description: "For whom the dialer made the call; null for every other call, and until the dialer's is over",
  }),
  campaign_id: z.string().nullable(),
  contact: contact.nullable(),
  recording: z.object({ url: z.string() }).nullable(),
  source: z.string().meta({ description: "Where we know the call from, the best source first" }),
  deliveries: z.array(callDelivery),
};

export const callItem = z.object(callFields).meta({ id: "Call" });
export type CallItem = z.infer<typeof callItem>;

/** One line of a call's story: a fact that was told, or an attempt to deliver. */
const timelineEntry = z.object({
  at: instantField,
  kind: z.enum(["fact", "attempt"]),
  text: z.string().meta({ description: "In a few words; of an attempt, what its other fields say" }),
  ...toWordFields("text"),
  source: z.string().nullable().meta({ description: "Who told the fact" }),
  received_at: instantField.nullable(),
  raw: z.unknown().meta({ description: "The fact as received; null when it is larger than 8 KiB" }),
  delivery_id: z.string().nullable(),
  connection: z.string().nullable(),
  outcome: z.string().nullable().meta({ description: "What the attempt came to" }),
  duration_ms: z.int().nullable(),
  number: z.int().nullable().meta({ description: "Of the attempt, from 1 on" }),
  reason: z.string().nullable().meta({ description: "Why the attempt did not succeed" }),
  ...toWordFields("reason"),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

export const callDetail = z
  .object({
    ...callFields,
    details: callDetails.nullable(),
    timeline: z.array(timelineEntry).meta({ description: "Oldest first; the latest 500 facts and 200 attempts" }),
  })
  .meta({ id: "CallDetail" });

const word = z.string().min(1).max(100).optional();
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const callQuery = z.object({
  ...pageQuery,
  since: instant.optional().meta({ description: "Calls that started at this instant or later" }),
  until: instant.optional().meta({ description: "Calls that started before this instant" }),
  direction: z.enum(DIRECTIONS).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  extension: word.meta({ description: "Extension of the agent" }),
  number: word.meta({ description: "Either end: a number in any formatting, or an extension" }),
  call_uuid: word,
  project_id: rowIdField.optional().meta({ description: "Calls that the dialer made for this project" }),
  campaign_id: rowIdField.optional().meta({ description: "Calls that the dialer made for this campaign" }),
  connection_state: z.enum(CONNECTION_STATES).optional().meta({
    description:
      "Calls of which a CRM has the record; of which a record is on its way; did not arrive; or is there without a contact",
  }),
  delivery_state: z
    .enum(DELIVERY_STATES)
    .optional()
    .meta({ description: "Calls with a record delivery in this state" }),
  connection_id: rowIdField.optional().meta({ description: "Calls with a record delivery on this connection" }),
});

/** Where a page of calls ended. */
export const callCursor = z.object({
  at: z.iso.datetime().transform((text) => new Date(text)),
  id: rowIdField,
});
export type CallCursor = z.infer<typeof callCursor>;
