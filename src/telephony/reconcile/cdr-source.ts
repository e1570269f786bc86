import type { LookupFunction } from "node:net";
import type { CdrSettings } from "../../core/pbx-record.ts";
import type { CdrRow } from "./cdr-row.ts";

/** The settings of a PBX's call records, judged: where they may be read and how its host is looked up. */
export type CdrPlace =
  | Exclude<CdrSettings, { kind: "mysql" | "none" }>
  | (Extract<CdrSettings, { kind: "mysql" }> & { lookup?: LookupFunction })
  | { kind: "none"; problem?: string };

/** From `since` on and before `until`. */
export interface TimeWindow {
  since: Date;
  until: Date;
}

/** Where the call detail records of one PBX are read. */
export interface CdrSource {
  /**
   * Rows of every call of which at least one row began in the window: all its rows, as far as the source can tell.
   * Rejects with `TooManyRowsError` when there are more than `rowsMax`, with any other error when they cannot be read.
   */
  load(window: TimeWindow, options: { rowsMax: number; signal: AbortSignal }): Promise<readonly CdrRow[]>;
  /** Since when it has records; `null`: as far back as anybody could ask. */
  reachesBackTo(): Date | null;
  close(): Promise<void>;
}

/** The window holds more than may be held in memory at once: ask for a shorter one. */
export class TooManyRowsError extends Error {
  constructor(rowsMax: number) {
    super(`more than ${rowsMax} call records in one window`);
    this.name = "TooManyRowsError";
  }
}
