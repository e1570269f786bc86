import { z } from "zod";
import { CALL_UUID, isWebUrl, MESSAGES, RECORDING_URL_MAX, SECONDS_MAX, WORD_LENGTH_MAX } from "./call-post-reader.ts";
import { parseInstant } from "./instant.ts";
import { DIRECTION_WORDS, parseDirection, parseStatus, STATUS_WORDS } from "./reported-words.ts";

/**
 * What a PBX posts about a call. Only `call_uuid` must be there; `null` and `""` are the same as nothing, and fields that
 * are not named here are kept with the fact as received. This is for the API document; call-post-reader.ts reads.
 */

const words = (max: number) => z.string(MESSAGES.text).max(max, MESSAGES.tooLong(max));
/** Extensions and numbers often come as JSON numbers. */
const wordsOrNumber = (max: number) => z.union([words(max), z.int().nonnegative()], MESSAGES.textOrNumber(max));
const word = (isKnown: (text: string) => boolean, message: string) =>
  words(WORD_LENGTH_MAX).refine((text) => text.trim() === "" || isKnown(text), message);
const instant = (description: string) =>
  word((text) => parseInstant(text, "UTC") !== undefined, MESSAGES.instant)
    .nullish()
    .meta({ description, examples: ["2025-08-02T14:00:00Z"] });
const seconds = z.union([z.int().min(0).max(SECONDS_MAX), z.string().regex(/^\d{0,9}$/)], MESSAGES.seconds);

export const callPost = z
  .looseObject(
    {
      call_uuid: z
        .string(MESSAGES.text)
        .regex(CALL_UUID, MESSAGES.callUuid)
        .meta({ description: "The PBX's own id of the call; what is posted about one call_uuid is one call" }),
      from: wordsOrNumber(100).nullish().meta({ description: "Who calls: a number or an extension" }),
      to: wordsOrNumber(100).nullish().meta({ description: "Who is called" }),
      direction: word((text) => parseDirection(text) !== undefined, MESSAGES.word(DIRECTION_WORDS))
        .nullish()
        .meta({ description: "`inbound`, `outbound` or `internal`; guessed from the numbers where it is missing" }),
      status: word((text) => parseStatus(text) !== undefined, MESSAGES.word(STATUS_WORDS))
        .nullish()
        .meta({ description: `How far the call is: one of ${STATUS_WORDS}` }),
      start_time: instant("Without an offset it is the tenant's local time"),
      answer_time: instant("When somebody took the call"),
      end_time: instant("Not before start_time"),
      event_time: instant("When this was so; tells which of two contradicting posts is the later one"),
      talk_seconds: seconds.nullish().meta({ description: "Conversation, as the PBX counted it" }),
      duration: seconds
        .nullish()
        .meta({ description: "The same, where neither talk_seconds nor answer_time is given" }),
      recording_url: words(RECORDING_URL_MAX)
        .refine((text) => text.trim() === "" || isWebUrl(text.trim()), MESSAGES.webUrl)
        .nullish(),
      agent_ext: wordsOrNumber(64).nullish().meta({ description: "Extension of the person who talked" }),
      trunk: words(100).nullish(),
      pbx_system: words(100).nullish().meta({ description: "Which PBX, if there are several" }),
    },
    "must be a JSON object",
  )
  .meta({
    id: "CallPost",
    examples: [
      {
        call_uuid: "uuid-555",
        from: "+34123456789",
        to: "+34900112233",
        direction: "inbound",
        start_time: "2025-08-02T14:00:00Z",
        end_time: "2025-08-02T14:02:30Z",
        status: "completed",
        recording_url: "https://pbx.example.com/recordings/uuid-555.mp3",
        agent_ext: "1001",
        pbx_system: "centralita1",
      },
    ],
  });

export const callPostHeaders = z.object({
  "x-signature": z
    .string()
    .optional()
    .meta({ description: "Hex HMAC-SHA256 of the body under the tenant's webhook secret" }),
  "x-enlace-tenant": z.string().optional().meta({ description: "Number of the tenant; the default one without it" }),
  prefer: z.string().optional().meta({ description: "`wait=10`: answer when it is delivered, or after 10 seconds" }),
});

const waitedDelivery = z.object({
  delivery_id: z.string(),
  connection_id: z.string(),
  connection: z.string().meta({ description: "The connection's name" }),
  connector: z.string(),
  state: z.string().meta({ description: "delivered, pending, held, paused, dead, discarded" }),
  remote_id: z.string().nullable().meta({ description: "Id of the record over there" }),
  url: z.string().nullable(),
  review: z.string().nullable().meta({ description: "What a person should look at" }),
  reason: z.string().nullable().meta({ description: "Why it is not delivered" }),
});

export const callPostAnswer = z
  .object({
    status: z
      .enum(["accepted", "updated", "duplicate", "ok"])
      .meta({ description: "A new call, a changed one, nothing new; `ok`: delivered to every connection" }),
    call_uuid: z.string(),
    call_id: z.string(),
    revision: z.int(),
    deliveries: z.array(waitedDelivery).optional().meta({ description: "With `Prefer: wait`, once they came to rest" }),
    vtiger_call_id: z.string().optional().meta({ description: "With `Prefer: wait`: the record in Vtiger" }),
  })
  .meta({ id: "CallPostAnswer" });
export type CallPostAnswer = z.infer<typeof callPostAnswer>;
