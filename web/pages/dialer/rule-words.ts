// What a rule of the ledger looked at, as sentences. The rule names the sentence, its inputs fill it in.
import { POLICY_PACK_CONSENT, SUPPRESSION_SOURCE } from "../../api/schema.gen.ts";
import type english from "../../locales/en.json";

type Translate = (key: keyof typeof english, values?: Readonly<Record<string, string | number>>) => string;

export interface RuleSpeaker {
  t: Translate;
  language: string;
  /** An instant as people read it; whatever else is there stays as it is. */
  toTime(at: string): string;
}
type Inputs = Readonly<Record<string, unknown>>;
type Say = (inputs: Inputs, speaker: RuleSpeaker) => string;

/** `null`: no rule that is known here; then the inputs stand as they are kept. */
export function toRuleWords(rule: string, inputs: Inputs, speaker: RuleSpeaker): string | null {
  return Object.hasOwn(SENTENCES, rule) ? (SENTENCES[rule]?.(inputs, speaker) ?? null) : null;
}

/** Why an allowed call showed the number it showed, and on what grounds it was made. */
export function toAllowedWords(inputs: Inputs, { t, language }: RuleSpeaker): string {
  const shown = SHOWN.find((one) => one === inputs.caller_id);
  return [
    textOf(inputs.country) && t("dialer.looked.country", { country: toCountry(inputs.country, { t, language }) }),
    shown && t(`dialer.looked.shownIs.${shown}`),
    textOf(inputs.consent) && t("dialer.looked.grounds", { basis: toGrounds(inputs.consent, t) }),
  ]
    .filter(Boolean)
    .join(" ");
}

const SHOWN = ["sticky", "explored", "nearest", "first", "project", "trunk", "same"] as const;
const TOLD_BY = ["contact", "project", "nobody"] as const;
const SCOPES = ["global", "project", "campaign"] as const;
const CALENDAR = ["day", "week", "month"] as const;

const SENTENCES: Readonly<Record<string, Say>> = {
  suppressed: ({ since, source, scope }, { t, toTime }) => {
    const by = SUPPRESSION_SOURCE.find((one) => one === source);
    const holds = SCOPES.find((one) => one === scope);
    return t("dialer.looked.suppressed", {
      ...{ at: toTime(textOf(since)), by: t("dialer.source"), holds: t("dialer.scope") },
      ...{ source: by ? t(`dialer.sourceIs.${by}`) : "–", scope: holds ? t(`dialer.scopeIs.${holds}`) : "–" },
    });
  },
  policy_missing: ({ project, policy_id }, { t }) => {
    if (project === "gone") return t("dialer.looked.projectGone");
    return t(policy_id ? "dialer.looked.policyGone" : "dialer.looked.policyNone");
  },
  policy_unacknowledged: ({ policy }, { t }) => t("dialer.looked.policyUnread", { policy: textOf(policy) }),
  jurisdiction: ({ country, countries }, { t, language }) =>
    t("dialer.looked.countries", {
      country: toCountry(country, { t, language }),
      countries: listOf(countries)
        .map((one) => toCountry(one, { t, language }))
        .join(", "),
    }),
  consent: ({ basis, required, told_by }, { t }) => {
    const by = TOLD_BY.find((one) => one === told_by) ?? "nobody";
    return t(`dialer.looked.consentBy.${by}`, { basis: toGrounds(basis, t), required: toGrounds(required, t) });
  },
  ring: ({ ring_seconds, required }, { t, language }) =>
    t("dialer.looked.ring", {
      span: toSpan(ring_seconds, "second", language),
      required: toSpan(required, "second", language),
    }),
  caller_id: ({ pool, until }, { t, toTime }) =>
    t(pool ? "dialer.looked.callerIdPool" : "dialer.looked.callerIdOwn", { at: toTime(textOf(until)) }),
  conversation: (inputs, speaker) => toPause("conversation", inputs, speaker),
  abandoned: (inputs, speaker) => toPause("abandoned", inputs, speaker),
  cap: (inputs, speaker) => toCaps("number", inputs, speaker),
  debt_cap: (inputs, speaker) => toCaps("debt", inputs, speaker),
  window: ({ zones, margin_minutes, first_open_at }, { t, language, toTime }) => {
    const where = { zones: listOf(zones).join(", "), span: toSpan(margin_minutes, "minute", language) };
    if (!first_open_at) return t("dialer.looked.windowNone", where);
    return t("dialer.looked.window", { ...where, at: toTime(textOf(first_open_at)) });
  },
};

function toPause(rule: "conversation" | "abandoned", inputs: Inputs, { t, language, toTime }: RuleSpeaker): string {
  const hours = Number(inputs.quiet_hours);
  if (!inputs.quiet_hours || !Number.isFinite(hours)) return t("dialer.looked.noPause");
  const span = hours % 24 === 0 ? toSpan(hours / 24, "day", language) : toSpan(hours, "hour", language);
  if (!inputs.last_at) return t(`dialer.looked.noLastIs.${rule}`, { span });
  return t(`dialer.looked.lastIs.${rule}`, { span, at: toTime(textOf(inputs.last_at)) });
}

/** Those that are full, else all that were asked about. */
function toCaps(per: "number" | "debt", { debt, caps, full }: Inputs, { t, toTime }: RuleSpeaker): string {
  const toCap = ({ max, days, calendar }: Inputs): string => {
    const whom = t(`dialer.capPerIs.${per}`);
    const unit = CALENDAR.find((one) => one === calendar);
    if (unit) return t(`dialer.capIn.${unit}`, { max: Number(max), whom });
    return t("dialer.capDays", { max: Number(max), whom, days: Number(days) });
  };
  const reached = recordsOf(full).map((cap) =>
    t("dialer.looked.capFull", { cap: toCap(cap), count: Number(cap.count), at: toTime(textOf(cap.free_at)) }),
  );
  const open = recordsOf(caps).map((cap) => t("dialer.looked.capFree", { cap: toCap(cap) }));
  const about = textOf(debt) === "" ? [] : [t("dialer.looked.debt", { debt: textOf(debt) })];
  return [...about, ...(reached.length > 0 ? reached : open)].join(" · ");
}

function toGrounds(basis: unknown, t: Translate): string {
  const known = POLICY_PACK_CONSENT.find((one) => one === basis);
  return !known || known === "none" ? t("dialer.looked.noGrounds") : t(`dialer.consentIs.${known}`);
}

function toCountry(code: unknown, { t, language }: Pick<RuleSpeaker, "t" | "language">): string {
  const text = textOf(code);
  if (text === "*") return t("dialer.looked.anyCountry");
  if (!/^[A-Z]{2}$/.test(text)) return t("dialer.looked.noCountry");
  return new Intl.DisplayNames(language, { type: "region" }).of(text) ?? text;
}

const toSpan = (value: unknown, unit: "day" | "hour" | "minute" | "second", language: string): string =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Number(value));

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const recordsOf = (value: unknown): Inputs[] =>
  listOf(value).filter((one): one is Inputs => typeof one === "object" && one !== null);
