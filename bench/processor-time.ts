import { readdirSync, readFileSync } from "node:fs";

/** Kernel clock ticks a second, on every Linux that Node runs on. */
const TICKS = 100;

/** Processor seconds that a process has used; with `children`, those of its children as well, living or gone. */
export function cpuSeconds(pid: number, { children = false } = {}): number {
  const own = readStat(pid);
  if (!own || !children) return own?.seconds ?? 0;
  const living = childrenOf(pid).reduce((sum, each) => sum + (readStat(each)?.seconds ?? 0), 0);
  return own.seconds + own.goneChildrenSeconds + living;
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => readStat(each)?.parent === pid);
}

/** A process may be gone between being listed and being read. */
function readStat(pid: number): { parent: number; seconds: number; goneChildrenSeconds: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // a name may hold blanks
  const seconds = (at: number): number => (Number(fields[at]) + Number(fields[at + 1])) / TICKS;
  return { parent: Number(fields[1]), seconds: seconds(11), goneChildrenSeconds: seconds(13) };
}
