// A process that keeps an embedded PostgreSQL and does nothing else, for tests that kill it.
// Usage: node fake-enlace.ts <dataFolder>; prints the address when ready, stops cleanly on SIGTERM.
import { systemClock } from "../clock.ts";
import { createLog } from "../log.ts";
import { systemRandom } from "../random.ts";
import { startEmbeddedPostgres } from "./embedded.ts";

const [dataFolder = ""] = process.argv.slice(2);
const log = createLog({ level: "silent", format: "json" });
try {
  const embedded = await startEmbeddedPostgres({ dataFolder, clock: systemClock, random: systemRandom, log });
  process.stdout.write(`${embedded.url}\n`);
  process.once("SIGTERM", () => void embedded.stop().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
