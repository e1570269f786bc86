import { performance } from "node:perf_hooks";
import process from "node:process";

/**
 * The share of time, 0 … 1, that this process has worked since it was asked last. 1: there is always more to do than is done.
 * The event loop looks busy also while others have the processor, and the processor's time has helpers' work in it: the smaller
 * of both is what the work has cost.
 */
export function createBusyMeter(): () => number {
  let last = performance.eventLoopUtilization();
  let lastCpu = process.cpuUsage();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization, active, idle } = performance.eventLoopUtilization(now, last);
    const { user, system } = process.cpuUsage(lastCpu);
    [last, lastCpu] = [now, process.cpuUsage()];
    return Math.min(utilization, (user + system) / 1_000 / Math.max(1, active + idle));
  };
}
