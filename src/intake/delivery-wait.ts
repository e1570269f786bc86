import type { FastifyReply, FastifyRequest } from "fastify";
import { toErrorMessage } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { App } from "../http/app-instance.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { parseWaitSeconds } from "./prefer.ts";
import type { CallPostAnswer } from "./schema.ts";

/**
 * Resolves with the record deliveries of a call once each of them has delivered that revision or will not by itself.
 * Rejects with the signal's reason, or with `unavailable` when too many wait.
 */
export type WaitForCall = (
  call: { tenantId: TenantId; callId: RowId; revision: number },
  signal: AbortSignal,
) => Promise<readonly WaitedDelivery[]>;

export interface WaitedDelivery {
  deliveryId: string;
  connectionId: string;
  connection: string;
  connector: string;
  state: string;
  remote: { id: string; url?: string } | null;
  review: string | null;
  reason: string | null;
}

export interface DeliveryWaitOptions {
  waitForCall: WaitForCall;
  clock: Clock;
  log: Log;
}

/** Waits as long as the client prefers; `undefined` if it does not, or if it takes longer. */
export function createDeliveryWait(app: App, { waitForCall, clock, log }: DeliveryWaitOptions) {
  return async (
    call: Parameters<WaitForCall>[0],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<readonly WaitedDelivery[] | undefined> => {
    const seconds = parseWaitSeconds([request.headers.prefer].flat().join(","));
    if (seconds === undefined) return undefined;
    void reply.header("preference-applied", `wait=${seconds}`);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const { signal, release } = createDeadline(clock, seconds * 1000, AbortSignal.any([app.draining, gone.signal]));
    try {
      return await waitForCall(call, signal);
    } catch (error) {
      // The call is kept; that we cannot wait for its delivery is no reason to say otherwise.
      if (!signal.aborted) log.warn({ callId: call.callId, error: toErrorMessage(error) }, "intake.wait_failed");
      return undefined;
    } finally {
      release();
    }
  };
}

/** `ok` and 200 only if every connection has it; else what is known so far, and 202. */
export function toDeliveredAnswer(
  answer: CallPostAnswer,
  deliveries: readonly WaitedDelivery[],
  reply: FastifyReply,
): CallPostAnswer {
  const isDelivered = deliveries.every(({ state }) => state === "delivered");
  const vtiger = deliveries.find(({ connector, remote }) => connector === "vtiger" && remote);
  void reply.code(isDelivered ? 200 : 202);
  return {
    ...answer,
    ...(isDelivered && { status: "ok" as const }),
    ...(vtiger?.remote && { vtiger_call_id: vtiger.remote.id }),
    deliveries: deliveries.map((delivery) => ({
      delivery_id: delivery.deliveryId,
      connection_id: delivery.connectionId,
      connection: delivery.connection,
      connector: delivery.connector,
      state: delivery.state,
      remote_id: delivery.remote?.id ?? null,
      url: delivery.remote?.url ?? null,
      review: delivery.review,
      reason: delivery.reason,
    })),
  };
}
