import { toBreakerPhase } from "../kit/breaker.ts";

/** What a lane's row says about how hard its connection may be pressed at this instant. */
export interface LanePressure {
  concurrency: number;
  /** `null` is no limit. */
  perSecond: number | null;
  /** The bucket as it was at `tokensAt`. */
  tokens: number;
  tokensAt: Date;
  failures: number;
  openUntil: Date | null;
}

export interface LaneQuota {
  /** Deliveries that may be in flight at once, those under way included; 0 while the breaker is open. */
  slots: number;
  /** The bucket now, not yet reduced by what is taken. `null` without a limit. */
  tokens: number | null;
  /** Milliseconds until one more could start when `slots` or `tokens` forbid it now, else `null`. */
  waitMs: number | null;
}

/** Pure. A bucket holds one second's worth, at least one; a clock that went back refills nothing. */
export function toLaneQuota(lane: LanePressure, now: Date): LaneQuota {
  const phase = toBreakerPhase(lane, now);
  const tokens = lane.perSecond === null ? null : refill(lane, lane.perSecond, now);
  if (phase === "open") {
    return { slots: 0, tokens, waitMs: (lane.openUntil?.getTime() ?? now.getTime()) - now.getTime() };
  }
  const slots = phase === "half_open" ? 1 : lane.concurrency;
  if (tokens === null || lane.perSecond === null || tokens >= 1) return { slots, tokens, waitMs: null };
  return { slots, tokens, waitMs: Math.ceil(((1 - tokens) / lane.perSecond) * 1_000) };
}

function refill({ tokens, tokensAt }: LanePressure, perSecond: number, now: Date): number {
  const elapsedMs = Math.max(0, now.getTime() - tokensAt.getTime());
  return Math.min(Math.max(1, perSecond), tokens + (elapsedMs / 1_000) * perSecond);
}
