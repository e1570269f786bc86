import type { PhoneNumber } from "../../core/phone-number.ts";
import type { CallerIdQuestion } from "../caller-id/choice.ts";
import type { OpenPools } from "../caller-id/pools.ts";
import type { Project } from "../project.ts";
import type { Case } from "./case.ts";
import type { Blocked } from "./decision.ts";
import type { PastCall } from "./history.ts";
import { isMobile } from "./number-zones.ts";
import { MEND_MS } from "./rules.ts";
import { dateOf, localDay, startOfLocalDay } from "./wall-clock.ts";

/** What a call would show, and why it is that one. */
export interface Shown {
  /** `null`: none of ours; the trunk's is shown. */
  callerId: PhoneNumber | null;
  why: string;
}

/** The pool's choice, else the project's own number; neither where the policy forbids it. */
export function chooseShown(
  { request, policy }: Case,
  project: Project,
  { past, pools, now }: { past: readonly PastCall[]; pools: OpenPools; now: Date },
): Shown | Blocked {
  const rules = policy?.pack.callerId ?? { required: false, mobileAllowed: true, rotationAllowed: true };
  const last = past
    .filter((call) => call.number === request.number && call.projectId === project.id)
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  const question: CallerIdQuestion = { number: request.number, last: last?.callerId ?? null, ...rules };
  const choice = project.usesCallerIdPool ? pools.take(project, question) : null;
  if (choice) return { callerId: choice.candidate.number, why: choice.why };
  const own =
    project.callerId !== null && (rules.mobileAllowed || !isMobile(project.callerId)) ? project.callerId : null;
  if (own !== null) return { callerId: own, why: "project" };
  if (!rules.required && project.callerId === null && !project.usesCallerIdPool)
    return { callerId: null, why: "trunk" };
  if (!rules.required && rules.mobileAllowed) return { callerId: null, why: "trunk" };
  const tomorrow = localDay(now.getTime(), project.timeZone) + 1;
  const inputs = { pool: project.usesCallerIdPool, mobile_allowed: rules.mobileAllowed, until: dateOf(tomorrow) };
  const nextAt = new Date(Math.min(startOfLocalDay(tomorrow, project.timeZone), now.getTime() + MEND_MS));
  return { allowed: false, rule: "caller_id", final: false, nextAt, inputs, policyVersion: null };
}
