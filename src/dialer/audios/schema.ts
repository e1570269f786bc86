import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import { hasNoCredentials } from "../../kit/address-guard.ts";
import { PROMPT_NAMES } from "../project.ts";
import { AUDIO_ENDINGS } from "./convert.ts";
import { LANGUAGES } from "./prompt-texts.ts";
import { SPOKEN_CHARS_MAX } from "./spoken-text.ts";
import type { PbxSounds, StoredAudio } from "./store.ts";

/** For the document: it is read as a stream, in whatever order its parts come. */
export const audioUpload = z.object({
  file: z.string().meta({
    format: "binary",
    description: `At most 50 MB and an hour; its name ends in ${AUDIO_ENDINGS.join(", ")}`,
  }),
  name: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "By default the file's name. Lower case; anything but a-z 0-9 - _ becomes _" }),
  replace: z.enum(["true", "false"]).optional().meta({
    description: "true: another sound under a name that is there; projects that play it play this one from now on",
  }),
});

export const audioAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    original_name: z.string().meta({ description: "Of the file that was sent" }),
    original_bytes: z.int(),
    size_bytes: z.int().meta({ description: "As it is kept: WAVE, 8 kHz, mono, 16 bit" }),
    duration_seconds: z.number(),
    created_by: z.string(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Audio" });

export function toAudioAnswer(audio: StoredAudio): z.infer<typeof audioAnswer> {
  return {
    id: audio.id,
    name: audio.name,
    original_name: audio.originalName,
    original_bytes: audio.originalBytes,
    size_bytes: audio.sizeBytes,
    duration_seconds: audio.durationMs / 1000,
    created_by: audio.createdBy,
    created_at: toInstant(audio.createdAt),
    updated_at: toInstant(audio.updatedAt),
  };
}

export const audioLinkAnswer = z
  .object({
    url: z.string().meta({ description: "Plays it without a credential until it ends; takes Range" }),
    expires_at: instantField,
  })
  .meta({ id: "AudioLink" });

export const linkParams = z.object({ token: z.string().max(100) });
export const soundAnswer = z
  .unknown()
  .meta({ description: "The sound, or the part of it that `Range` asks for (206)" });

const language = z.enum(LANGUAGES);

export const promptsAnswer = z.object({
  items: z.array(
    z
      .object({ name: z.enum(PROMPT_NAMES), language, text: z.string(), url: z.string(), expires_at: instantField })
      .meta({ id: "AudioPrompt" }),
  ),
});

export const speechBody = z.strictObject({
  text: z
    .string()
    .trim()
    .min(1)
    .max(SPOKEN_CHARS_MAX)
    .meta({ description: "Variables in double braces: `Hola {{nombre}}`" }),
  language,
  variables: z.record(z.string().max(60), z.string().max(500)).default({}),
});

export const speechAnswer = z
  .object({
    text: z.string().meta({ description: "What is said, with the variables in it" }),
    url: z.string(),
    expires_at: instantField,
  })
  .meta({ id: "SpokenText" });

/** A path without `..` and other surprises. */
const folder = z
  .string()
  .max(400)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.@+-]+)+$/, "must be an absolute path of plain names");

export const pbxSoundsBody = z.discriminatedUnion("delivery", [
  z.strictObject({
    delivery: z.literal("folder"),
    folder: folder.meta({
      description: "Folder of Enlace's machine that the PBX sees too; only operators may name one",
    }),
    pbx_folder: folder
      .default("/var/lib/asterisk/sounds/enlace")
      .meta({ description: "The same folder as the PBX calls it" }),
  }),
  z.strictObject({
    delivery: z.literal("http"),
    base_url: z
      .url({ protocol: /^https?$/, error: FIELD_SENTENCES.httpAddress })
      .max(200)
      .regex(/^[A-Za-z0-9:/._[\]-]+$/, "must be a plain address")
      .refine(hasNoCredentials, FIELD_SENTENCES.credentials)
      .transform((url) => url.replace(/\/+$/, ""))
      .nullable()
      .default(null)
      .meta({ description: "Where the PBX reaches Enlace; null: at its public address" }),
  }),
]);

export const pbxSoundsAnswer = z
  .object({
    delivery: z.enum(["folder", "http"]).meta({ description: "http: the PBX fetches them, by res_http_media_cache" }),
    folder: z.string().nullable(),
    pbx_folder: z.string().nullable(),
    base_url: z.string().nullable(),
  })
  .meta({ id: "PbxSounds" });

export function fromWireSounds(body: z.output<typeof pbxSoundsBody>): PbxSounds {
  return body.delivery === "http"
    ? { delivery: "http", baseUrl: body.base_url }
    : { delivery: "folder", folder: body.folder, pbxFolder: body.pbx_folder };
}

export function toSoundsAnswer(sounds: PbxSounds): z.infer<typeof pbxSoundsAnswer> {
  return sounds.delivery === "http"
    ? { delivery: "http", folder: null, pbx_folder: null, base_url: sounds.baseUrl }
    : { delivery: "folder", folder: sounds.folder, pbx_folder: sounds.pbxFolder, base_url: null };
}
