import { toErrorMessage } from "../../core/errors.ts";
import { toBackoffMs } from "../../kit/backoff.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { SCRIPT_WAIT_MS } from "./call-life.ts";
import type { DialingFigures } from "./figures.ts";
import type { LiveCall } from "./live-call.ts";
import { type AttemptUpdate, type StoredOutcome, updateAttempts } from "./store.ts";

/*
 * Writes down what becomes known of calls, many at a time: however often a call changes between two writes, it is one row of one
 * statement. What could not be written stays here and is tried again, and while much of it waits no new calls are begun.
 *
 *   changed ──▶ dirty ── write ──▶ kept ── ended? ── conclude: campaign, fact, webhook ──▶ told ──▶ (written with the next)
 *                 ▲────── failed ──┘                      └── failed: after a crash, or in a moment, again ──┘
 *
 * Two hands: one writes, one tells. Telling takes longer, and outcomes do not wait for those before them to be told.
 * Of a call whose script runs in another process the end is held, for a moment, until that script's last word is in the store.
 */
export interface Journal {
  /** Something of this call is different. */
  note(call: LiveCall): void;
  /** Resolves once what was noted of this call is kept. */
  kept(attemptId: string): Promise<void>;
  /** Whether something of it is still to be written or told. */
  has(attemptId: string): boolean;
  /** Calls that wait to be written. */
  waiting(): number;
  start(): void;
  /** Writes what is left, trying for a while. */
  stop(): Promise<void>;
}

export interface JournalOptions {
  database: Database;
  clock: Clock;
  log: Log;
  figures: DialingFigures;
  /** Tells everybody who must know; idempotent. Rejects as long as somebody could not be told. */
  conclude(calls: readonly LiveCall[]): Promise<void>;
}

const EVERY_MS = 200;
const ROWS_MAX = 1_000;
const RETRY = { firstMs: 200, maxMs: 5_000 };
const STOP_TRIES_MAX = 5;

export function createJournal({ database, clock, log, figures, conclude }: JournalOptions): Journal {
  const dirty = new Map<string, LiveCall>();
  const untold = new Map<string, LiveCall>();
  const held = new Map<string, LiveCall>();
  let writing: ReadonlySet<string> = new Set();
  let telling: ReadonlySet<string> = new Set();
  const stopping = new AbortController();
  const waiters = new Map<string, (() => void)[]>();
  const writer = createHand(write, { clock, log, heap: dirty });
  const teller = createHand(tell, { clock, log, heap: untold });

  async function write(): Promise<void> {
    for (const [id, call] of held) dirty.set(id, call);
    held.clear();
    const batch = [...dirty.values()].slice(0, ROWS_MAX);
    if (batch.length === 0) return;
    writing = new Set(batch.map(({ attempt }) => attempt.id));
    for (const id of writing) dirty.delete(id);
    const startedMs = clock.monotonicMs();
    try {
      // What changes while the statement runs is dirty again and travels with the next.
      const heldBefore = stopping.signal.aborted ? null : new Date(clock.now().getTime() - SCRIPT_WAIT_MS);
      const stored = await updateAttempts(database, batch.map(toUpdate(heldBefore)));
      const states = takeOutcomes(batch, stored);
      for (const call of batch) {
        const { id, state } = call.attempt;
        if (state !== "ended" || call.isTold) continue;
        if ((states.get(id) ?? "ended") === "ended") untold.set(id, call);
        else held.set(id, call);
      }
    } catch (error) {
      for (const call of batch) dirty.set(call.attempt.id, call);
      throw error;
    } finally {
      writing = new Set();
      figures.flushSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
    }
    for (const { attempt } of batch) if (!dirty.has(attempt.id)) release(attempt.id);
  }

  function release(id: string): void {
    for (const resolve of waiters.get(id) ?? []) resolve();
    waiters.delete(id);
  }

  async function tell(): Promise<void> {
    const batch = [...untold.values()].slice(0, ROWS_MAX);
    if (batch.length === 0) return;
    telling = new Set(batch.map(({ attempt }) => attempt.id));
    for (const id of telling) untold.delete(id);
    try {
      await conclude(batch);
    } catch (error) {
      for (const call of batch) untold.set(call.attempt.id, call);
      throw error;
    } finally {
      telling = new Set();
    }
    for (const call of batch) {
      call.isTold = true;
      dirty.set(call.attempt.id, call);
    }
  }

  let running: Promise<unknown> | undefined;
  const left = (): number => dirty.size + untold.size + held.size + writing.size + telling.size;

  return {
    note: (call) => {
      dirty.set(call.attempt.id, call);
    },
    kept: (id) =>
      dirty.has(id) || writing.has(id)
        ? new Promise((resolve) => waiters.set(id, [...(waiters.get(id) ?? []), resolve]))
        : Promise.resolve(),
    has: (attemptId) => [dirty, untold, writing, telling, held].some((calls) => calls.has(attemptId)),
    waiting: left,
    start: () => {
      running ??= Promise.all([writer.run(stopping.signal), teller.run(stopping.signal)]);
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await running;
      while (left() > 0 && Math.max(writer.failures(), teller.failures()) < STOP_TRIES_MAX) {
        await writer.step();
        await teller.step();
      }
      if (dirty.size > 0) figures.dropped.inc(dirty.size);
      for (const id of waiters.keys()) release(id); // what is not kept is found alive, or closed, at the next start
    },
  };
}

/** Does its work every moment, at once while there is a whole batch of it, and with growing pauses while it fails. */
function createHand(
  work: () => Promise<void>,
  { clock, log, heap }: Pick<JournalOptions, "clock" | "log"> & { heap: ReadonlyMap<string, LiveCall> },
) {
  let failures = 0;
  async function step(): Promise<void> {
    try {
      await work();
      failures = 0;
    } catch (error) {
      failures++;
      log.warn({ reason: toErrorMessage(error), failures, waiting: heap.size }, "dialer.journal_failed");
    }
  }
  return {
    step,
    failures: () => failures,
    run: async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        const more = heap.size >= ROWS_MAX && failures === 0;
        const ms = failures > 0 ? toBackoffMs(failures, RETRY, 1) : more ? 0 : EVERY_MS;
        await clock.sleep(ms, signal).catch(() => undefined); // stopping: the loop's condition ends it
        await step();
      }
    },
  };
}

/** `heldBefore`: calls that ended before are held no longer; `null`: none are. */
const toUpdate =
  (heldBefore: Date | null) =>
  ({ attempt, isTold }: LiveCall): AttemptUpdate => ({
    attempt: { ...attempt },
    told: isTold,
    final: heldBefore === null || attempt.endedAt === null || attempt.endedAt <= heldBefore,
  });

/** A surer source may have told another process first. Returns in which state each is in the store. */
function takeOutcomes(
  calls: readonly LiveCall[],
  stored: readonly StoredOutcome[],
): Map<string, StoredOutcome["state"]> {
  const byId = new Map(stored.map((row) => [row.id, row]));
  for (const { attempt } of calls) {
    const row = byId.get(attempt.id);
    if (!row || attempt.state !== "ended") continue;
    attempt.disposition = row.disposition ?? attempt.disposition;
    attempt.dispositionSource = row.disposition_source ?? attempt.dispositionSource;
    attempt.digit = row.digit ?? attempt.digit;
    if (row.amd_status !== null) attempt.amd = { status: row.amd_status, cause: row.amd_cause ?? "" };
    attempt.transferWaitSeconds = row.transfer_wait_seconds ?? attempt.transferWaitSeconds;
    attempt.transferTalkSeconds = row.transfer_talk_seconds ?? attempt.transferTalkSeconds;
  }
  return new Map(stored.map(({ id, state }) => [id, state]));
}
