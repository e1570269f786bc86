import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HeardEvent } from "./heard-call.ts";
import { type HookFields, type HookType, parseHookEvent } from "./hook-event.ts";

// The sequences that PBXs of the older system post, and the ways a line may deliver them.

const FOLDER = join(import.meta.dirname, "fixtures");
/** Instant of the unique ids; 23:15 in the PBX's zone. */
export const BEGUN_MS = 1_700_000_100_000;
export const PBX_ZONE = "Europe/Madrid";

export interface Posted {
  /** Seconds after the call began at which it happens. */
  seconds: number;
  type: HookType;
  fields: HookFields;
}

export const SEQUENCES = readdirSync(FOLDER)
  .map((name) => name.replace(".jsonl", ""))
  .sort();

/** `s01` is enough of a name. */
export function loadSequence(start: string): Posted[] {
  const name = SEQUENCES.find((each) => each.startsWith(start));
  if (name === undefined) throw new Error(`there is no sequence ${start}`);
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const { s: seconds, type, ...fields } = JSON.parse(line);
    return { seconds, type, fields };
  });
}

/** As heard `lagSeconds` after each happened. */
export function hear(posted: readonly Posted[], lagSeconds = 2): HeardEvent[] {
  return posted.map(({ seconds, type, fields }, index) => ({
    ...parseHookEvent(type, fields, PBX_ZONE),
    key: `${type}${String(index).padStart(3, "0")}`,
    receivedAt: new Date(BEGUN_MS + (seconds + lagSeconds) * 1000),
  }));
}
