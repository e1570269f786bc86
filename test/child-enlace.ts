import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { toEnvironment } from "./environment.ts";
import { findFreePort } from "./free-port.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

const MAIN = join(import.meta.dirname, "..", "src", "main.ts");
/** The same with a clock that runs fast. */
const FAST = join(import.meta.dirname, "simulation", "server.ts");

export interface ChildEnlaceOptions {
  databaseUrl: string;
  crmUrl: string;
  env?: Readonly<Record<string, string>>;
  /** With a clock that runs thirty times as fast, for what takes minutes. */
  isFast?: boolean;
  onLine?(line: string): void;
}

/** Enlace as users start it, as a process of its own; not started yet, and killed when the test file ends. */
export async function createChildEnlace(options: ChildEnlaceOptions): Promise<ServerProcess> {
  const { databaseUrl, crmUrl, env, isFast = false, onLine } = options;
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-child-"));
  const server = createServerProcess({
    entry: isFast ? [FAST] : [MAIN, "start"],
    env: {
      ...toEnvironment({ databaseUrl, dataFolder, crmUrl }),
      ...(isFast && { SIMULATION_EPOCH_MS: String(Date.now()) }),
      ...env,
    },
    port: await findFreePort(),
    ...(onLine && { onLine }),
  });
  after(async () => {
    await server.kill();
    await rm(dataFolder, { recursive: true, force: true });
  });
  return server;
}
