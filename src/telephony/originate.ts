import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { type AmiSendOptions, AmiUnansweredError, isSuccess } from "./ami/session.ts";
import type { AmiItem } from "./ami/stream.ts";
import { PbxRefusal } from "./ask-pbx.ts";
import { isTelling, isUnheard, type OriginateOutcome, toFailure } from "./originate-outcome.ts";
import type { CallParties } from "./tracker/tracked-call.ts";
import { say } from "./words.ts";

/*
 * One dial job:
 *
 *   asked ── refused at once ──▶ AppError
 *     └─ queued ──▶ ringing ── OriginateResponse Success ──▶ answered
 *                     ├─ Failure ── a moment for DialEnd and Hangup, whose order is not fixed ──▶ busy, no_answer, …
 *                     └─ connection lost ── next snapshot ── alive ──▶ ringing or answered · gone ──▶ unknown
 *
 * The job's id is the ChannelId: Asterisk makes it the Uniqueid of the first leg and the Linkedid of all, so every event, the
 * CDR and our own facts carry it, and a second originate with a living id fails instead of calling twice.
 */
export interface OriginateRequest {
  /** 1 … 31 of `[A-Za-z0-9.-]`, at most 29 for a Local channel; unique for ever. */
  id: string;
  /** From `fillDialTemplate`. */
  channel: string;
  to: { context: string; extension: string; priority?: number } | { application: string; data: string };
  callerId?: { name?: string; number: string };
  /** How long the first leg may ring; 1,000 … 300,000. */
  timeoutMs: number;
  account?: string;
  /** Whom the call is between, as people know them; the leg is told prefixes and the number that is shown. */
  parties?: CallParties;
  variables?: Readonly<Record<string, string>>;
}

export interface OriginateResult {
  outcome: OriginateOutcome;
  /** Hangup cause (Q.850) of the called leg. */
  cause: number | null;
  /** Somebody's phone was heard to ring. A far end that sends early media in place of ringing is not heard to. */
  hasRung: boolean;
  /** The PBX gave up on a leg of which it had heard nothing: it did not ring, and no answer to the invitation ended it. */
  isSilent: boolean;
}

export interface Originator {
  /**
   * Asks the PBX to place a call. Resolves once it is queued; `result` tells later, and never rejects, how the first leg fared.
   * Throws `AppError`: `invalid_field` (values, refused by the PBX), `conflict` (the id is in use; `PbxRefusal`: the AMI user
   * may not), `unavailable` (the PBX is away or too busy, nothing was sent).
   */
  originate(request: OriginateRequest, signal?: AbortSignal): Promise<{ id: string; result: Promise<OriginateResult> }>;
  /** Feed it the PBX's stream. */
  take(item: AmiItem): void;
  /** Calls whose first leg rings. */
  pending(): number;
}

export interface OriginatorOptions {
  send(action: AmiAction, options?: AmiSendOptions): Promise<AmiMessage>;
  clock: Clock;
}

interface Job {
  id: string;
  dialStatus: string | undefined;
  cause: number | undefined;
  reason: number | undefined;
  hadChannel: boolean;
  hasRung: boolean;
  hasProgressed: boolean;
  askedMs: number;
  settle(result: OriginateResult): void;
  release: (() => void) | undefined;
}

const JOBS_MAX = 10_000;
/** OriginateResponse and Hangup come in any order; the cause is known within milliseconds. */
const CAUSE_WAIT_MS = 500;
const LATE_MS = 10_000;
const RINGING = "5";

export function createOriginator({ send, clock }: OriginatorOptions): Originator {
  const jobs = new Map<string, Job>();

  function open(id: string): { job: Job; result: Promise<OriginateResult> } {
    if (jobs.has(id)) throw new AppError("conflict", say("beingPlaced", { id }));
    if (jobs.size >= JOBS_MAX) throw new AppError("unavailable", say("placingMany"), { retryAfterSeconds: 1 });
    const { promise, resolve } = Promise.withResolvers<OriginateResult>();
    const job = toJob(id, clock.monotonicMs(), resolve);
    jobs.set(id, job);
    return { job, result: promise };
  }

  function close(job: Job, outcome: OriginateOutcome): void {
    if (!jobs.delete(job.id)) return;
    job.release?.();
    const { cause = null, hasRung, hasProgressed, reason, askedMs } = job;
    const tookMs = clock.monotonicMs() - askedMs;
    const isSilent = !hasRung && !hasProgressed && isUnheard({ cause, reason, tookMs });
    job.settle({ outcome, cause, hasRung, isSilent });
  }

  function closeAfter(job: Job, ms: number, toOutcome: () => OriginateOutcome): void {
    job.release?.();
    job.release = clock.after(ms, () => close(job, toOutcome()));
  }

  function takeEvent(message: AmiMessage): void {
    const event = message.get("Event");
    if (event === "OriginateResponse") takeResponse(message);
    else if (event === "Newchannel") {
      const job = jobs.get(message.get("Uniqueid") ?? "");
      if (job) job.hadChannel = true;
    } else if (event === "DialState") {
      const job = jobs.get(message.get("DestLinkedid") ?? "");
      if (job && !isLocal(message.get("DestChannel"))) job.hasProgressed = true; // 100, 180 or 183: whoever is there lives
    } else if (event === "Newstate" && message.get("ChannelState") === RINGING) {
      const job = jobs.get(message.get("Linkedid") ?? "");
      if (job && !isLocal(message.get("Channel"))) job.hasRung = true;
    } else if (event === "DialEnd" && !isLocal(message.get("DestChannel"))) {
      const job = jobs.get(message.get("DestLinkedid") ?? "");
      if (job) job.dialStatus ??= message.get("DialStatus");
    } else if (event === "Hangup" && !isLocal(message.get("Channel"))) {
      const job = jobs.get(message.get("Linkedid") ?? "");
      if (!job) return;
      job.cause ??= Number(message.get("Cause") ?? 0);
      if (job.reason !== undefined && isTelling(job.cause)) close(job, toFailure(job));
    }
  }

  function takeResponse(message: AmiMessage): void {
    const job = jobs.get(message.get("ActionID")?.replace(/^o:/, "") ?? "");
    if (!job) return;
    if (message.get("Response") === "Success") {
      close(job, "answered");
      return;
    }
    job.reason = Number(message.get("Reason") ?? 0);
    closeAfter(job, isTelling(job.cause) ? 0 : CAUSE_WAIT_MS, () => toFailure(job));
  }

  /** After a gap: who is not alive has ended unheard; who is up has answered. */
  function takeSnapshot(channels: readonly AmiMessage[]): void {
    const alive = Map.groupBy(channels, (channel) => channel.get("Linkedid") ?? "");
    for (const job of jobs.values()) {
      if (job.reason !== undefined) continue; // its failure is being closed
      const legs = alive.get(job.id);
      if (!legs) close(job, "unknown");
      else if (legs.some((leg) => leg.get("Uniqueid") === job.id && leg.get("ChannelState") === "6"))
        close(job, "answered");
    }
  }

  return {
    originate: async (request, signal) => {
      const action = toAction(request);
      const { job, result } = open(request.id);
      closeAfter(job, request.timeoutMs + LATE_MS, () => "unknown");
      try {
        const options = { actionId: `o:${request.id}`, ...(signal ? { signal } : {}) };
        const response = await send(action, options);
        if (!isSuccess(response)) throw toRefusal(response.get("Message") ?? "no reason given");
      } catch (error) {
        if (error instanceof AmiUnansweredError && error.sent) return { id: request.id, result }; // it may ring all the same
        close(job, "refused");
        throw error instanceof AmiUnansweredError
          ? new AppError("unavailable", error.message, { retryAfterSeconds: 5 })
          : error;
      }
      return { id: request.id, result };
    },
    take: (item) => {
      if (item.kind === "event") takeEvent(item.message);
      else if (item.kind === "snapshot") takeSnapshot(item.channels);
    },
    pending: () => jobs.size,
  };
}

function toJob(id: string, askedMs: number, settle: Job["settle"]): Job {
  return {
    ...{ id, askedMs, settle, hadChannel: false, hasRung: false, hasProgressed: false },
    ...{ dialStatus: undefined, cause: undefined, reason: undefined, release: undefined },
  };
}

const isLocal = (channel: string | undefined): boolean => channel?.startsWith("Local/") === true;

const ID = /^[A-Za-z0-9.-]{1,31}$/;
const PLACE = /^[A-Za-z0-9_.+*#-]{1,79}$/;
const CHANNEL = /^[A-Za-z0-9]+\/[A-Za-z0-9_.@/:+*#-]{1,200}$/;

/** The action, Async always: without it Asterisk answers nothing else on this connection until somebody picks up. */
export function toAction({ id, channel, to, callerId, timeoutMs, account, variables }: OriginateRequest): AmiAction {
  const isPair = channel.startsWith("Local/");
  if (!ID.test(id) || (isPair && id.length > 29)) throw refuse("id", "is not an id of a channel");
  if (!CHANNEL.test(channel)) throw refuse("channel", "is not a channel");
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1_000 || timeoutMs > 300_000)
    throw refuse("timeoutMs", "must be 1000 … 300000");
  const fields = {
    Channel: channel,
    ...toTarget(to),
    Timeout: timeoutMs,
    CallerID: callerId && toCallerId(callerId),
    Account: account,
    Async: "true",
    ChannelId: id,
    OtherChannelId: isPair ? `${id}.2` : undefined,
  };
  return { name: "Originate", fields, ...(variables ? { variables } : {}) };
}

function toTarget(to: OriginateRequest["to"]): Record<string, string | number> {
  if ("application" in to) return { Application: to.application, Data: to.data };
  if (!PLACE.test(to.context)) throw refuse("context", "is not the name of a context");
  if (!PLACE.test(to.extension)) throw refuse("extension", "is not an extension");
  return { Context: to.context, Exten: to.extension, Priority: to.priority ?? 1 };
}

/** `"Name" <number>`; quotes and angle brackets of the name would end it early. */
function toCallerId({ name, number }: { name?: string; number: string }): string {
  if (!/^\+?[\d*#]{1,32}$/.test(number)) throw refuse("callerId", "is not a number");
  return name === undefined ? number : `"${name.replaceAll(/["<>\\]/g, "")}" <${number}>`;
}

function toRefusal(message: string): AppError {
  const refusal = new PbxRefusal(message);
  if (refusal.isForbidden) return refusal;
  if (/already in use/i.test(message)) return new AppError("conflict", message);
  return new AppError("invalid_field", say("pbxRefused", { error: message }));
}

function refuse(path: string, message: string): AppError {
  return new AppError("invalid_field", `${path} ${message}`, { fields: [{ path, message }] });
}
