import type { z } from "zod";
import type { AgentSettings, AmdSettings, IvrSettings, Project, RetryRules } from "../project.ts";
import type { ProjectFields } from "./changes.ts";
import { DEFAULT_RETRY } from "./defaults.ts";
import { toNumber } from "./numbers.ts";
import { MASK, type projectChange } from "./schema.ts";

type Body = z.output<typeof projectChange>;

/** Only what was sent: a field left out stays as it is, and so does a secret that comes back masked. */
export function toProjectFields(body: Body, { country, at }: { country: string; at: Date }): Partial<ProjectFields> {
  const { webhook_secret: secret, caller_id: callerId } = body;
  const fields: { [K in keyof ProjectFields]: ProjectFields[K] | undefined } = {
    name: body.name,
    timeZone: body.time_zone,
    language: body.language,
    trunks: body.trunks?.map(({ trunk_id, weight }) => ({ trunkId: trunk_id, weight })),
    prefix: body.prefix,
    callerId: typeof callerId === "string" ? toNumber(callerId, { country, path: "caller_id" }) : callerId,
    usesCallerIdPool: body.uses_caller_id_pool,
    channelsMax: body.channels_max,
    ringSeconds: body.ring_seconds,
    ivr: body.ivr && toIvr(body.ivr, country),
    amd: body.amd && toAmd(body.amd),
    retry: body.retry && toRetry(body.retry),
    mode: body.mode,
    agents: body.agents && toAgents(body.agents),
    allowedAddresses: body.allowed_addresses && [...new Set(body.allowed_addresses)],
    webhookUrl: body.webhook_url,
    webhookSecret: secret === MASK ? undefined : secret,
    policyId: body.policy_id,
    disabledAt: body.disabled === undefined ? undefined : body.disabled ? at : null,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function toIvr(given: NonNullable<Body["ivr"]>, country: string): IvrSettings {
  return {
    audioId: given.audio_id,
    text: given.text,
    expectedDigit: given.expected_digit,
    digitAttempts: given.digit_attempts,
    digitWaitMs: given.digit_wait_ms,
    bargeIn: given.barge_in,
    optOutDigit: given.opt_out_digit,
    overflow: toOverflow(given.overflow, country),
    overflowRingSeconds: given.overflow_ring_seconds,
    onMachine: given.on_machine,
    machineAudioId: given.machine_audio_id,
    prompts: given.prompts as Project["ivr"]["prompts"],
  };
}

function toOverflow(given: NonNullable<Body["ivr"]>["overflow"], country: string): IvrSettings["overflow"] {
  if (given?.kind !== "number") return given;
  return { kind: "number", number: toNumber(given.number, { country, path: "ivr.overflow.number" }) };
}

const toAmd = (given: NonNullable<Body["amd"]>): AmdSettings => ({
  enabled: given.enabled,
  initialSilenceMs: given.initial_silence_ms,
  greetingMs: given.greeting_ms,
  afterGreetingSilenceMs: given.after_greeting_silence_ms,
  totalAnalysisMs: given.total_analysis_ms,
  minimumWordMs: given.minimum_word_ms,
  betweenWordsMs: given.between_words_ms,
  maximumWords: given.maximum_words,
  silenceThreshold: given.silence_threshold,
});

const toAgents = (given: NonNullable<Body["agents"]>): AgentSettings => ({
  extensions: [...new Set(given.extensions)],
  abandonedShareMax: given.abandoned_share_max,
  waitMs: given.wait_ms,
});

function toRetry(given: NonNullable<Body["retry"]>): RetryRules {
  const rules = Object.entries(given.by_disposition ?? {}).map(([disposition, rule]) => {
    if (!rule) return [disposition, null];
    const { after_seconds: afterSeconds, attempts_max: attemptsMax, other_trunk: otherTrunk } = rule;
    return [
      disposition,
      {
        afterSeconds,
        ...(attemptsMax !== undefined && { attemptsMax }),
        ...(otherTrunk !== undefined && { otherTrunk }),
      },
    ];
  });
  return {
    attemptsMax: given.attempts_max,
    afterSeconds: given.after_seconds,
    byDisposition: given.by_disposition ? Object.fromEntries(rules) : DEFAULT_RETRY.byDisposition,
  };
}
