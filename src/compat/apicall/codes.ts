import { DISPOSITIONS, type Disposition } from "../../core/disposition.ts";

/** The older dialer's code of each disposition. It knew neither agents nor people who opt out. */
const CODES: Readonly<Record<Disposition, string>> = {
  answered: "A",
  transferred: "XFER",
  no_input: "N",
  opted_out: "DNC",
  machine: "AM",
  abandoned: "FAIL",
  busy: "B",
  no_answer: "NA",
  rejected: "NA",
  invalid_number: "NI",
  congestion: "CONG",
  failed: "FAIL",
  suppressed: "DNC",
};
const FAILED: readonly string[] = ["NI", "CONG", "FAIL", "DNC"];

export function toCode(disposition: Disposition): string {
  return CODES[disposition];
}

/** Every disposition that has this code; none for a word that is no code. */
export function fromCode(code: string): Disposition[] {
  return DISPOSITIONS.filter((disposition) => CODES[disposition] === code.toUpperCase());
}

/** `DIALING`, `CONNECTED`, `HUMAN`, `COMPLETED` or `FAILED`, as the older log said it. */
export function toStatus(attempt: {
  state: "queued" | "dialing" | "talking" | "ended";
  disposition: Disposition | null;
  amd: string | null;
}): string {
  const { state, disposition, amd } = attempt;
  if (state === "queued" || state === "dialing") return "DIALING";
  if (state === "talking") return amd === null ? "CONNECTED" : "HUMAN";
  return disposition !== null && FAILED.includes(CODES[disposition]) ? "FAILED" : "COMPLETED";
}
