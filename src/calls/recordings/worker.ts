import { extname } from "node:path/posix";
import type { CallFact, FactSource } from "../../core/call-fact.ts";
import { toErrorMessage } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type Clock, createDeadline } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { RecordingCopies } from "./copies.ts";
import type { SeenRecording, SoughtRecording } from "./find-recording.ts";
import type { PbxPlaces } from "./pbx-places.ts";
import type { RecordingSettings } from "./settings.ts";
import { claimDue, type DueRecording, removeRecording, saveRecording } from "./store.ts";

/** The front door as this room sees it. `raw` is JSON text. */
export type TellFact = (item: {
  tenant: { id: TenantId };
  callUuid: string;
  fact: CallFact;
  raw: string;
}) => Promise<unknown>;

export interface RecordingWorkerOptions {
  database: Database;
  pbxs: Pick<PbxPlaces, "findById">;
  find(sought: SoughtRecording, signal: AbortSignal): Promise<SeenRecording | null>;
  copies: Pick<RecordingCopies, "save">;
  loadSettings(tenantId: TenantId): Promise<RecordingSettings>;
  accept: TellFact;
  /** What the call will say of its recording. */
  toAddress(callId: RowId): string;
  /** What came of a look, for the figures. */
  count(result: "ready" | "missing" | "failed"): void;
  clock: Clock;
  log: Log;
}

const EVERY_MS = 1_000;
const BATCH_MAX = 20;
const LEASE_MS = 120_000;
/** Between two looks at a file that is there: one that is as large the second time is complete. */
export const GAP_MS = 5_000;
const ABSENT_MS = { first: 5_000, max: 300_000 };
/** A converter or a slow disk may take a while; longer than this, and the call was not recorded. */
const MISSING_AFTER_MS = 3_600_000;
/** A copy takes its time, and nobody else may begin another one meanwhile. */
const COPY_MS_MAX = 840_000;
const COPY_LEASE_MS = 900_000;
/** A copy is worth waiting for, but not for ever. */
const COPY_TRIES_MS = 3_600_000;

type Call = DueRecording & { callUuid: string; startedAt: Date };

/**
 * Looks for the recordings of calls that ended, until each is complete: there, and as large as at the look before. Then, and
 * not earlier, the call learns of it, so that its CRMs are told once and never get half a recording.
 */
export function createRecordingWorker(options: RecordingWorkerOptions): { start(): void; stop(): Promise<void> } {
  const { clock, log } = options;
  const work = (signal: AbortSignal): Promise<void> => lookAtDue(options, signal);
  return createLoop({ name: "recordings", everyMs: EVERY_MS, work, clock, log });
}

/** One round: everything that is due now. */
export async function lookAtDue(options: RecordingWorkerOptions, signal: AbortSignal): Promise<void> {
  const { database, clock } = options;
  for (let taken = BATCH_MAX; taken === BATCH_MAX && !signal.aborted; ) {
    const now = clock.now();
    const due = await claimDue(database, { now, leaseUntil: later(now, LEASE_MS), rowsMax: BATCH_MAX });
    await Promise.all(due.map((recording) => workOn(recording, options, signal)));
    taken = due.length;
  }
}

/** What fails is tried again when the lease ends, or later. */
async function workOn(due: DueRecording, options: RecordingWorkerOptions, signal: AbortSignal): Promise<void> {
  const { database, log, clock } = options;
  const { tenantId, callId, callUuid, startedAt } = due;
  try {
    if (callUuid === null || startedAt === null) return await removeRecording(database.sql, due);
    const call = { ...due, callUuid, startedAt };
    if (due.state === "ready") await tell(call, options);
    else await look(call, options, signal);
  } catch (error) {
    if (signal.aborted) return; // the lease ends by itself
    options.count("failed");
    log.warn({ tenantId, callId, reason: toErrorMessage(error) }, "recording.look_failed");
    await giveUpOrWait(due, options, clock.now());
  }
}

async function look(call: Call, options: RecordingWorkerOptions, signal: AbortSignal): Promise<void> {
  const { database, pbxs, find, clock } = options;
  const pbx = pbxs.findById(call.tenantId, call.pbxId);
  const seen = pbx && (await find({ ...call, pbx, files: call.files ?? [] }, signal));
  const now = clock.now();
  if (!seen) return giveUpOrWait(call, options, now);
  const { sizeBytes, ...found } = seen;
  const isSame = call.place === found.place && call.sizeBytes === (sizeBytes === null ? null : String(sizeBytes));
  if (!isSame) return saveRecording(database.sql, call, { found, sizeBytes, dueAt: later(now, GAP_MS) });
  const kept = await keep(call, seen, options, signal);
  if (kept === null) return saveRecording(database.sql, call, { dueAt: later(now, ABSENT_MS.max) });
  await saveRecording(database.sql, call, { state: "ready", found: kept });
  await tell({ ...call, ...kept }, options);
}

/** Copies it, if the tenant wants copies. `null`: it could not be copied now, and there is time to try again. */
async function keep(
  call: Call,
  seen: SeenRecording,
  options: RecordingWorkerOptions,
  signal: AbortSignal,
): Promise<Pick<SeenRecording, "kind" | "place"> | null> {
  const there = { kind: seen.kind, place: seen.place };
  if (!(await options.loadSettings(call.tenantId)).keepCopies) return there;
  await saveRecording(options.database.sql, call, { dueAt: later(options.clock.now(), COPY_LEASE_MS) });
  const deadline = createDeadline(options.clock, COPY_MS_MAX, signal);
  try {
    return { kind: "copy", place: await options.copies.save({ ...call, ...there }, deadline.signal) };
  } catch (error) {
    if (signal.aborted) throw error;
    const isLate = options.clock.now().getTime() - call.awaitedAt.getTime() > COPY_TRIES_MS;
    const { tenantId, callId } = call;
    options.log.warn({ tenantId, callId, isLate, reason: toErrorMessage(error) }, "recording.copy_failed");
    return isLate ? there : null;
  } finally {
    deadline.release();
  }
}

/** The same fact every time: told twice, it changes nothing. */
async function tell(call: Call & { place: string | null }, options: RecordingWorkerOptions): Promise<void> {
  const { accept, toAddress, database, clock, log } = options;
  const { tenantId, callId, callUuid, endedAt, sources } = call;
  const recordingUrl = toAddress(callId);
  const fact: CallFact = { key: "recording:found", source: toSource(sources ?? []), at: endedAt, recordingUrl };
  const raw = JSON.stringify({ event: "recording", format: extname(call.place ?? "").slice(1) });
  await accept({ tenant: { id: tenantId }, callUuid, fact, raw });
  await saveRecording(database.sql, call, { toldAt: clock.now() });
  options.count("ready");
  log.info({ tenantId, callId, kind: call.kind, looks: call.looks }, "recording.ready");
}

/** As one who told of the call already: a recording is no source of its own. */
function toSource(sources: readonly FactSource[]): FactSource {
  return sources.find((source) => source !== "recovery") ?? sources[0] ?? "ami";
}

async function giveUpOrWait(
  due: DueRecording,
  { database, log, count }: RecordingWorkerOptions,
  now: Date,
): Promise<void> {
  const { tenantId, callId, state, looks } = due;
  const isLate = state === "waiting" && now.getTime() - due.awaitedAt.getTime() > MISSING_AFTER_MS;
  if (isLate) {
    count("missing");
    log.info({ tenantId, callId, looks }, "recording.missing");
  }
  const waitMs = Math.min(ABSENT_MS.max, ABSENT_MS.first * 1.5 ** Math.min(looks, 20));
  await saveRecording(database.sql, due, isLate ? { state: "missing" } : { dueAt: later(now, waitMs) });
}

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
