import { AppError } from "../core/errors.ts";
import type { Sentence } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import { type AskPbx, PbxRefusal } from "./ask-pbx.ts";
import type { FoundCall } from "./call-finder.ts";
import type { EventWaits } from "./event-waits.ts";
import type { Originator } from "./originate.ts";
import type { TrackedFact } from "./tracker/call-facts.ts";
import { say } from "./words.ts";

/*
 * Recording of a call on demand:
 *
 *   not recorded ── start ──▶ recorded ── pause ──▶ silent ── resume ──▶ recorded ── stop, or the call ends ──▶ over
 *
 * Two ways to the same file. MixMonitor on the customer's channel, where the AMI user may; that right (system) also lets it
 * run commands on the PBX, so without it a Local channel listens in and records itself, in the context `enlace-record` of
 * deploy/asterisk/extensions-enlace.conf. The file's name is ours and is told as a fact when the recording starts.
 */
export interface CallRecorder {
  /** Throws `AppError("conflict")` when it is recorded already, is not, or the PBX can do it neither way. */
  run(found: FoundCall, action: "start" | "stop" | "pause" | "resume"): Promise<{ file: string | null }>;
}

export interface CallRecorderOptions {
  callIdPrefix: string;
  pbx: string;
  ask: AskPbx;
  originate: Originator["originate"];
  events: Pick<EventWaits, "next">;
  tell(facts: readonly TrackedFact[]): Promise<void>;
  /** Whether a call of this id goes on: recordings of others are forgotten. */
  isGoingOn(callId: string): boolean;
  clock: Clock;
}

interface Recording {
  file: string;
  startedAt: Date;
  /** Channel that carries it. */
  channel: string;
  /** Asterisk's id of the MixMonitor; `null` for a Local channel that records itself. */
  monitorId: string | null;
  /** Asterisk itself says that it records, and what (since 16.20). */
  isHeard: boolean;
}

export const RECORDER_CONTEXT = "enlace-record";
/** Ids of channels that only record begin so; they are nobody's call. */
export const RECORDER_ID = "rec-";
const RECORDER_RING_MS = 5_000;
const HEARD_WAIT_MS = 500;

export function createCallRecorder(options: CallRecorderOptions): CallRecorder {
  const { ask, clock } = options;
  const { mix, listenIn } = createRecordingWays(options);
  const running = new Map<string, Recording>();

  async function start({ call, customers, talking }: FoundCall): Promise<Recording> {
    if (running.has(call.id)) throw new AppError("conflict", say("recorded"));
    for (const id of running.keys()) if (!options.isGoingOn(id)) running.delete(id);
    const channel = customers[0]?.id ?? talking;
    if (channel === undefined) throw new AppError("conflict", say("nobodyRecorded"));
    const startedAt = clock.now();
    const file = toFileName(call.id, startedAt);
    const mixed = await mix(channel, file).catch((error: unknown) => {
      if (error instanceof PbxRefusal && error.isForbidden) return null;
      throw error;
    });
    if (mixed) return { file, startedAt, channel, ...mixed };
    await listenIn(call.id, { channel: talking ?? channel, file });
    return { file, startedAt, channel: toRecorderId(call.id), monitorId: null, isHeard: false };
  }

  async function stop({ call, customers }: FoundCall): Promise<void> {
    const known = running.get(call.id);
    const attempts = [];
    if (known?.monitorId !== null)
      attempts.push(() => ask("StopMixMonitor", toStop(known?.channel ?? customers[0]?.id ?? "", known?.monitorId)));
    if (!known?.monitorId) attempts.push(() => ask("Hangup", { Channel: toRecorderId(call.id), Cause: 16 }));
    await firstThatWorks(attempts, say("notRecorded"));
  }

  /** Every recording of the call falls silent, one that the dialplan began too: what is said now must be kept nowhere. */
  async function mute({ call, customers, agents }: FoundCall, isMuted: boolean): Promise<void> {
    const channels = [...customers, ...agents].map(({ id }) => id);
    if (running.get(call.id)?.monitorId === null || !running.has(call.id)) channels.push(toRecorderId(call.id));
    const State = isMuted ? 1 : 0;
    const asked = channels.map((Channel) => () => ask("MixMonitorMute", { Channel, Direction: "both", State }));
    const results = await Promise.allSettled(asked.map((one) => one()));
    if (results.some(({ status }) => status === "fulfilled")) return;
    const why = results.find((result) => result.status === "rejected")?.reason;
    if (why instanceof PbxRefusal && !why.isForbidden) throw notRecorded();
    throw why ?? notRecorded();
  }

  async function tell(callId: string, recording: Recording, endedAt?: Date): Promise<void> {
    const { file, startedAt } = recording;
    const { callIdPrefix, pbx } = options;
    const at = endedAt ?? startedAt;
    const piece = { id: file, file, startedAt, ...(endedAt && { endedAt }) };
    const key = `ami:${callId}:recording:${startedAt.getTime()}${endedAt ? ":end" : ""}`;
    const fact = { key, source: "ami", at, pbx, details: { recordings: [piece] } } as const;
    await options.tell([{ callUuid: `${callIdPrefix}${callId}`, fact, raw: { event: "recording", file } }]);
  }

  return {
    run: async (found, action) => {
      const { id } = found.call;
      if (action === "start") {
        const recording = await start(found);
        running.set(id, recording);
        if (!recording.isHeard) await tell(id, recording);
        return { file: recording.file };
      }
      const known = running.get(id);
      if (action === "stop") {
        await stop(found);
        running.delete(id);
        if (known && !known.isHeard) await tell(id, known, clock.now());
      } else await mute(found, action === "pause");
      return { file: known?.file ?? null };
    },
  };
}

/** The two ways to a file; see above. */
function createRecordingWays({ ask, originate, events }: CallRecorderOptions) {
  async function mix(channel: string, file: string): Promise<Pick<Recording, "monitorId" | "isHeard">> {
    const begun = events.next(
      (event) => event.get("Event") === "MixMonitorStart" && event.get("Uniqueid") === channel,
      HEARD_WAIT_MS,
    );
    try {
      const response = await ask("MixMonitor", { Channel: channel, File: file, options: "b" });
      return { monitorId: response.get("MixMonitorID") ?? "", isHeard: (await begun.event) !== undefined };
    } finally {
      begun.drop();
    }
  }

  /** One half of the Local channel listens, the other writes. */
  async function listenIn(callId: string, { channel, file }: { channel: string; file: string }): Promise<void> {
    const request = {
      id: toRecorderId(callId),
      channel: `Local/listen@${RECORDER_CONTEXT}/n`,
      to: { context: RECORDER_CONTEXT, extension: "write" },
      timeoutMs: RECORDER_RING_MS,
      variables: { ENLACE_CHANNEL: channel, ENLACE_FILE: file },
    };
    const { result } = await originate(request).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code === "unavailable") throw error;
      throw cannotRecord(error.message);
    });
    if ((await result).outcome !== "answered") throw cannotRecord("its context did not answer");
  }

  return { mix, listenIn };
}

/** At most 29 characters, as a Local channel's id must be. */
const toRecorderId = (callId: string): string => `${RECORDER_ID}${callId}`.slice(0, 29);

/** Without an id Asterisk stops one recording of the channel, whichever it is. */
function toStop(Channel: string, MixMonitorID: string | null | undefined) {
  return { Channel, MixMonitorID: MixMonitorID || undefined };
}

/** In the PBX's folder of recordings, with day and time (UTC) as FreePBX writes them; plain letters only, whatever the id is made of. */
function toFileName(callId: string, at: Date): string {
  const [date, time] = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  return `enlace-${date}-${time}-${callId.replaceAll(/[^A-Za-z0-9.-]/g, "-").slice(0, 60)}.wav`;
}

async function firstThatWorks(attempts: readonly (() => Promise<unknown>)[], otherwise: Sentence): Promise<void> {
  for (const attempt of attempts) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof PbxRefusal)) throw error;
    }
  }
  throw new AppError("conflict", otherwise);
}

const notRecorded = (): AppError => new AppError("conflict", say("notRecorded"));

const cannotRecord = (why: string): AppError =>
  new AppError("conflict", say("cannotRecord", { context: RECORDER_CONTEXT, why }));
