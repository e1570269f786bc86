// What the ledger keeps of a rule, as a person reads it in each language.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setupI18n } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { BLOCK_RULES } from "../../src/dialer/policy/decision.ts";
import { type RuleSpeaker, toAllowedWords, toRuleWords } from "../../web/pages/dialer/rule-words.ts";

const LOCALES = join(import.meta.dirname, "..", "..", "web", "locales");

function createSpeaker(language: "en" | "es" | "ru"): RuleSpeaker {
  const i18n = setupI18n();
  i18n.setMessagesCompiler(compileMessage);
  const messages = JSON.parse(readFileSync(join(LOCALES, `${language}.json`), "utf8"));
  i18n.loadAndActivate({ locale: language, messages });
  return { language, t: (key, values) => i18n._(key, values), toTime: (at) => `<${at}>` };
}

/** As rules.ts, case.ts and shown-number.ts keep them. */
const KEPT: Record<(typeof BLOCK_RULES)[number], Record<string, unknown>> = {
  suppressed: { suppression_id: "7", scope: "project", source: "opt_out", since: "2026-11-01T10:00:00.000Z" },
  policy_missing: { policy_id: null },
  policy_unacknowledged: { policy: "House rules" },
  jurisdiction: { country: "FR", countries: ["ES", "PT"] },
  consent: { basis: "contract", required: "express", told_by: "project" },
  ring: { ring_seconds: 10, required: 15 },
  caller_id: { pool: true, mobile_allowed: false, until: "2026-11-23" },
  conversation: { last_at: "2026-11-20T10:00:00.000Z", quiet_hours: 168 },
  abandoned: { last_at: null, quiet_hours: 72 },
  cap: {
    caps: [{ max: 2, days: 1 }],
    full: [{ max: 2, days: 1, count: 2, free_at: "2026-11-23T09:00:00.000Z" }],
  },
  debt_cap: { debt: "A-1", caps: [{ max: 7, days: 7 }], full: [] },
  window: { zones: ["Europe/Madrid"], margin_minutes: 5, first_open_at: "2026-11-23T08:05:00.000Z" },
};

test("every rule of the law has a sentence of its own in every language", () => {
  for (const language of ["en", "es", "ru"] as const) {
    const speaker = createSpeaker(language);
    for (const rule of BLOCK_RULES) {
      const words = toRuleWords(rule, KEPT[rule], speaker) ?? assert.fail(`${language}: no words for ${rule}`);
      assert.doesNotMatch(words, /dialer\.|undefined|NaN|[{}]/, `${language} ${rule}`);
      if (language === "ru") assert.match(words, /[а-яё]/i, rule);
    }
  }
});

test("a sentence names what the rule compared, in the reader's units, countries and words", () => {
  const spanish = createSpeaker("es");
  const tell = (rule: keyof typeof KEPT): string => toRuleWords(rule, KEPT[rule], spanish) ?? "";
  assert.match(tell("jurisdiction"), /Francia.*España, Portugal/);
  assert.match(tell("ring"), /10 segundos.*15 segundos/);
  assert.match(tell("conversation"), /<2026-11-20T10:00:00.000Z>.*7 días/);
  assert.match(tell("cap"), /como máximo 2 llamadas a un número.*hechas: 2.*<2026-11-23T09:00:00.000Z>/);
  assert.match(tell("debt_cap"), /Deuda A-1 · como máximo 7 llamadas por una deuda en 7 días: sin alcanzar/);
  assert.match(tell("suppressed"), /la persona.*un proyecto/);
  assert.match(toRuleWords("ring", KEPT.ring, createSpeaker("ru")) ?? "", /10 секунд.*15 секунд/);
});

test("a rule that this console does not know has no words, whatever it is called", () => {
  for (const rule of ["moon_phase", "toString", "constructor"])
    assert.equal(toRuleWords(rule, {}, createSpeaker("en")), null);
});

test("an allowed call says which number it showed, why, and on what grounds", () => {
  const inputs = { country: "ES", caller_id: "sticky", consent: "express" };
  assert.equal(
    toAllowedWords(inputs, createSpeaker("es")),
    "País del número: España. Se mostró el número desde el que ya se llamó a esta persona. Base: expreso.",
  );
  assert.equal(toAllowedWords({}, createSpeaker("en")), "");
});
