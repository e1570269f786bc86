/** How much faster than the machine's clock the servers of a simulation live: their 60 s of grace are two. */
export const CLOCK_FACTOR = 30;

/** Machine milliseconds that pass while the servers believe `ms` have. */
export const toRealMs = (ms: number): number => Math.round(ms / CLOCK_FACTOR);
