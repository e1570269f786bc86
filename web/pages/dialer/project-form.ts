// A project's form, there and back: fields are text, the API wants numbers, nulls and lists.
import { AUDIO_PROMPT_NAME, PROJECT_LANGUAGE, type paths, type Schemas } from "../../api/schema.gen.ts";

export type ProjectBody = paths["/api/v1/projects/{id}"]["patch"]["requestBody"]["content"]["application/json"];
type Project = Schemas["Project"];

/** Outcomes after which a contact may be called again, each by a rule of its own. */
export const RETRIED = [
  "busy",
  "no_answer",
  "machine",
  "congestion",
  "no_input",
  "rejected",
  "failed",
  "abandoned",
] as const;

export const AMD_FIELDS = [
  "initial_silence_ms",
  "greeting_ms",
  "after_greeting_silence_ms",
  "total_analysis_ms",
  "minimum_word_ms",
  "between_words_ms",
  "maximum_words",
  "silence_threshold",
] as const satisfies readonly (keyof Project["amd"])[];

const MINUTE_SECONDS = 60;

/** How the form says a rule: `""` as usual, `never`, or minutes. */
export function toRuleText(rule: Project["retry"]["by_disposition"][string] | undefined): string {
  if (rule === undefined) return "";
  return rule === null ? "never" : String(rule.after_seconds / MINUTE_SECONDS);
}

/** What the form says. `old` keeps what the form does not show of rules. */
export function toProjectBody(form: FormData, old: Project): ProjectBody {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const orNull = (name: string): string | null => text(name) || null;
  const isOn = (name: string): boolean => form.get(name) !== null;
  const number = (name: string): number => Number(text(name));
  const words = (name: string): string[] =>
    text(name)
      .split(/[\s,]+/)
      .filter(Boolean);
  return {
    name: text("name"),
    time_zone: text("time_zone"),
    language: PROJECT_LANGUAGE.find((one) => one === text("language")) ?? "es",
    mode: text("mode") === "agents" ? "agents" : "ivr",
    disabled: isOn("disabled"),
    trunks: toTrunks(form),
    prefix: text("prefix"),
    caller_id: orNull("caller_id"),
    uses_caller_id_pool: isOn("uses_caller_id_pool"),
    channels_max: text("channels_max") === "" ? null : number("channels_max"),
    ring_seconds: number("ring_seconds"),
    ivr: {
      audio_id: orNull("audio_id"),
      text: orNull("text"),
      expected_digit: orNull("expected_digit"),
      digit_attempts: number("digit_attempts"),
      digit_wait_ms: number("digit_wait_seconds") * 1000,
      barge_in: isOn("barge_in"),
      opt_out_digit: orNull("opt_out_digit"),
      overflow: toOverflow(text("overflow_kind"), text("overflow")),
      overflow_ring_seconds: number("overflow_ring_seconds"),
      on_machine: text("on_machine") === "leave_message" ? "leave_message" : "hang_up",
      machine_audio_id: orNull("machine_audio_id"),
      prompts: Object.fromEntries(
        AUDIO_PROMPT_NAME.map((name) => [name, text(`prompt ${name}`)] as const).filter(([, id]) => id !== ""),
      ),
    },
    amd: { enabled: isOn("amd"), ...Object.fromEntries(AMD_FIELDS.map((name) => [name, number(name)])) },
    retry: {
      attempts_max: number("attempts_max"),
      after_seconds: number("after_minutes") * MINUTE_SECONDS,
      by_disposition: toRules(text, old.retry.by_disposition),
    },
    agents: {
      extensions: words("agent_extensions"),
      abandoned_share_max: number("abandoned_percent") / 100,
      wait_ms: number("agent_wait_seconds") * 1000,
    },
    allowed_addresses: words("allowed_addresses"),
    webhook_url: orNull("webhook_url"),
    webhook_secret: orNull("webhook_secret"),
    policy_id: form.has("policy_id") ? orNull("policy_id") : old.policy_id,
  };
}

function toTrunks(form: FormData): { trunk_id: string; weight: number }[] {
  return form
    .getAll("trunk")
    .map((id) => ({ trunk_id: String(id), weight: Number(form.get(`weight ${String(id)}`)) || 1 }));
}

function toOverflow(kind: string, value: string): Project["ivr"]["overflow"] {
  if (value === "") return null;
  return kind === "extension" ? { kind: "extension", extension: value } : { kind: "number", number: value };
}

function toRules(
  text: (name: string) => string,
  old: Project["retry"]["by_disposition"],
): Project["retry"]["by_disposition"] {
  const rules = { ...old };
  for (const disposition of RETRIED) {
    const said = text(`rule ${disposition}`);
    const minutes = Number(said);
    if (said === "") delete rules[disposition];
    else if (said === "never") rules[disposition] = null;
    else if (Number.isFinite(minutes) && toRuleText(rules[disposition]) !== said)
      rules[disposition] = { ...rules[disposition], after_seconds: minutes * MINUTE_SECONDS };
  }
  return rules;
}
