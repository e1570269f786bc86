import { z } from "zod";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import { type AgentSettings, type AmdSettings, type IvrSettings, PROMPT_NAMES, type RetryRules } from "../project.ts";
import { MASK } from "./schema.ts";
import type { StoredProject } from "./store.ts";

// A project as JSON shows it.

const id = z.string();
const ivr = z.object({
  audio_id: id.nullable(),
  text: z.string().nullable(),
  expected_digit: z.string().nullable(),
  digit_attempts: z.int(),
  digit_wait_ms: z.int(),
  barge_in: z.boolean(),
  opt_out_digit: z.string().nullable(),
  overflow: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("number"), number: z.string() }),
      z.object({ kind: z.literal("extension"), extension: z.string() }),
    ])
    .nullable(),
  overflow_ring_seconds: z.int(),
  on_machine: z.enum(["hang_up", "leave_message"]),
  machine_audio_id: id.nullable(),
  prompts: z.partialRecord(z.enum(PROMPT_NAMES), id),
});
const amd = z.object({
  enabled: z.boolean(),
  initial_silence_ms: z.int(),
  greeting_ms: z.int(),
  after_greeting_silence_ms: z.int(),
  total_analysis_ms: z.int(),
  minimum_word_ms: z.int(),
  between_words_ms: z.int(),
  maximum_words: z.int(),
  silence_threshold: z.int(),
});
const retry = z.object({
  attempts_max: z.int(),
  after_seconds: z.int(),
  by_disposition: z.partialRecord(
    z.enum(DISPOSITIONS),
    z
      .object({ after_seconds: z.int(), attempts_max: z.int().optional(), other_trunk: z.boolean().optional() })
      .nullable(),
  ),
});
const agents = z.object({ extensions: z.array(z.string()), abandoned_share_max: z.number(), wait_ms: z.int() });

export const projectAnswer = z
  .object({
    id,
    number: z.string().meta({ description: "What people and older programs call it by" }),
    name: z.string(),
    time_zone: z.string(),
    language: z.enum(["es", "en", "ru"]),
    trunks: z.array(z.object({ trunk_id: id, weight: z.int() })),
    prefix: z.string(),
    caller_id: z.string().nullable(),
    uses_caller_id_pool: z.boolean(),
    channels_max: z.int().nullable(),
    ring_seconds: z.int(),
    mode: z.enum(["ivr", "agents"]),
    ...{ ivr, amd, retry, agents },
    allowed_addresses: z.array(z.string()),
    webhook_url: z.string().nullable(),
    webhook_secret: z.literal(MASK).nullable().meta({ description: "Never shown; sent back it means the stored one" }),
    policy_id: id.nullable(),
    disabled: z.boolean(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Project" });

export function toProjectAnswer(project: StoredProject): z.infer<typeof projectAnswer> {
  const { name, number, language, prefix, mode } = project;
  return {
    ...{ id: project.id, name, number, language, prefix, mode },
    time_zone: project.timeZone,
    trunks: project.trunks.map(({ trunkId, weight }) => ({ trunk_id: trunkId, weight })),
    caller_id: project.callerId,
    uses_caller_id_pool: project.usesCallerIdPool,
    channels_max: project.channelsMax,
    ring_seconds: project.ringSeconds,
    ivr: toIvrAnswer(project.ivr),
    amd: toAmdAnswer(project.amd),
    retry: toRetryAnswer(project.retry),
    agents: toAgentsAnswer(project.agents),
    allowed_addresses: [...project.allowedAddresses],
    webhook_url: project.webhookUrl,
    webhook_secret: project.sealedWebhookSecret === null ? null : MASK,
    policy_id: project.policyId,
    disabled: project.disabledAt !== null,
    created_at: toInstant(project.createdAt),
    updated_at: toInstant(project.updatedAt),
  };
}

const toIvrAnswer = (settings: IvrSettings): z.infer<typeof ivr> => ({
  audio_id: settings.audioId,
  text: settings.text,
  expected_digit: settings.expectedDigit,
  digit_attempts: settings.digitAttempts,
  digit_wait_ms: settings.digitWaitMs,
  barge_in: settings.bargeIn,
  opt_out_digit: settings.optOutDigit,
  overflow: settings.overflow,
  overflow_ring_seconds: settings.overflowRingSeconds,
  on_machine: settings.onMachine,
  machine_audio_id: settings.machineAudioId,
  prompts: settings.prompts,
});

const toAmdAnswer = (settings: AmdSettings): z.infer<typeof amd> => ({
  enabled: settings.enabled,
  initial_silence_ms: settings.initialSilenceMs,
  greeting_ms: settings.greetingMs,
  after_greeting_silence_ms: settings.afterGreetingSilenceMs,
  total_analysis_ms: settings.totalAnalysisMs,
  minimum_word_ms: settings.minimumWordMs,
  between_words_ms: settings.betweenWordsMs,
  maximum_words: settings.maximumWords,
  silence_threshold: settings.silenceThreshold,
});

const toAgentsAnswer = (settings: AgentSettings): z.infer<typeof agents> => ({
  extensions: [...settings.extensions],
  abandoned_share_max: settings.abandonedShareMax,
  wait_ms: settings.waitMs,
});

function toRetryAnswer({ attemptsMax, afterSeconds, byDisposition }: RetryRules): z.infer<typeof retry> {
  const rules = Object.entries(byDisposition).map(([disposition, rule]) => {
    if (!rule) return [disposition, null];
    const { afterSeconds: after_seconds, attemptsMax: attempts_max, otherTrunk: other_trunk } = rule;
    return [disposition, { after_seconds, ...(attempts_max && { attempts_max }), ...(other_trunk && { other_trunk }) }];
  });
  return { attempts_max: attemptsMax, after_seconds: afterSeconds, by_disposition: Object.fromEntries(rules) };
}
