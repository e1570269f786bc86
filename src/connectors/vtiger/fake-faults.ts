// The bad days of a CRM, put in by tests and the demo.

export type FaultKind =
  /** HTTP 500 without a body: the database is down, or PHP crashed. */
  | "empty500"
  /** HTTP 502 with the web server's page: PHP is down. */
  | "html502"
  /** HTTP 200 with a page: under maintenance. */
  | "maintenance"
  /** HTTP 200 with PHP's stack trace: the database refused a value. */
  | "trace"
  /** HTTP 200 with `error`, as Vtiger tells every error of its own. */
  | "refused"
  /** A success whose result has another form than ever. */
  | "oddResult"
  /** HTTP 403 from a filter in front. */
  | "forbidden"
  | "tooMany"
  | "unavailable"
  /** The connection breaks in the middle of the answer; nothing was done. */
  | "cut"
  /** The same, but it was done. */
  | "cutAfter"
  /** No answer ever comes; nothing was done. */
  | "silent"
  /** No answer ever comes, but it was done. */
  | "lost"
  /** No answer ever comes, and it is done only when `release` is called: a late success. */
  | "late"
  /** Done and answered after `delayMs`. */
  | "slow";

export interface Fault {
  kind: FaultKind;
  /** Only requests of this operation; any when absent. */
  operation?: string;
  /** How many requests it spoils; 1 when absent, `Infinity` until cleared. */
  times?: number;
  retryAfterSeconds?: number;
  delayMs?: number;
  error?: { code: string | number; message: string };
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** Called whenever a request will never be answered: time for its sender to give up. */
  onSilence(listener: () => void): void;
  /** Does what `late` requests held back. */
  release(): void;
  /** Sessions over there are forgotten. */
  expireSessions(): void;
  /** As if somebody else logged in as the same user between challenge and log-in, this many times. */
  overlapLogins(times: number): void;
}

export interface FaultQueue {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that spoils this request, used up by one. */
  take(operation: string): Fault | undefined;
}

export function createFaultQueue(): FaultQueue {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    clear: () => {
      waiting = [];
    },
    take: (operation) => {
      const found = waiting.find(({ fault }) => fault.operation === undefined || fault.operation === operation);
      if (found === undefined) return undefined;
      found.left--;
      if (found.left <= 0) waiting = waiting.filter((one) => one !== found);
      return found.fault;
    },
  };
}
