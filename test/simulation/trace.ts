/** What happened in a run, in order, for the person who must understand a failed seed. */
export interface Trace {
  add(who: string, what: string): void;
  /** Machine milliseconds since the run began. */
  elapsedMs(): number;
  /** Readable lines; with `about`, only those that name one of these words or concern the whole house. */
  lines(about?: readonly string[]): string[];
}

const LINES_MAX = 50_000;
const HOUSE = new Set(["disaster", "server", "run"]);

export function createTrace(): Trace {
  const startedAt = performance.now();
  const entries: { atMs: number; who: string; what: string }[] = [];
  const elapsedMs = (): number => Math.round(performance.now() - startedAt);
  return {
    elapsedMs,
    add: (who, what) => {
      if (entries.length < LINES_MAX) entries.push({ atMs: elapsedMs(), who, what });
    },
    lines: (about) =>
      entries
        .filter(({ who, what }) => !about || HOUSE.has(who) || about.some((word) => isNamed(word, what)))
        .map(({ atMs, who, what }) => `${String(atMs).padStart(6)} ms  ${who.padEnd(9)} ${what}`),
  };
}

/** `sim-1-3` is not named by `sim-1-33`. */
function isNamed(word: string, text: string): boolean {
  const end = text.indexOf(word) + word.length;
  return end >= word.length && !/\d/.test(text[end] ?? "");
}
