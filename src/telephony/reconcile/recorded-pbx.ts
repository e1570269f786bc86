import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { PbxSettings } from "../pbx.ts";
import type { CdrSource } from "./cdr-source.ts";
import { createCsvSource } from "./csv-source.ts";
import { createMysqlSource } from "./mysql-source.ts";

/** What comparing its records needs to know of a PBX, whether or not anybody listens to it. */
export type RecordedPbx = Omit<PbxSettings, "address" | "dial" | "spoolFolder">;

/** `undefined` where records are not kept in a place that can be read. */
export function openSource({ cdr, timeZone = "UTC" }: RecordedPbx): CdrSource | undefined {
  if (cdr?.kind === "mysql") return createMysqlSource(cdr, timeZone);
  return cdr?.kind === "csv" ? createCsvSource(cdr.path, timeZone) : undefined;
}

export interface Repeating {
  /** Of the PBX, for the log. */
  name: string;
  everyMs: number;
  clock: Clock;
  log: Log;
}

/** Does it again and again until `signal` aborts; the store may be down for a while. */
export async function repeat(
  step: () => Promise<void>,
  signal: AbortSignal,
  { name, everyMs, clock, log }: Repeating,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await step();
    } catch (error) {
      if (!signal.aborted) log.warn({ pbx: name, reason: toErrorMessage(error) }, "reconcile.failed");
    }
    await clock.sleep(everyMs, signal).catch(() => undefined); // aborted: the loop's condition ends it
  }
}
