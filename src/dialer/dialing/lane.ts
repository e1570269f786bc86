import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { CallLife } from "./call-life.ts";
import type { DialPbx, LiveCall } from "./live-call.ts";

/*
 * What a PBX that this process owns says of the dialer's calls:
 *
 *   owned ── first snapshot ── attempts of the store compared with living channels ──▶ ready ── dials, hears ──▶ let go
 *
 * Nothing is dialled before the comparison: nobody may be called whose call is still going on.
 */
export interface Lane {
  pbx: DialPbx;
  /** Whether calls may be placed now. */
  isReady(): boolean;
  /** Everything the PBX says; quick, never throws. */
  take(items: readonly PbxItem[]): void;
  /** For as long as the PBX is ours; resolves once `signal` aborts and nothing is under way. */
  run(signal: AbortSignal): Promise<void>;
  /** Channels of the last snapshot, and of calls that were begun since. */
  living(): ReadonlyMap<string, LivingChannel>;
  /** Aborts when the PBX is not ours any more. */
  signal: AbortSignal;
}

interface Fields {
  get(name: string): string | undefined;
}
/** Telephony's `AmiItem`. */
export type PbxItem =
  | { kind: "event"; at: Date; message: Fields }
  | { kind: "snapshot"; at: Date; channels: readonly Fields[] }
  | { kind: "lost"; at: Date };

export interface LaneOptions {
  pbx: DialPbx;
  /** Whether its connection is up and heard. */
  isHeard(): boolean;
  life: CallLife;
  /** Compares what the store knows with the ids that live; see recovery.ts. */
  recover(pbx: DialPbx, alive: ReadonlyMap<string, LivingChannel>): Promise<void>;
  /** Takes back what was written down and not placed. */
  onEnd(pbx: DialPbx): Promise<void>;
  clock: Clock;
  log: Log;
}

export interface LivingChannel {
  id: string;
  isUp: boolean;
}

/** By its id and, of a call's first channel, by its account code: that is the attempt's id where a call file placed it. */
function toLiving(channel: Fields): [string, LivingChannel][] {
  const id = channel.get("Uniqueid") ?? "";
  const living = { id, isUp: channel.get("ChannelState") === "6" };
  const account = channel.get("AccountCode") ?? "";
  return account !== "" && channel.get("Linkedid") === id
    ? [
        [id, living],
        [account, living],
      ]
    : [[id, living]];
}

const RECOVER_RETRY_MS = 1_000;
/** A call of ours that is not in a snapshot and was placed so shortly before may be too young for it. */
const YOUNG_MS = 2_000;
/** A slot is held until the hang-up; a channel that lives longer than this is not a call. */
const LONGEST_MS = 2 * 3_600_000;

export function createLane({ pbx, isHeard, life, recover, onEnd, clock, log }: LaneOptions): Lane {
  const ending = new AbortController();
  const first = Promise.withResolvers<ReadonlyMap<string, LivingChannel>>();
  /** Ids that hung up since the first snapshot, until the comparison is done. */
  const gone = new Map<string, { at: Date; cause: number | null }>();
  let isRecovered = false;
  /** When the connection was last lost: what was placed before and is not there afterwards has ended. */
  let lostAtMs = Number.NEGATIVE_INFINITY;
  let living: ReadonlyMap<string, LivingChannel> = new Map();

  function takeEvent(message: Fields, at: Date): void {
    const event = message.get("Event");
    if (event === "Hangup") {
      const id = message.get("Uniqueid") ?? "";
      const hangup = { at, cause: Number(message.get("Cause") ?? 0) || null };
      const call = life.findChannel(id);
      if (call) life.onHangup(call, hangup);
      else if (!isRecovered) gone.set(id, hangup);
    } else if (event === "Newstate" && message.get("ChannelState") === "6") {
      const call = life.findChannel(message.get("Uniqueid") ?? "");
      if (call && !call.isPlacing) life.onAnswered(call, at); // of calls that were found alive no originator tells
    }
  }

  function takeSnapshot(channels: readonly Fields[], at: Date): void {
    const alive = new Map(channels.flatMap(toLiving));
    living = alive;
    first.resolve(alive);
    if (!isRecovered) return;
    for (const call of life.ofPbx(pbx.id)) compare(call, alive.get(call.channelId), at);
  }

  /** Of calls being placed the originator tells, which reads the same snapshot. */
  function compare(call: LiveCall, channel: LivingChannel | undefined, at: Date): void {
    const dialedMs = call.attempt.dialedAt?.getTime() ?? at.getTime();
    if (channel?.isUp && !call.isPlacing) life.onAnswered(call, at);
    const isOld = dialedMs < lostAtMs || at.getTime() - dialedMs > YOUNG_MS;
    if (channel === undefined && !call.isPlacing && isOld) life.onHangup(call, { at, cause: null });
    if (at.getTime() - dialedMs > LONGEST_MS) life.onLost(call, at);
  }

  async function prepare(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const alive = await Promise.race([first.promise, aborted]);
    while (!signal.aborted) {
      try {
        await recover(pbx, alive);
        break;
      } catch (error) {
        log.warn({ pbx: pbx.name, reason: toErrorMessage(error) }, "dialer.recovery_failed");
        await clock.sleep(RECOVER_RETRY_MS, signal);
      }
    }
    isRecovered = true;
    for (const [id, hangup] of gone) {
      const call = life.find(id);
      if (call) life.onHangup(call, hangup);
    }
    gone.clear();
  }

  return {
    pbx,
    signal: ending.signal,
    living: () => living,
    isReady: () => isRecovered && isHeard() && !ending.signal.aborted,
    take: (items) => {
      for (const item of items) {
        if (item.kind === "event") takeEvent(item.message, item.at);
        else if (item.kind === "snapshot") takeSnapshot(item.channels, item.at);
        else lostAtMs = item.at.getTime();
      }
    },
    run: async (signal) => {
      const end = (): void => ending.abort(signal.reason);
      if (signal.aborted) end();
      signal.addEventListener("abort", end);
      try {
        await prepare(signal);
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener("abort", () => resolve());
        });
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        await onEnd(pbx);
      }
    },
  };
}
