import { z } from "zod";
import { HOOK_TYPES } from "./hook-event.ts";

/** What PBXs post and are answered, for the API document: bodies are read by hook-event.ts, which is lenient on purpose. */

const text = z.union([z.string(), z.number()]).nullish();
const time = text.meta({ description: "Local time of the PBX: 2025-08-02 14:00:00" });

export const hookPost = z
  .looseObject({
    Token: text.meta({ description: "The PBX's event token, unless the header `Token` has it" }),
    UniqueId: text.meta({ description: "Asterisk's unique id of the channel; empty for events about a bridge" }),
    CallType: text.meta({ description: "0 incoming, 1 outgoing, 2 internal" }),
    Phone: text.meta({ description: "The number outside: who calls, or who is called" }),
    Extensions: z
      .union([z.array(text), z.string(), z.number()])
      .nullish()
      .meta({ description: "What rings; in a hang-up, who answered" }),
    Trunk: text,
    CallStatus: text.meta({ description: "2 answered, 0 not answered" }),
    StartTime: time,
    EndTime: time,
    DateReceived: time,
    SentAt: text.meta({ description: "When it happened: seconds since 1970, ISO-8601, or local time" }),
    BridgeUniqueid: text,
    Channel: text,
    Exten: text,
    CallerIDNum: text,
    ConnectedLineNum: text,
    ExternalInitiated: z.union([z.boolean(), text]).nullish(),
    origin: text.meta({ description: "`download`: told again by a recovery; raises no pop-up" }),
    recording_url: text,
    RecordingFile: text.meta({ description: "Name of the file on the PBX" }),
  })
  .meta({
    id: "HookPost",
    examples: [{ Token: "…", UniqueId: "1700000100.10", Phone: "34600000001", CallType: 0, Trunk: "0009001" }],
  });

export const eventPost = z
  .looseObject({
    enterprise_number: text.meta({ description: "Number of the tenant; must be the one of the token" }),
    event_type: z.enum([...HOOK_TYPES, "download"]),
    payload: hookPost,
  })
  .meta({ id: "EventPost" });

export const hookHeaders = z.object({
  token: z.string().optional().meta({ description: "The PBX's event token" }),
  "x-signature": z.string().optional().meta({
    description: "Hex HMAC-SHA256 of the body under the tenant's webhook secret; where it is sent it must fit",
  }),
});

export const hookAnswer = z
  .object({ status: z.enum(["ok", "duplicate"]), message: z.string().optional() })
  .meta({ id: "HookAnswer" });
