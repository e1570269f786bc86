import { createHash } from "node:crypto";
import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { DialAttempt } from "../attempt.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import type { CampaignSource } from "./campaign-source.ts";
import type { DialingFigures } from "./figures.ts";
import type { LiveCall } from "./live-call.ts";
import { insertDials, type NewDial } from "./queue-store.ts";
import { type DialerFact, toResultFact } from "./result-fact.ts";
import { isTrunkFailure, type NextStep, toNextStep } from "./retry-policy.ts";
import type { WebhookOutbox } from "./webhook-outbox.ts";

export interface ConclusionOptions {
  database: Database;
  clock: Clock;
  log: Log;
  figures: DialingFigures;
  campaigns: Pick<CampaignSource, "settle">;
  webhooks: Pick<WebhookOutbox, "add">;
  /** The front door; see intake/accept.ts. */
  accept(item: DialerFact & { tenant: { id: TenantId } }): Promise<unknown>;
  /** What the rules count: who was called, and reached. */
  noteAttempts(attempts: readonly DialAttempt[]): Promise<void>;
}

/**
 * Everybody who must know of the end of calls is told: the campaign or the queue (which may try again), the rules that count
 * attempts, the project's webhook, and the call's own record, through which it reaches CRMs. Told again, nothing happens twice:
 * a contact that is settled stays, a retry has the id that follows from its attempt's, a fact its key.
 */
export function createConclusion(options: ConclusionOptions): (calls: readonly LiveCall[]) => Promise<void> {
  const { database, clock, campaigns, webhooks, noteAttempts, figures } = options;

  return async (calls) => {
    const now = clock.now();
    const steps = calls.map((call) => ({ call, step: toStep(call, now) }));
    await settleContacts(campaigns, steps, now);
    await insertDials(database, steps.flatMap(toRetry(now)), now);
    await noteAttempts(calls.map(({ attempt }) => attempt));
    await webhooks.add(calls);
    await Promise.all(calls.map((call) => tell(call, options)));
    for (const { attempt } of calls) {
      figures.finished.inc({ disposition: attempt.disposition ?? "failed" });
      if (attempt.endedAt)
        figures.outcomeSeconds.observe(Math.max(0, now.getTime() - attempt.endedAt.getTime()) / 1000);
    }
  };
}

interface Concluded {
  call: LiveCall;
  step: NextStep;
}

function toStep({ attempt, project }: LiveCall, now: Date): NextStep {
  const { disposition, ordinal, trunkFailures, dialedAt } = attempt;
  const failed = disposition !== null && isTrunkFailure(disposition);
  return toNextStep(project.retry, {
    disposition: disposition ?? "failed",
    attempts: ordinal,
    trunkFailures: trunkFailures + Number(failed),
    dialedAt: dialedAt ?? now,
  });
}

async function settleContacts(
  campaigns: ConclusionOptions["campaigns"],
  steps: readonly Concluded[],
  now: Date,
): Promise<void> {
  const outcomes = steps.flatMap(({ call: { attempt }, step }) => {
    const { tenantId, campaignId, contactId, disposition, ordinal } = attempt;
    if (campaignId === null || contactId === null || disposition === null) return [];
    const attempts = isNoTry(attempt) ? ordinal - 1 : ordinal;
    return [{ ...{ tenantId, campaignId, contactId, disposition, attempts }, state: step.state, nextAt: step.nextAt }];
  });
  if (outcomes.length > 0) await campaigns.settle(outcomes, now);
}

/** A trunk failed, or a rule forbade it: nobody was called. */
const isNoTry = ({ disposition }: DialAttempt): boolean =>
  disposition === "suppressed" || (disposition !== null && isTrunkFailure(disposition));

/** A call that a program asked for is tried again as often as a campaign's would be; a test is not. */
const toRetry =
  (now: Date) =>
  ({ call: { attempt }, step }: Concluded): NewDial[] => {
    if (attempt.source !== "api" || step.nextAt === null) return [];
    const failed = attempt.disposition !== null && isTrunkFailure(attempt.disposition);
    const next: KeptAttempt = {
      ...attempt,
      id: toNextId(attempt),
      firstId: attempt.firstId ?? attempt.id,
      ordinal: failed ? attempt.ordinal : attempt.ordinal + 1,
      trunkFailures: attempt.trunkFailures + Number(failed),
      avoidTrunkId: step.otherTrunk ? attempt.trunkId : null,
      queuedAt: now,
    };
    return [{ attempt: next, dueAt: step.nextAt, keyHash: null, queueMax: null }];
  };

/** The tenant's part stays; the rest follows from the attempt before. */
function toNextId({ id }: DialAttempt): string {
  return id.slice(0, 9) + createHash("sha256").update(id).digest("hex").slice(0, 16);
}

/** Rejects while the front door cannot keep it; a fact that it refuses for good is lost to it, and said so. */
async function tell(call: LiveCall, { accept, log }: ConclusionOptions): Promise<void> {
  const result = toResultFact(call);
  if (!result) return;
  try {
    await accept({ tenant: { id: call.attempt.tenantId }, ...result });
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "unavailable") throw error;
    log.error({ attemptId: call.attempt.id, reason: toErrorMessage(error) }, "dialer.fact_refused");
  }
}
