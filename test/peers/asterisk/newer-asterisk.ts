// The telephony suites run on Asterisk 16; a whole test run repeats them on 22 where that can be had.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

export const NEWER_ASTERISK = "22";
const INSTALL_TIMEOUT_MS = 300_000;
/** What hears, steers, checks or dials. Crashes, sounds and trunk files are Enlace's own matter, whatever the Asterisk. */
const SUITES = [
  "call-stories",
  "campaign",
  "carrier",
  "commands",
  "dial",
  "doctor",
  "fastagi",
  "freepbx-shape",
  "hooks",
  "ivr",
  "orders",
  "reconcile",
  "reconcile-over-ami",
  "recordings",
  "redirect",
  "telephony",
];

/** Of `test/peers/asterisk`, for `ENLACE_TEST_ASTERISK=22`. */
export function listNewerAsteriskSuites(): string[] {
  return SUITES.map((suite) => join(import.meta.dirname, `${suite}.test.ts`));
}

/** Downloads and unpacks it once, where every test file copies it from. Returns why it cannot be had here. */
export function findNewerAsteriskProblem(folder: string): string | undefined {
  const place = join(folder, "newer-asterisk");
  const script = join(import.meta.dirname, "asterisk.sh");
  const { status, stderr, error } = spawnSync(script, ["install", NEWER_ASTERISK, place], {
    timeout: INSTALL_TIMEOUT_MS,
    encoding: "utf8",
  });
  rmSync(place, { recursive: true, force: true });
  return status === 0
    ? undefined
    : stderr?.trim().split("\n").slice(-3).join(" / ") || (error?.message ?? "it did not end");
}
