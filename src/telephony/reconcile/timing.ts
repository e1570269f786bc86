/** When reconciliation does what. */
export interface Timing {
  tickMs: number;
  /** Records are written when a call is over, in bursts somewhat later. */
  settleMs: number;
  heartbeatMs: number;
  checkEveryMs: number;
  /** A record appears when its call ends, with the time at which it began. */
  lookbackMs: number;
}

export const TIMING: Timing = {
  tickMs: 5_000,
  settleMs: 20_000,
  heartbeatMs: 30_000,
  checkEveryMs: 600_000,
  lookbackMs: 7_200_000,
};
