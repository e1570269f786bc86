import { createDecide, type RedirectDecision, type RedirectQuestion } from "./decision.ts";
import { type Asked, createDecisionLog, type DecisionLogOptions } from "./decision-log.ts";
import { createKnownCallers, type KnownCallersOptions } from "./known-callers.ts";
import { createProfileCache, type ProfileOptions } from "./profile.ts";
import { createTalkers } from "./talkers.ts";

/*
 * Who a caller is and who shall take the call. This part owns the settings of it, the caches in front of CRM and call log,
 * and the log of decisions. It moves no call by itself: it answers the dialplan, and whoever asks for a move gets it from
 * the commands of the PBX.
 */
export interface SmartRedirect {
  /** Decides, and keeps the decision with its reason. Never rejects, and takes no longer than its budget. */
  decide(asked: Asked, question: Omit<RedirectQuestion, "tenantId" | "trunk">): Promise<RedirectDecision>;
  /** Decides for somebody who only wants to know; nothing is kept. */
  explain(question: RedirectQuestion): Promise<RedirectDecision>;
  /** The tenant's settings were changed by this process; the notification does the same in others. */
  forget(tenantId: Asked["tenantId"]): void;
  start(): void;
  stop(): Promise<void>;
}

export type SmartRedirectOptions = ProfileOptions & DecisionLogOptions & KnownCallersOptions;

export function createSmartRedirect(options: SmartRedirectOptions): SmartRedirect {
  const profiles = createProfileCache(options);
  const knownCallers = createKnownCallers(options);
  const decisions = createDecisionLog(options);
  const explain = createDecide({ profiles, knownCallers, talkers: createTalkers(options), clock: options.clock });
  return {
    explain,
    decide: async (asked, question) => {
      const { tenantId, trunk } = asked;
      const decision = await explain({ ...question, tenantId, trunk });
      decisions.add(asked, decision);
      return decision;
    },
    forget: profiles.forget,
    start: decisions.start,
    stop: async () => {
      profiles.stop();
      knownCallers.stop();
      await decisions.stop();
    },
  };
}
