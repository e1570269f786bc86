// A private MariaDB with the call records of a FreePBX in it, for tests: own folder, own port, ended by its pid.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";

const run = promisify(execFile);
const SERVER = process.env.ENLACE_TEST_MARIADB ?? "/usr/sbin/mariadbd";
const INSTALL = "mariadb-install-db";

export interface MariaDb {
  port: number;
  /** As its administrator. */
  query(sql: string, values?: readonly unknown[]): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves with a sentence when it cannot be had here, for `{ skip }`; also written to stderr: skipped is not passed. */
export async function startMariaDb(): Promise<MariaDb | string> {
  if (!existsSync(SERVER)) return skipped(`${SERVER} is not there: install the Debian package mariadb-server`);
  const folder = mkdtempSync(join(tmpdir(), "enlace-mariadb-"));
  try {
    return await start(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return skipped(error instanceof Error ? error.message : String(error));
  }
}

function skipped(why: string): string {
  process.stderr.write(`\n!!! SKIPPED test/peers/mariadb: ${why}\n\n`);
  return why;
}

async function start(folder: string): Promise<MariaDb> {
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  const data = join(folder, "data");
  await run(INSTALL, ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", ...user]);
  const port = await findFreePort();
  const socket = join(folder, "socket");
  const flags = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    `--port=${port}`,
    `--socket=${socket}`,
    `--datadir=${data}`,
  ];
  const small = [
    "--innodb-buffer-pool-size=16M",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
  ];
  const child = spawn(SERVER, ["--no-defaults", ...flags, ...small, ...user], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const admin = { socketPath: socket, user: "root" };
  await eventually(async () => (await createConnection(admin)).end(), { timeoutMs: 30_000 });
  const query = async (sql: string, values: readonly unknown[] = []): Promise<void> => {
    const connection = await createConnection({ ...admin, multipleStatements: true });
    await connection.query(sql, [...values]);
    await connection.end();
  };
  return { port, query, stop };
}
