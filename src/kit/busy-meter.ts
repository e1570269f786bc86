import { performance } from "node:perf_hooks";

/** The share of time, 0 … 1, that this process's event loop has worked since it was asked last. 1: there is always more to do than is done. */
export function createBusyMeter(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
