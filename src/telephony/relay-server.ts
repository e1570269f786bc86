import { AppError, toErrorMessage } from "../core/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Pbx } from "./pbx.ts";
import { pbxCommand } from "./pbx-command.ts";
import type { RelayOptions } from "./relay.ts";
import { type OrderAnswer, toFailure } from "./relay-answer.ts";
import { dropOldOrders, ORDERS, type StoredOrder, saveAnswer, TAKEN_MAX, takeOrders } from "./relay-store.ts";
import { say } from "./words.ts";

/** Orders whose asker died are dropped after this. */
const KEPT_MS = 60_000;

/** The side that owns PBXs. */
export function createOrderServer(
  { database, listener, fleet, clock, log }: Omit<RelayOptions, "random">,
  onServed: () => void,
) {
  const running = new Set<Promise<void>>();
  let looking: Promise<void> | undefined;
  let isStopped = false;
  let again = false;
  let sweptMs = Number.NEGATIVE_INFINITY;
  let unsubscribe = (): void => undefined;

  async function look(): Promise<void> {
    do {
      again = false;
      const owned = fleet.list().filter(({ isOwner }) => isOwner);
      if (owned.length === 0) continue;
      const orders = await takeOrders(
        database.sql,
        owned.map(({ id }) => id),
        clock.now(),
      );
      for (const order of orders) serve(order);
      if (orders.length === TAKEN_MAX) again = true;
      await sweep();
    } while (again && !isStopped);
  }

  async function sweep(): Promise<void> {
    if (clock.monotonicMs() - sweptMs < KEPT_MS) return;
    sweptMs = clock.monotonicMs();
    await dropOldOrders(database.sql, new Date(clock.now().getTime() - KEPT_MS));
  }

  function serve(order: StoredOrder): void {
    const run = carryOut(order, fleet.find(order.tenantId, order.pbxId), log)
      .then((answer) => saveAnswer(database.sql, order, answer))
      .catch((error: unknown) => log.warn({ order: order.id, reason: toErrorMessage(error) }, "pbx.answer_lost"))
      .finally(() => running.delete(run));
    running.add(run);
    onServed();
  }

  function wake(): void {
    again = true;
    if (isStopped) return;
    looking ??= look()
      .catch((error: unknown) => log.warn({ reason: toErrorMessage(error) }, "pbx.orders_not_read")) // who asked wakes us again
      .finally(() => {
        looking = undefined;
      });
  }

  return {
    start: () => {
      unsubscribe = listener.on(ORDERS, wake);
    },
    stop: async () => {
      isStopped = true;
      unsubscribe();
      await looking;
      await Promise.all(running);
    },
  };
}

async function carryOut(order: StoredOrder, pbx: Pbx | undefined, log: Log): Promise<OrderAnswer> {
  try {
    if (!pbx) throw new AppError("unavailable", say("pbxConnecting"), { retryAfterSeconds: 2 });
    return { done: await pbx.run(pbxCommand.parse(order.command)) };
  } catch (error) {
    if (!(error instanceof AppError)) log.error({ err: error, pbx: order.pbxId }, "pbx.order_failed");
    return toFailure(error instanceof AppError ? error : new AppError("internal", say("listenerFailed")));
  }
}
