import type { CallSubject, Session } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { AppError, toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { SentenceError, toReason, type Wording } from "../core/sentence.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import { recordExchanges } from "../kit/http-exchange.ts";
import type { Log } from "../kit/log.ts";
import { isStoreUnavailable } from "../kit/postgres/store-unavailable.ts";
import type { LeasedDelivery } from "./claim.ts";
import { orStuck } from "./or-stuck.ts";
import type { SessionPool } from "./session-pool.ts";
import type { AttemptResult } from "./settle.ts";
import { say } from "./words.ts";

/** What a call's subject is without the connection's own memory of it. */
export type CallSubjectParts = Omit<CallSubject, "remote">;

export interface AttemptOptions {
  /** At least in this version; `undefined` when the connection is gone. */
  loadConnection(tenantId: TenantId, id: string, version: number): Promise<ConnectionRecord | undefined>;
  sessions: SessionPool;
  http: HttpRequester;
  clock: Clock;
  log: Log;
  timeoutMs: number;
}

export interface AttemptInputs {
  delivery: LeasedDelivery;
  /** `undefined` when the call is gone. */
  subject: CallSubjectParts | undefined;
  /** Aborted when the delivery is not ours any more or the process stops. */
  signal: AbortSignal;
}

type Ending = Pick<AttemptResult, "outcome" | "cause">;

/** Makes one attempt. Never throws: whatever happens becomes an outcome. */
export function createAttempt(options: AttemptOptions): (inputs: AttemptInputs) => Promise<AttemptResult> {
  return async ({ delivery, subject, signal }) => {
    const { clock } = options;
    const startedMs = clock.monotonicMs();
    const recorder = recordExchanges(options.http, clock);
    const ending = await attempt({ delivery, subject, signal, http: recorder.http }, options);
    return {
      delivery,
      revision: Math.max(delivery.revision, subject?.revision ?? 0),
      ...ending,
      durationMs: clock.monotonicMs() - startedMs,
      exchanges: recorder.exchanges,
    };
  };
}

async function attempt(inputs: AttemptInputs & { http: HttpRequester }, options: AttemptOptions): Promise<Ending> {
  const { delivery, subject, signal } = inputs;
  const timeoutMs = toTimeoutMs(delivery, options);
  const deadline = createDeadline(options.clock, timeoutMs, signal);
  try {
    if (!subject) return answer({ kind: "rejected", ...toReason(say("callGone")) });
    const connection = await options.loadConnection(
      delivery.tenantId,
      delivery.connectionId,
      delivery.connectionVersion,
    );
    if (!connection) return answer({ kind: "rejected", ...toReason(say("connectionRemoved")) });
    if (connection.problem !== null) return answer({ kind: "hold", ...toReason(connection.problem) });
    const work = options.sessions.use(connection, (session) =>
      send(session, { ...inputs, subject, signal: deadline.signal }),
    );
    const outcome = await orStuck(work, deadline.signal, options.clock);
    return signal.aborted && outcome.kind === "retry" ? givenBack(outcome) : answer(outcome);
  } catch (error) {
    const timedOut = deadline.signal.aborted;
    const isDeadline = timedOut && error === deadline.signal.reason;
    const cause = isDeadline ? new SentenceError(say("noAnswer", { ms: timeoutMs })) : error;
    return toEnding(cause, { inputs, timedOut, log: options.log });
  } finally {
    deadline.release();
  }
}

interface Sending {
  delivery: LeasedDelivery;
  subject: CallSubjectParts;
  signal: AbortSignal;
  http: HttpRequester;
}

async function send(session: Session, { delivery, subject, signal, http }: Sending): Promise<DeliveryOutcome> {
  const run = { http, signal };
  const whole = { ...subject, remote: delivery.remote };
  if (delivery.kind === "record" && session.record) return session.record(whole, run);
  if (delivery.kind === "signal" && session.signal) {
    return session.signal({ ...whole, name: delivery.name, messageId: `enlace-${delivery.id}` }, run);
  }
  return { kind: "rejected", ...toReason(say(delivery.kind === "record" ? "takesNoRecords" : "takesNoSignals")) };
}

/** A signal is of no use after its deadline. */
function toTimeoutMs({ expiresAt }: LeasedDelivery, { timeoutMs, clock }: AttemptOptions): number {
  if (expiresAt === null) return timeoutMs;
  return Math.max(1_000, Math.min(timeoutMs, expiresAt.getTime() - clock.now().getTime()));
}

function toEnding(
  error: unknown,
  { inputs, timedOut, log }: { inputs: AttemptInputs; timedOut: boolean; log: Log },
): Ending {
  if (inputs.signal.aborted) return givenBack(toWhy(inputs.signal.reason));
  // Our own store is away (a lock, the connection's memory): nobody over there is to blame.
  if (isOurFault(error)) return givenBack(toReason(say("storeAway", { error: toErrorMessage(error) })));
  if (timedOut) return answer({ kind: "retry", ...toWhy(error), uncertain: true });
  const { id, tenantId, connectionId } = inputs.delivery;
  log.error({ tenantId, connectionId, deliveryId: id, err: error }, "delivery.failed");
  const reason = toReason(say("broken", { error: toErrorMessage(error) }));
  return { outcome: { kind: "retry", ...reason, uncertain: true }, cause: "bug" };
}

const toWhy = (error: unknown): { reason: string; words?: Wording } =>
  error instanceof SentenceError ? toReason(error.sentence) : { reason: toErrorMessage(error) };

const isOurFault = (error: unknown): boolean =>
  (error instanceof AppError && error.code === "unavailable") || isStoreUnavailable(error);

const answer = (outcome: DeliveryOutcome): Ending => ({ outcome, cause: "answer" });

const givenBack = ({ reason, words }: { reason: string; words?: Wording }): Ending => ({
  outcome: { kind: "retry", reason, ...(words && { words }), uncertain: true },
  cause: "given_back",
});
