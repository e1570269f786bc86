import type { TenantId } from "../../core/ids.ts";
import { type PhoneNumber, parsePartyNumber, toPartyText } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import { toCallerName } from "./caller-name.ts";
import type { KnownCaller, KnownCallers } from "./known-callers.ts";
import type { ProfileCache, RedirectProfile } from "./profile.ts";
import { findLine, type RedirectLine, type RedirectMode, toDialPlan } from "./settings.ts";
import type { Talkers } from "./talkers.ts";
import { type Answer, createBudget } from "./time-budget.ts";

export interface RedirectQuestion {
  tenantId: TenantId;
  /** As the PBX wrote it. */
  phone: string;
  /** TrunkId. */
  trunk: string;
  /** Only the name is of use to who asks. */
  isNameOnly?: boolean;
  /** Ask anew instead of taking what is remembered. */
  isFresh?: boolean;
}

/** Why the answer is what it is; a closed set, so it may label a figure. */
export type RedirectReason =
  | "responsible"
  | "first_call"
  | "last_call"
  | "fallback"
  | "nobody"
  | "off"
  | "line_disabled"
  | "name_only"
  | "routing_off"
  | "no_number"
  | "unavailable";

export interface RedirectDecision {
  mode: RedirectMode;
  reason: RedirectReason;
  /** E.164, or as it was written. */
  phone: string;
  name: string;
  extension: string | null;
  /** Where the dialplan is to go on. */
  dialPlan: string | null;
  durationMs: number;
  /** What was looked at and what came of it, in words. */
  steps: readonly DecisionStep[];
}
export interface DecisionStep {
  step: string;
  said: string;
}

export interface DecideOptions {
  profiles: ProfileCache;
  knownCallers: KnownCallers;
  talkers: Talkers;
  clock: Clock;
}

/** The whole answer, everything that is asked on the way included, takes no longer than 800 ms; this leaves some to send it. */
export const BUDGET_MS = 750;

/** What has been found out about one call so far. */
interface Inquiry {
  question: RedirectQuestion;
  profile: RedirectProfile;
  line: RedirectLine;
  number: PhoneNumber | undefined;
  note(step: string, said: string): void;
}
type Routed = Pick<RedirectDecision, "reason" | "extension">;

/**
 * Decides what a caller is called and who shall take the call. CRM and call log are asked at once; whoever is late or fails
 * is left out and named in the steps. Never rejects: a dialplan waits, and an empty answer lets it go on as ever.
 */
export function createDecide({ profiles, knownCallers, talkers, clock }: DecideOptions) {
  return async (question: RedirectQuestion): Promise<RedirectDecision> => {
    const startedMs = clock.monotonicMs();
    const budget = createBudget(clock, BUDGET_MS);
    const steps: DecisionStep[] = [];
    const note = (step: string, said: string): void => void steps.push({ step, said });
    const finish = (found: Partial<RedirectDecision> & Pick<RedirectDecision, "reason">): RedirectDecision => ({
      ...{ mode: "off", phone: question.phone, name: "", extension: null, dialPlan: null, ...found, steps },
      durationMs: Math.round(clock.monotonicMs() - startedMs),
    });

    const known = await budget.wait(profiles.get(question.tenantId));
    if (known.kind !== "found") {
      note("settings", `cannot be had: ${known.why}`);
      return finish({ reason: "unavailable" });
    }
    const profile = known.value;
    const { mode } = profile.settings;
    const party = parsePartyNumber(question.phone, profile.country);
    const phone = toPartyText(party);
    const number = party.kind === "number" ? party.number : undefined;
    note("settings", `mode ${mode}`);
    if (mode === "off") return finish({ reason: "off", phone });
    const line = findLine(profile.settings, question.trunk);
    note("line", describeLine(question.trunk, line));
    if (!line?.enabled) return finish({ mode, reason: "line_disabled", phone });
    note("number", number === undefined ? `"${phone}" is no outside number` : `reads as ${number}`);

    const inquiry = { question, profile, line, number, note };
    if (question.isFresh) forget(inquiry);
    const isRouting = toRoutingRefusal(inquiry) === undefined;
    const asksCrm = line.customerName.send || (isRouting && line.algorithm === "crm");
    const [caller, talked] = await Promise.all([
      asksCrm ? budget.wait(askCrm(inquiry)) : undefined,
      isRouting ? budget.wait(askCallLog(inquiry)) : undefined,
    ]);
    noteCaller(inquiry, caller);
    const customer = caller?.kind === "found" ? (caller.value?.contact.name ?? "") : "";
    const routed = isRouting ? route(inquiry, caller, talked) : { reason: toRoutingRefusal(inquiry) ?? "nobody" };
    const extension = "extension" in routed ? routed.extension : null;
    const dialPlan = extension === null ? null : toDialPlan(profile.settings, extension, question.trunk);
    if (extension !== null && dialPlan === null) note("dial plan", `the trunk ${question.trunk} cannot stand in one`);
    return finish({ mode, reason: routed.reason, phone, name: toCallerName(line, customer), extension, dialPlan });
  };

  function forget({ question: { tenantId }, profile: { connection }, number }: Inquiry): void {
    if (number === undefined) return;
    talkers.forget(tenantId, number);
    if (connection) knownCallers.forget(connection, number);
  }

  async function askCrm({ profile: { connection }, number }: Inquiry): Promise<KnownCaller | null> {
    return connection && number !== undefined ? knownCallers.find(connection, number) : null;
  }

  async function askCallLog({ question, line, number }: Inquiry): Promise<readonly string[]> {
    if (number === undefined) return [];
    return talkers.find(question.tenantId, number, line.algorithm === "first_call" ? "first" : "last");
  }
}

/** Why nobody is looked for; `undefined` when somebody is. */
function toRoutingRefusal({ question, profile, line, number }: Inquiry): RedirectReason | undefined {
  if (profile.settings.mode === "name-only" || question.isNameOnly) return "name_only";
  if (!line.doRouting) return "routing_off";
  return number === undefined && line.fallback === null ? "no_number" : undefined;
}

function noteCaller(
  { profile: { connection }, number, note }: Inquiry,
  caller: Answer<KnownCaller | null> | undefined,
): void {
  if (!caller || number === undefined) return;
  if (!connection) note("customer", "no connection can tell who calls");
  else if (caller.kind !== "found") note("customer", `${connection.name} cannot tell: ${caller.why}`);
  else if (caller.value === null) note("customer", `${connection.name} knows nobody with this number`);
  else note("customer", `${connection.name} says ${caller.value.contact.name} (${caller.value.contact.id})`);
}

/** The responsible person, else who talked with the caller, else the fallback: the first of them who is there. */
function route(
  inquiry: Inquiry,
  caller: Answer<KnownCaller | null> | undefined,
  talked: Answer<readonly string[]> | undefined,
): Routed {
  const { line, note } = inquiry;
  const byCrm = line.algorithm === "crm" ? toResponsible(inquiry, caller) : null;
  if (byCrm !== null) return { reason: "responsible", extension: byCrm };
  const reason = line.algorithm === "first_call" ? "first_call" : "last_call";
  const byLog = toTalker(inquiry, talked, reason);
  if (byLog !== null) return { reason, extension: byLog };
  if (line.fallback !== null) {
    note("fallback", `to ${line.fallback}`);
    return { reason: "fallback", extension: line.fallback };
  }
  const isBlind = talked?.kind !== "found";
  return { reason: isBlind ? "unavailable" : "nobody", extension: null };
}

function toResponsible(inquiry: Inquiry, caller: Answer<KnownCaller | null> | undefined): string | null {
  if (caller?.kind !== "found" || caller.value === null) return null; // noteCaller has said why
  const { extension = null, owner = "nobody that it would name" } = caller.value;
  if (extension === null) {
    inquiry.note("responsible", `${owner} is responsible, by no known extension`);
    return null;
  }
  const problem = toProblem(inquiry, extension);
  inquiry.note("responsible", `${owner} is responsible, on ${extension}${problem ? `, which ${problem}` : ""}`);
  return problem ? null : extension;
}

function toTalker(inquiry: Inquiry, talked: Answer<readonly string[]> | undefined, step: string): string | null {
  if (talked?.kind !== "found") {
    inquiry.note(step, `the call log cannot tell: ${talked?.why ?? "not asked"}`);
    return null;
  }
  for (const extension of new Set(talked.value)) {
    const problem = toProblem(inquiry, extension);
    inquiry.note(step, `${extension} talked with this number${problem ? `, and ${problem}` : ""}`);
    if (!problem) return extension;
  }
  if (talked.value.length === 0) inquiry.note(step, "nobody has talked with this number");
  return null;
}

function toProblem({ profile: { extensions } }: Inquiry, extension: string): string | undefined {
  const known = extensions.get(extension);
  if (!known) return "is not known any more";
  return known.isDisabled ? "belongs to somebody who is disabled" : undefined;
}

function describeLine(trunk: string, line: RedirectLine | null): string {
  if (!line) return `${trunk === "" ? "no line is named" : `line ${trunk} is not listed`}, and there is no default`;
  if (!line.enabled) return `line ${trunk} is switched off`;
  return `line ${trunk}: ${line.doRouting ? `routing by ${line.algorithm}` : "names only"}`;
}
