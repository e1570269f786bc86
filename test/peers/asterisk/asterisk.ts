// Starts two real Asterisks for a test file: the PBX and, for calls over SIP, the rest of the world. See README.md.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "asterisk.sh");
const VERSION = process.env.ENLACE_TEST_ASTERISK ?? "16";
const OFFSETS = process.env.ENLACE_TEST_PBX_OFFSET
  ? [Number(process.env.ENLACE_TEST_PBX_OFFSET)]
  : [7000, 8000, 9000, 10_000, 11_000, 12_000, 6000];

export interface Asterisk {
  folder: string;
  amiPort: number;
  agiPort: number;
  /** Where the trunks `carrier` and `spare` look for their carriers (`startCarrier`). */
  carrierPort: number;
  sparePort: number;
  /** CLI command; resolves with what it printed. */
  cli(command: string): Promise<string>;
}

export const AMI_SECRET = "enlace-test";

/**
 * Installs and starts; stopped and removed when the test file ends. Resolves with a sentence when Asterisk cannot be had here,
 * for `{ skip }`; it is also written to stderr, because a skipped suite must not look like a passed one.
 */
export async function startAsterisks(): Promise<{ pbx: Asterisk; far: Asterisk } | string> {
  for (;;) {
    const root = mkdtempSync(join(tmpdir(), "enlace-asterisk-"));
    try {
      const offset = await takeOffset();
      const pbx = await start(join(root, "pbx"), { role: "pbx", offset, other: offset + 100 });
      const far = await start(join(root, "far"), { role: "far", offset: offset + 100, other: offset });
      return { pbx, far };
    } catch (error) {
      for (const role of ["pbx", "far"]) await stop(join(root, role)); // one may run where the other could not
      rmSync(root, { recursive: true, force: true });
      const problem = toSentence(error);
      if (/port \d+ is taken/.test(problem)) continue; // by somebody who was quicker: the place is held, the next one is tried
      const reason = `Asterisk ${VERSION} cannot be had here: ${problem}`;
      process.stderr.write(`\n!!! SKIPPED test/peers/asterisk: ${reason}\n\n`);
      return reason;
    }
  }
}

/**
 * Test files run side by side: each holds a port of its own, as long as it runs, for the ports its Asterisks may have. One that
 * an interrupted run left behind is gone round.
 */
async function takeOffset(): Promise<number> {
  for (const offset of OFFSETS) {
    const holder = await listen(4_999 + offset);
    if (!holder) continue;
    const probes = await Promise.all([5_038, 5_138].map((port) => listen(port + offset)));
    for (const probe of probes) probe?.close();
    if (probes.every((probe) => probe !== undefined)) return offset;
    holder.close();
  }
  throw new Error(`all places for an Asterisk are taken: ${OFFSETS.join(", ")}`);
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port }, () => resolve(server));
  });
}

interface Place {
  role: "pbx" | "far";
  /** Of its ports. */
  offset: number;
  /** Of those of the other one. */
  other: number;
}

async function start(folder: string, { role, offset, other }: Place): Promise<Asterisk> {
  const env = {
    ...process.env,
    PBX_CONF: join(import.meta.dirname, "etc", role),
    PBX_OFFSET: String(offset),
    PBX_RTP_START: String(20_000 + offset),
    PBX_TRUNK_PORT: String(5060 + other),
    PBX_AMI_SECRET: AMI_SECRET,
  };
  await run(SCRIPT, ["install", VERSION, folder], { env, timeout: 300_000 });
  after(async () => {
    await stop(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  await run(SCRIPT, ["start", folder], { env, timeout: 60_000 });
  watchOver(folder);
  const cli = async (command: string): Promise<string> =>
    (await run(SCRIPT, ["cli", folder, ...command.split(" ")], { env })).stdout;
  const ports = { amiPort: 5038, agiPort: 4573, carrierPort: 5080, sparePort: 5090 };
  const shifted = Object.entries(ports).map(([name, port]) => [name, port + offset]);
  return { folder, ...(Object.fromEntries(shifted) as typeof ports), cli };
}

/** Ends Asterisk with this process, however it ends: a test file that throws at its top runs no hooks. */
function watchOver(folder: string): void {
  const pid = readFileSync(join(folder, "asterisk.pid"), "utf8").trim();
  const script = 'while kill -0 "$0" 2>/dev/null && kill -0 "$1" 2>/dev/null; do sleep 1; done; kill "$1" 2>/dev/null';
  spawn("sh", ["-c", script, String(process.pid), pid], { detached: true, stdio: "ignore" }).unref();
}

/** Does nothing where none runs. */
const stop = (folder: string): Promise<unknown> => run(SCRIPT, ["stop", folder]);

function toSentence(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).split("\n").slice(-3).join(" / ");
}
