import { z } from "zod";
import { instantField } from "../../http/wire.ts";

export const recordingQuery = z.object({
  download: z.enum(["0", "1"]).default("0").meta({ description: "1: to be saved, rather than played" }),
});

/** `Range` and its like are read by hand: what is wrong with them is ignored, as HTTP wants it. */
export const recordingAnswer = z
  .unknown()
  .meta({ description: "The recording, or the part of it that `Range` asks for (206)" });

export const linkParams = z.object({ token: z.string().max(100) });

export const newLink = z.strictObject({
  expires_in_hours: z
    .int()
    .min(1)
    .max(8_760)
    .default(24)
    .meta({ description: "It never outlives the recording's own time" }),
});

export const linkAnswer = z
  .object({
    id: z.string(),
    url: z.string().max(120).meta({ description: "Shown once; opens the recording to whoever has it" }),
    expires_at: instantField,
  })
  .meta({ id: "RecordingLink" });

const settingsFields = {
  crm_link: z.enum(["told", "enlace"]).meta({
    description:
      "What CRMs get. `told`: the address that an event told, if people outside can open it, else a link of Enlace; `enlace`: always a link",
  }),
  keep_copies: z.boolean().meta({ description: "Copy complete recordings into Enlace's data folder" }),
  retention_days: z
    .int()
    .min(1)
    .max(3_650)
    .meta({ description: "Then nobody hears them through Enlace any more, and copies are deleted" }),
};

export const settingsChange = z.strictObject(settingsFields);
export const settingsAnswer = z.object(settingsFields).meta({ id: "RecordingSettings" });
