import { z } from "zod";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { rowIdField } from "../../http/wire.ts";
import { hasNoCredentials } from "../../kit/address-guard.ts";
import { isTimeZone } from "../../kit/time-zone.ts";
import { PROMPT_NAMES } from "../project.ts";
import { isAddressRule } from "./addresses.ts";
import { DEFAULT_AGENTS, DEFAULT_AMD, DEFAULT_IVR, DEFAULT_RETRY } from "./defaults.ts";

/** Stands for a stored secret; sent back it means the stored one. */
export const MASK = "••••";

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/\p{Cc}/u.test(text), FIELD_SENTENCES.line);
const key = z.string().regex(/^[0-9*#]$/, FIELD_SENTENCES.key);
/** Read with the tenant's country; see numbers.ts. */
const numberText = z.string().max(40);
const extension = z.string().regex(/^\d{2,10}$/, FIELD_SENTENCES.extension);
const milliseconds = (max: number) => z.int().min(0).max(max);

const overflow = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("number"), number: numberText }),
    z.strictObject({ kind: z.literal("extension"), extension }),
  ])
  .nullable()
  .meta({ description: "Whom the expected key connects with: over the project's trunk, or inside" });

const ivr = z.strictObject({
  audio_id: rowIdField.nullable().default(DEFAULT_IVR.audioId).meta({ description: "What is said to a person" }),
  text: line(2000)
    .nullable()
    .default(DEFAULT_IVR.text)
    .meta({ description: "Spoken in place of an audio; variables of the contact in double braces" }),
  expected_digit: key.nullable().default(DEFAULT_IVR.expectedDigit).meta({ description: "null: no key is asked for" }),
  digit_attempts: z.int().min(1).max(5).default(DEFAULT_IVR.digitAttempts),
  digit_wait_ms: z.int().min(1000).max(60_000).default(DEFAULT_IVR.digitWaitMs),
  barge_in: z.boolean().default(DEFAULT_IVR.bargeIn).meta({ description: "Whether a key interrupts the message" }),
  opt_out_digit: key.nullable().default(DEFAULT_IVR.optOutDigit).meta({ description: "Asks not to be called again" }),
  overflow: overflow.default(DEFAULT_IVR.overflow),
  overflow_ring_seconds: z.int().min(5).max(300).default(DEFAULT_IVR.overflowRingSeconds),
  on_machine: z.enum(["hang_up", "leave_message"]).default(DEFAULT_IVR.onMachine),
  machine_audio_id: rowIdField.nullable().default(DEFAULT_IVR.machineAudioId),
  prompts: z
    .partialRecord(z.enum(PROMPT_NAMES), rowIdField)
    .default({})
    .meta({ description: "Audios in place of the built-in prompts" }),
});

const amd = z
  .strictObject({
    enabled: z.boolean().default(DEFAULT_AMD.enabled),
    initial_silence_ms: milliseconds(20_000).default(DEFAULT_AMD.initialSilenceMs),
    greeting_ms: milliseconds(20_000).default(DEFAULT_AMD.greetingMs),
    after_greeting_silence_ms: milliseconds(20_000).default(DEFAULT_AMD.afterGreetingSilenceMs),
    total_analysis_ms: milliseconds(30_000).default(DEFAULT_AMD.totalAnalysisMs),
    minimum_word_ms: milliseconds(5000).default(DEFAULT_AMD.minimumWordMs),
    between_words_ms: milliseconds(5000).default(DEFAULT_AMD.betweenWordsMs),
    maximum_words: z.int().min(1).max(50).default(DEFAULT_AMD.maximumWords),
    silence_threshold: z.int().min(1).max(32_767).default(DEFAULT_AMD.silenceThreshold),
  })
  .meta({ description: "Answering machine detection, as Asterisk's AMD() takes it (docs/amd.md)" });

const wait = z.int().min(30).max(604_800);
const rule = z
  .strictObject({
    after_seconds: wait,
    attempts_max: z.int().min(1).max(20).optional(),
    other_trunk: z.boolean().optional(),
  })
  .nullable();
const retry = z.strictObject({
  attempts_max: z.int().min(1).max(20).default(DEFAULT_RETRY.attemptsMax).meta({ description: "The first one too" }),
  after_seconds: wait.default(DEFAULT_RETRY.afterSeconds),
  by_disposition: z
    .partialRecord(z.enum(DISPOSITIONS), rule)
    .optional()
    .meta({ description: "null: never again; left out: the usual rules" }),
});

const agents = z.strictObject({
  extensions: z.array(extension).max(500).default([]).meta({ description: "Whose phones take the calls" }),
  abandoned_share_max: z.number().min(0).max(0.1).default(DEFAULT_AGENTS.abandonedShareMax),
  wait_ms: z.int().min(0).max(10_000).default(DEFAULT_AGENTS.waitMs),
});

const allowedAddresses = z
  .array(z.string().refine(isAddressRule, FIELD_SENTENCES.network))
  .max(200)
  .meta({ description: "Who may ask for single calls over the API; empty: everybody who has the right" });

export const projectFields = {
  name: line(100),
  time_zone: z
    .string()
    .refine(isTimeZone, FIELD_SENTENCES.zone)
    .meta({ examples: ["America/Bogota"] }),
  language: z.enum(["es", "en", "ru"]),
  trunks: z
    .array(z.strictObject({ trunk_id: rowIdField, weight: z.int().min(1).max(1000).default(1) }))
    .max(50)
    .meta({ description: "All of one PBX; chosen by weight" }),
  prefix: z.string().regex(/^[0-9*#]{0,10}$/, FIELD_SENTENCES.keys),
  caller_id: numberText.nullable(),
  uses_caller_id_pool: z.boolean(),
  channels_max: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .meta({ description: "Calls at once; null: as the trunks allow" }),
  ring_seconds: z.int().min(15).max(120),
  mode: z.enum(["ivr", "agents"]),
  ivr,
  amd,
  retry,
  agents,
  allowed_addresses: allowedAddresses,
  webhook_url: z
    .url({ protocol: /^https?$/, error: FIELD_SENTENCES.httpAddress })
    .max(1000)
    .refine(hasNoCredentials, FIELD_SENTENCES.credentials)
    .nullable()
    .meta({ description: "Told at the end of every call" }),
  webhook_secret: z
    .string()
    .min(16)
    .max(200)
    .nullable()
    .or(z.literal(MASK))
    .meta({ description: "Signs what it is told; never shown" }),
  policy_id: rowIdField.nullable().meta({ description: "Rules of the land and purpose" }),
  disabled: z.boolean(),
};

export const newProject = z.strictObject({
  ...z.strictObject(projectFields).partial().shape,
  name: projectFields.name,
  number: rowIdField.optional().meta({ description: "What it is called by; by default the next free one" }),
});
/** Blocks that are sent (ivr, amd, retry, agents) are taken whole: what they leave out gets its default. */
export const projectChange = z.strictObject(projectFields).partial();
