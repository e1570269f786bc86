import type { PhoneNumber } from "../../core/phone-number.ts";
import { isTimeZone } from "../../kit/time-zone.ts";
import { listFullCaps } from "./caps.ts";
import type { BlockRule } from "./decision.ts";
import type { PastCall } from "./history.ts";
import { ANY_COUNTRY, type Cap, CONSENT_BASES, type ConsentBasis, type PolicyPack, suffices } from "./pack.ts";
import { DAY_MS } from "./wall-clock.ts";
import type { Windows } from "./windows.ts";

/*
 * Everything a pack asks of one call, checked at one instant. Pure: no clock, no store. All rules are looked at, so that the
 * ledger and "why" can tell of each; the first that fails is the answer, and the call is worth asking about again only at an
 * instant that satisfies them all.
 */

/** What is known about the call that is to be made. */
export interface Circumstances {
  number: PhoneNumber;
  country: string | null;
  /** Where the number says the callee may be. */
  zones: readonly string[];
  /** Columns of the contact. */
  variables: Readonly<Record<string, string>>;
  /** What the project's tenant states; `null`: nothing. */
  projectConsent: ConsentBasis | null;
  ringSeconds: number;
  past: readonly PastCall[];
  now: Date;
}

/** What one rule said. */
export interface Check {
  rule: BlockRule;
  passed: boolean;
  /** With `passed: false`: nothing that time brings mends it. */
  final: boolean;
  /** With `passed: false`: not before; `null` where time is not what is missing. */
  nextAt: Date | null;
  inputs: Readonly<Record<string, unknown>>;
}

/** What a person must put right is looked at again so soon. */
export const MEND_MS = 3_600_000;

const HOUR_MS = 3_600_000;

/** The rules of a pack, in their order. `window` also says when everything that only needs time is satisfied. */
export function checkRules(
  pack: PolicyPack,
  key: string,
  { windows, about }: { windows: Windows; about: Circumstances },
) {
  const zones = toZones(about);
  const checks = [
    checkJurisdiction(pack, about),
    checkConsent(pack, about),
    checkRing(pack, about),
    checkConversation(pack, about),
    checkAbandoned(pack, about),
    ...checkCaps(pack, about, zones),
  ];
  const waits = checks.flatMap(({ nextAt }) => (nextAt ? [nextAt.getTime()] : []));
  const at = new Date(Math.max(about.now.getTime(), ...waits));
  return [...checks, checkWindow(pack, { key, windows, zones, now: about.now, at })];
}

/** The contact's own zone narrows nothing: it is one more that must allow. */
function toZones({ zones, variables }: Circumstances): readonly string[] {
  const told = variables.time_zone;
  return told !== undefined && isTimeZone(told) && !zones.includes(told) ? [...zones, told] : zones;
}

function checkJurisdiction({ countries }: PolicyPack, { country }: Circumstances): Check {
  const passed = countries.includes(ANY_COUNTRY) || (country !== null && countries.includes(country));
  return { rule: "jurisdiction", passed, final: !passed, nextAt: null, inputs: { country, countries } };
}

/** A contact's own column outweighs what is said of all. */
function checkConsent({ consent }: PolicyPack, { variables, projectConsent, now }: Circumstances): Check {
  const own = toConsentBasis(variables.consent_basis);
  const basis = own ?? projectConsent ?? "none";
  const passed = suffices(basis, consent);
  return {
    ...{ rule: "consent", passed, final: !passed && own !== null },
    nextAt: passed || own !== null ? null : new Date(now.getTime() + MEND_MS),
    inputs: {
      basis,
      required: consent,
      told_by: own !== null ? "contact" : projectConsent !== null ? "project" : "nobody",
    },
  };
}

/** What nobody can read is no grounds. */
function toConsentBasis(text: string | undefined): ConsentBasis | null {
  if (text === undefined || text.trim() === "") return null;
  const word = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  return CONSENT_BASES.find((basis) => basis === word) ?? "none";
}

function checkRing({ ringSecondsMin }: PolicyPack, { ringSeconds, now }: Circumstances): Check {
  const passed = ringSeconds >= ringSecondsMin;
  const nextAt = passed ? null : new Date(now.getTime() + MEND_MS);
  return {
    rule: "ring",
    passed,
    final: false,
    nextAt,
    inputs: { ring_seconds: ringSeconds, required: ringSecondsMin },
  };
}

function checkConversation(
  { afterConversationDays: days }: PolicyPack,
  { past, number, variables, now }: Circumstances,
): Check {
  const debt = toDebt(variables);
  const last = latest(
    past.filter((call) => call.reached && (debt === null ? call.number === number : call.debt === debt)),
  );
  return afterQuiet("conversation", last, { quietMs: days === null ? null : days * DAY_MS, now });
}

function checkAbandoned({ afterAbandonedHours: hours }: PolicyPack, { past, number, now }: Circumstances): Check {
  const last = latest(past.filter((call) => call.number === number && call.disposition === "abandoned"));
  return afterQuiet("abandoned", last, { quietMs: hours === null ? null : hours * HOUR_MS, now });
}

function afterQuiet(
  rule: BlockRule,
  last: Date | null,
  { quietMs, now }: { quietMs: number | null; now: Date },
): Check {
  const endMs = quietMs === null || last === null ? null : last.getTime() + quietMs;
  const passed = endMs === null || endMs <= now.getTime();
  const inputs = { last_at: last?.toISOString() ?? null, quiet_hours: quietMs === null ? null : quietMs / HOUR_MS };
  return { rule, passed, final: false, nextAt: passed || endMs === null ? null : new Date(endMs), inputs };
}

function latest(calls: readonly PastCall[]): Date | null {
  return calls.length === 0 ? null : new Date(Math.max(...calls.map(({ at }) => at.getTime())));
}

function checkCaps({ caps }: PolicyPack, about: Circumstances, zones: readonly string[]): Check[] {
  const { past, number, variables, now } = about;
  const debt = toDebt(variables);
  const full = listFullCaps({ caps, past, number, debt, zones, now });
  return (["number", "debt"] as const).flatMap((per) => {
    const rule: BlockRule = per === "number" ? "cap" : "debt_cap";
    const asked = caps.filter((cap) => cap.per === per);
    if (asked.length === 0) return [];
    const hit = full.filter(({ cap }) => cap.per === per);
    const nextAt = hit.length === 0 ? null : new Date(Math.max(...hit.map(({ freeAt }) => freeAt.getTime())));
    const inputs = {
      ...(per === "debt" && { debt }),
      caps: asked.map((cap) => ({ max: cap.max, ...within(cap) })),
      full: hit.map(({ cap, count, freeAt }) => ({
        max: cap.max,
        ...within(cap),
        count,
        free_at: freeAt.toISOString(),
      })),
    };
    return [{ rule, passed: hit.length === 0, final: false, nextAt, inputs }];
  });
}

const within = (cap: Cap): Record<string, unknown> =>
  "days" in cap.within ? { days: cap.within.days } : { calendar: cap.within.calendar };

/** The debt that a contact is called about; `null`: none is named. */
export function toDebt(variables: Readonly<Record<string, string>>): string | null {
  const debt = variables.debt_id?.trim();
  return debt ? debt.slice(0, 100) : null;
}

interface WindowQuestion {
  key: string;
  windows: Windows;
  zones: readonly string[];
  now: Date;
  /** Not before: what the other rules wait for. */
  at: Date;
}

function checkWindow(pack: PolicyPack, { key, windows, zones, now, at }: WindowQuestion): Check {
  const ask = (instant: Date): Date | null => windows.nextAllowed({ key, hours: pack, zones, at: instant });
  const first = ask(now);
  const next = at > now ? ask(at) : first;
  const passed = first !== null && first.getTime() === now.getTime();
  const inputs = { zones, margin_minutes: pack.marginMinutes, first_open_at: first?.toISOString() ?? null };
  // Beyond the horizon, or never: look again when the horizon has moved on by a day.
  const nextAt = next ?? new Date(now.getTime() + DAY_MS);
  return { rule: "window", passed, final: false, nextAt: passed && at <= now ? null : nextAt, inputs };
}
