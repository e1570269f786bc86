// Starts two real Asterisks for a test file: the PBX and, for calls over SIP, the rest of the world. See README.md.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "asterisk.sh");
const VERSION = process.env.ENLACE_TEST_ASTERISK ?? "16";
const OFFSET = Number(process.env.ENLACE_TEST_PBX_OFFSET ?? 7000);

export interface Asterisk {
  folder: string;
  amiPort: number;
  agiPort: number;
  /** CLI command; resolves with what it printed. */
  cli(command: string): Promise<string>;
}

export const AMI_SECRET = "enlace-test";

/**
 * Installs and starts; stopped and removed when the test file ends. Resolves with a sentence when Asterisk cannot be had here,
 * for `{ skip }`; it is also written to stderr, because a skipped suite must not look like a passed one.
 */
export async function startAsterisks(): Promise<{ pbx: Asterisk; far: Asterisk } | string> {
  const root = mkdtempSync(join(tmpdir(), "enlace-asterisk-"));
  try {
    const pbx = await start(join(root, "pbx"), "pbx", OFFSET);
    const far = await start(join(root, "far"), "far", OFFSET + 100);
    return { pbx, far };
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    const reason = `Asterisk ${VERSION} cannot be had here: ${toSentence(error)}`;
    process.stderr.write(`\n!!! SKIPPED test/peers/asterisk: ${reason}\n\n`);
    return reason;
  }
}

async function start(folder: string, role: "pbx" | "far", offset: number): Promise<Asterisk> {
  const other = role === "pbx" ? OFFSET + 100 : OFFSET;
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
    await run(SCRIPT, ["stop", folder], { env });
    rmSync(folder, { recursive: true, force: true });
  });
  await run(SCRIPT, ["start", folder], { env, timeout: 60_000 });
  const cli = async (command: string): Promise<string> =>
    (await run(SCRIPT, ["cli", folder, ...command.split(" ")], { env })).stdout;
  return { folder, amiPort: 5038 + offset, agiPort: 4573 + offset, cli };
}

function toSentence(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).split("\n").slice(-3).join(" / ");
}
