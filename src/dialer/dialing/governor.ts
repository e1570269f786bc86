import type { Clock } from "../../kit/clock.ts";

/*
 * Calls begin only as fast as what becomes of them is kept up with. Two things say how fast that is, looked at ten times a second:
 *
 *   cost   how long the event loop works for a call, begun and ended; so many calls fit into a second of which some is left free.
 *          It knows before anything is late, and of calls whose ends are still to come.
 *   lag    how old the oldest order is that the PBX has not answered, the oldest outcome that is not kept, and how late timers are.
 *          It knows of everything else that is too slow: the store, the PBX, other work on the machine.
 *
 *   ceiling = calls that fit × brake        brake: 1 ── lag is high and does not fall ──▶ smaller
 *                                                  ◀── lag is low ──── larger again, a little each time
 */
export interface Governor {
  /** Calls that may begin in a second, at least `PACE_MIN`. */
  perSecond(): number;
  onBegun(): void;
  /** Its outcome is kept, and everybody knows. */
  onSettled(): void;
  start(): void;
  stop(): void;
}

export interface GovernorOptions {
  clock: Clock;
  /** The share of time since it was asked last that the process has worked; see kit/busy-meter.ts. */
  toBusyShare(): number;
  /** How old the oldest thing is that should have happened; milliseconds. */
  toLagMs(now: Date): number;
}

/** What the looks so far have shown; sums fade, so that what is long past counts for little. */
export interface Pace {
  sums: Sums;
  /** Of the calls that fit: 0.005 … 1. */
  brake: number;
  /** Until it has had time to tell, the brake is not pressed again. */
  heldMs: number;
  /** When the brake was pressed last. */
  pressedLagMs: number;
  /** A second, of late. */
  begunRate: number;
  endedRate: number;
}

/** Of what was begun, ended and worked between two looks, and of their products. */
interface Sums {
  begun: number;
  ended: number;
  workMs: number;
  begunSquares: number;
  endedSquares: number;
  begunEnded: number;
  begunWork: number;
  endedWork: number;
}

export interface PaceSample {
  elapsedMs: number;
  busyShare: number;
  lagMs: number;
  begun: number;
  ended: number;
}

const NOTHING: Sums = {
  ...{ begun: 0, ended: 0, workMs: 0, begunSquares: 0, endedSquares: 0, begunEnded: 0, begunWork: 0, endedWork: 0 },
};
export const FRESH_PACE: Pace = { sums: NOTHING, brake: 1, heldMs: 0, pressedLagMs: 0, begunRate: 0, endedRate: 0 };
/** What everybody may dial anyway: where a commit takes half a second, or others keep the machine busy, braking harder would help nobody. */
export const PACE_MIN = 200;
export const PACE_MAX = 10_000;

const LOOK_EVERY_MS = 100;
const HALF_LIFE_MS = 4_000;
const RATE_HALF_LIFE_MS = 500;
/** Of fewer calls nothing is concluded. */
const CALLS_MIN = 40;
/** Until enough have ended nobody knows what their ends cost: so many may begin in a second. */
const UNKNOWN_MAX = 1_200;
/** The rest is for peaks, people who look at the console, and the other work of this process. */
const BUSY_MAX = 0.9;
const LAG_HIGH_MS = 400;
const LAG_LOW_MS = 200;
const PRESS = 0.75;
const RELEASE = 1.02;
const BRAKE_MIN = 0.005;
const HOLD_MS = 300;

/** Pure: the pace after another look. */
export function toNextPace(pace: Pace, sample: PaceSample): Pace {
  const { elapsedMs, lagMs } = sample;
  const next: Pace = {
    ...pace,
    sums: addTo(pace.sums, sample),
    heldMs: Math.max(0, pace.heldMs - elapsedMs),
    begunRate: toRate(pace.begunRate, sample.begun, elapsedMs),
    endedRate: toRate(pace.endedRate, sample.ended, elapsedMs),
  };
  if (lagMs < LAG_LOW_MS) return { ...next, brake: Math.min(1, pace.brake * RELEASE), pressedLagMs: 0 };
  if (lagMs <= LAG_HIGH_MS || next.heldMs > 0) return next;
  const isFalling = lagMs < pace.pressedLagMs; // by itself
  return { ...next, heldMs: HOLD_MS, pressedLagMs: lagMs, brake: isFalling ? pace.brake : toPressed(next) };
}

/** Below what has been settled of late; of calls that take their time, below half of what was begun. */
function toPressed(pace: Pace): number {
  const kept = Math.max(pace.endedRate, pace.begunRate / 2);
  return Math.max(BRAKE_MIN, PRESS * Math.min(pace.brake, kept / toFitting(pace.sums)));
}

function toRate(rate: number, count: number, elapsedMs: number): number {
  const fade = 0.5 ** (elapsedMs / RATE_HALF_LIFE_MS);
  return rate * fade + ((count * 1_000) / Math.max(1, elapsedMs)) * (1 - fade);
}

function addTo(sums: Sums, { elapsedMs, busyShare, begun, ended }: PaceSample): Sums {
  const fade = 0.5 ** (elapsedMs / HALF_LIFE_MS);
  const workMs = busyShare * elapsedMs;
  return {
    begun: sums.begun * fade + begun,
    ended: sums.ended * fade + ended,
    workMs: sums.workMs * fade + workMs,
    begunSquares: sums.begunSquares * fade + begun * begun,
    endedSquares: sums.endedSquares * fade + ended * ended,
    begunEnded: sums.begunEnded * fade + begun * ended,
    begunWork: sums.begunWork * fade + begun * workMs,
    endedWork: sums.endedWork * fade + ended * workMs,
  };
}

/** Calls a second. */
export function toCeiling({ sums, brake }: Pace): number {
  return Math.max(PACE_MIN, Math.floor(toFitting(sums) * brake));
}

function toFitting(sums: Sums): number {
  if (sums.begun + sums.ended < CALLS_MIN) return UNKNOWN_MAX;
  return Math.min(sums.ended < CALLS_MIN ? UNKNOWN_MAX : PACE_MAX, (BUSY_MAX * 1_000) / Math.max(toCostMs(sums), 0.01));
}

/**
 * What a call costs from its beginning to its end: least squares of the work over what was begun and ended, so that a wave of
 * beginnings is not taken for cheap calls. Where both went along together it is their sum that is known, and halved.
 */
function toCostMs(sums: Sums): number {
  const half = sums.workMs / (sums.begun + sums.ended);
  const ridge = 0.02 * (sums.begunSquares + sums.endedSquares) + 1;
  const [bb, ee, be] = [sums.begunSquares + ridge, sums.endedSquares + ridge, sums.begunEnded];
  const [bw, ew] = [sums.begunWork + ridge * half, sums.endedWork + ridge * half];
  const determinant = bb * ee - be * be;
  const [begin, end] = [(bw * ee - ew * be) / determinant, (ew * bb - bw * be) / determinant];
  return Math.max(begin, half / 10) + Math.max(end, half / 10);
}

export function createGovernor({ clock, toBusyShare, toLagMs }: GovernorOptions): Governor {
  let pace = FRESH_PACE;
  let ceiling = toCeiling(pace);
  let [begun, ended] = [0, 0];
  let lookedMs = clock.monotonicMs();
  let isOn = false;
  let cancel = (): void => undefined;

  function look(): void {
    if (!isOn) return;
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - lookedMs;
    const lateMs = Math.max(0, elapsedMs - LOOK_EVERY_MS);
    const lagMs = Math.max(lateMs, toLagMs(clock.now()));
    pace = toNextPace(pace, { elapsedMs, busyShare: toBusyShare(), lagMs, begun, ended });
    ceiling = toCeiling(pace);
    [begun, ended, lookedMs] = [0, 0, nowMs];
    cancel = clock.after(LOOK_EVERY_MS, look);
  }

  return {
    perSecond: () => ceiling,
    onBegun: () => void begun++,
    onSettled: () => void ended++,
    start: () => {
      if (isOn) return;
      isOn = true;
      lookedMs = clock.monotonicMs();
      toBusyShare(); // what was before is not the calls' doing
      cancel = clock.after(LOOK_EVERY_MS, look);
    },
    stop: () => {
      isOn = false;
      cancel();
    },
  };
}
