import { z } from "zod";
import { instantField } from "../../http/wire.ts";

/** A call in progress, in as few words as a wallboard needs. */
export const liveCall = z
  .object({
    id: z.string(),
    direction: z.enum(["inbound", "outbound", "internal"]),
    from: z.string().nullable(),
    to: z.string().nullable(),
    state: z.enum(["ringing", "talking"]),
    agent_extension: z.string().nullable(),
    trunk: z.string().nullable(),
    pbx: z.string().nullable(),
    started_at: instantField,
    answered_at: instantField.nullable(),
  })
  .meta({ id: "LiveCall" });
export type LiveCall = z.infer<typeof liveCall>;

/** More calls at once than a person can look at; the count goes on. */
export const LIVE_CALLS_MAX = 2_000;
