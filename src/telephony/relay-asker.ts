import { AppError } from "../core/errors.ts";
import { newSecret } from "../kit/random.ts";
import type { RelayOptions } from "./relay.ts";
import { type OrderAnswer, orderAnswer } from "./relay-answer.ts";
import { ANSWERS, loadOrder, type OrderState, removeOrder, type StoredOrder, saveOrder } from "./relay-store.ts";
import { say } from "./words.ts";

/** `not_taken`: nothing was done, and will not be. `not_answered`: nobody knows. */
export type AskedOutcome = OrderAnswer | "not_taken" | "not_answered";

/** Pressing many keys takes the longest. */
const DEADLINE_MS = 8_000;
/** Notifications only wake: whoever missed one looks now and then. */
const LOOK_EVERY_MS = 500;
const ASKED_MAX = 500;

/** The side that asks: one row, looked at when a notification or the clock says so. */
export function createOrderAsker({ database, listener, clock, random }: Omit<RelayOptions, "fleet" | "log">) {
  const bells = new Map<string, () => void>();
  let isListening = false;

  /** Resolves when the answer may be there. */
  async function ring(id: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    bells.set(id, resolve);
    const cancel = clock.after(LOOK_EVERY_MS, resolve);
    await promise;
    cancel();
  }

  function listen(): void {
    if (isListening) return;
    isListening = true;
    listener.on(ANSWERS, (id) => {
      if (id !== null) bells.get(id)?.();
      else for (const wake of bells.values()) wake();
    });
  }

  async function untilAnswered(order: StoredOrder, first: Promise<void>): Promise<void> {
    const endMs = clock.monotonicMs() + DEADLINE_MS;
    for (let rung = first; ; ) {
      await rung;
      if (clock.monotonicMs() >= endMs) return;
      rung = ring(order.id); // before looking, so that nothing falls in between
      const state = await loadOrder(database.sql, order);
      if (state === null || state.answer !== null) return;
    }
  }

  return {
    ask: async (asked: Omit<StoredOrder, "id">): Promise<AskedOutcome> => {
      if (bells.size >= ASKED_MAX) throw new AppError("unavailable", say("ordersMany"), { retryAfterSeconds: 1 });
      listen();
      const order = { ...asked, id: newSecret(random, 12) };
      const at = clock.now();
      const first = ring(order.id);
      try {
        await saveOrder(database, order, { at, expiresAt: new Date(at.getTime() + DEADLINE_MS) });
        await untilAnswered(order, first);
        return toAnswered(await removeOrder(database.sql, order));
      } finally {
        bells.delete(order.id);
      }
    },
  };
}

function toAnswered(state: OrderState | null): AskedOutcome {
  if (state?.answer !== undefined && state.answer !== null) return orderAnswer.parse(state.answer);
  return state?.takenAt === null ? "not_taken" : "not_answered"; // a row that is gone: a crash of the database emptied the table
}
