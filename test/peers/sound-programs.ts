// Whether the programs are here that make and read sound; where they are not, the suites that need them say so loudly.
import { existsSync } from "node:fs";

const FOLDERS = ["/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"];

function whyMissing(suite: string, programs: readonly string[]): string | false {
  const missing = programs.filter((name) => !FOLDERS.some((folder) => existsSync(`${folder}/${name}`)));
  if (missing.length === 0) return false;
  const reason = `${missing.join(" and ")} cannot be had here: install the Debian packages sox, libsox-fmt-mp3 and espeak-ng`;
  process.stderr.write(`\n!!! SKIPPED: ${suite}\n!!! BECAUSE: ${reason}\n\n`);
  return reason;
}

/** For the `skip` of a test. */
export const soxIsMissing = whyMissing("audios that are converted", ["sox"]);
export const speechIsMissing = whyMissing("texts that are spoken", ["sox", "espeak-ng"]);
