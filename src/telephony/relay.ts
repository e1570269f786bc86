import { z } from "zod";
import { AppError, ERROR_CODES, toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import { newSecret, type Random } from "../kit/random.ts";
import type { Pbx } from "./pbx.ts";
import { type AskedCommand, type CommandAnswer, commandAnswer, pbxCommand } from "./pbx-command.ts";
import type { PbxFleet } from "./pbx-fleet.ts";
import {
  ANSWERS,
  dropOldOrders,
  loadOrder,
  ORDERS,
  type OrderState,
  removeOrder,
  type StoredOrder,
  saveAnswer,
  saveOrder,
  takeOrders,
} from "./relay-store.ts";

/*
 * Orders reach the one process that listens to a PBX, whichever process was asked:
 *
 *   asked ── the PBX is ours ──▶ carried out here
 *     └─ stored, and its owner woken ── taken (once, for ever) ──▶ answered ──▶ taken back by who asked
 *                └────────── deadline ──▶ taken back: nothing was done, or nobody knows
 *
 * At most once: the row is taken before anything is done, and a row that was taken back cannot be taken.
 */
export interface Relay {
  /** Throws `AppError` as `CallCommands` does, and `unavailable` when nobody listens to the PBX or answers in time. */
  ask(tenantId: TenantId, pbxId: string, asked: AskedCommand): Promise<CommandAnswer>;
  /** Carries out what others ask of the PBXs this process owns. */
  start(): void;
  stop(): Promise<void>;
  counters(): Readonly<Record<"local" | "asked" | "served" | "unanswered", number>>;
}

export interface RelayOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  fleet: Pick<PbxFleet, "find" | "list">;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Pressing many keys takes the longest. */
const DEADLINE_MS = 8_000;
/** Notifications only wake: whoever missed one looks now and then. */
const LOOK_EVERY_MS = 500;
const ASKED_MAX = 500;
const KEPT_MS = 60_000;

const failure = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })),
  retryAfterSeconds: z.number().optional(),
});
const answered = z.union([z.object({ done: commandAnswer }), z.object({ failed: failure })]);
type Answered = z.output<typeof answered>;

export function createRelay(options: RelayOptions): Relay {
  const { fleet, log } = options;
  const counters = { local: 0, asked: 0, served: 0, unanswered: 0 };
  const asker = createAsker(options);
  const server = createServer(options, () => counters.served++);

  return {
    ask: async (tenantId, pbxId, asked) => {
      const pbx = fleet.find(tenantId, pbxId);
      const command = pbxCommand.parse(asked);
      if (pbx?.isOwner()) {
        counters.local++;
        return pbx.run(command);
      }
      counters.asked++;
      const answer = await asker.ask({ tenantId, pbxId, command });
      if (answer === "not_taken" || answer === "not_answered") {
        counters.unanswered++;
        log.warn({ tenantId, pbxId, kind: command.kind, answer }, "pbx.order_unanswered");
        throw toUnanswered(answer);
      }
      if ("done" in answer) return answer.done;
      const { code, message, ...details } = answer.failed;
      throw new AppError(code, message, withoutUndefined(details));
    },
    start: server.start,
    stop: server.stop,
    counters: () => ({ ...counters }),
  };
}

/** The side that asks: one row, looked at when a notification or the clock says so. */
function createAsker({ database, listener, clock, random }: RelayOptions) {
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
    ask: async (asked: Omit<StoredOrder, "id">): Promise<Answered | "not_taken" | "not_answered"> => {
      if (bells.size >= ASKED_MAX)
        throw new AppError("unavailable", "Too many orders wait for other processes.", { retryAfterSeconds: 1 });
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

function toAnswered(state: OrderState | null): Answered | "not_taken" | "not_answered" {
  if (state?.answer !== undefined && state.answer !== null) return answered.parse(state.answer);
  return state?.takenAt === null ? "not_taken" : "not_answered"; // a row that is gone: a crash of the database emptied the table
}

/** The side that owns PBXs. */
function createServer({ database, listener, fleet, clock, log }: RelayOptions, onServed: () => void) {
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

async function carryOut(order: StoredOrder, pbx: Pbx | undefined, log: Log): Promise<Answered> {
  try {
    if (!pbx) throw new AppError("unavailable", "The PBX is being connected to anew.", { retryAfterSeconds: 2 });
    return { done: await pbx.run(pbxCommand.parse(order.command)) };
  } catch (error) {
    if (!(error instanceof AppError)) log.error({ err: error, pbx: order.pbxId }, "pbx.order_failed");
    const { code, message, fields, retryAfterSeconds } =
      error instanceof AppError
        ? error
        : new AppError("internal", "Something went wrong in the process that was asked.");
    return { failed: { code, message, fields: [...fields], ...withoutUndefined({ retryAfterSeconds }) } };
  }
}

function toUnanswered(why: "not_taken" | "not_answered"): AppError {
  const message =
    why === "not_taken"
      ? "No process listens to this PBX. Nothing was done."
      : "The PBX was asked, and no answer came in time: look at its calls before you ask again.";
  return new AppError("unavailable", message, { retryAfterSeconds: 5 });
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
