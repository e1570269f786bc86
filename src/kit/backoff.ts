export interface BackoffPolicy {
  firstMs: number;
  maxMs: number;
}

/**
 * Wait before try number `failures + 1` (`failures` ≥ 1): doubles from `firstMs` to `maxMs`, then takes between half and all
 * of it, so that many waiters spread out. `fraction` is uniform in [0, 1).
 */
export function toBackoffMs(failures: number, { firstMs, maxMs }: BackoffPolicy, fraction: number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(full / 2 + (full / 2) * fraction);
}
