import { execFile } from "node:child_process";
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { newSecret, type Random } from "../random.ts";
import type { Place } from "./embedded-place.ts";

/** What PostgreSQL's programs see of our environment: nothing but this. */
export const SERVER_ENVIRONMENT = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };
const INIT_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

export interface ClusterOptions {
  place: Place;
  binaries: string;
  random: Random;
  /** false only for throw-away clusters. */
  durable: boolean;
}

/**
 * Makes the cluster unless it is there, and returns the password of its roles. UTF-8 text, compared byte by byte and the
 * same on every system (PostgreSQL's builtin C.UTF-8), checksums on every page. Made aside and renamed, so a cluster that
 * is there is whole.
 */
export async function prepareCluster({ place, binaries, random, durable }: ClusterOptions): Promise<string> {
  const made = await majorOf(place.cluster);
  if (made !== undefined) {
    await refuseOtherMajor(place, binaries, made);
    return loadPassword(place);
  }
  const password = newSecret(random);
  await rm(place.passwordFile, { force: true });
  await writeFile(place.passwordFile, password, { mode: 0o600 });
  if (place.account) await chown(place.passwordFile, place.account.uid, place.account.gid);
  const unfinished = `${place.cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await runBinary(place, join(binaries, "bin", "initdb"), [
    ...["-D", unfinished, "--username=postgres", `--pwfile=${place.passwordFile}`, "--auth=scram-sha-256"],
    ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ...["--data-checksums", "--no-instructions", ...(durable ? [] : ["--no-sync"])],
  ]);
  await rename(unfinished, place.cluster);
  return password;
}

async function refuseOtherMajor(place: Place, binaries: string, made: string): Promise<void> {
  const ours = /\(PostgreSQL\) (\d+)/.exec(
    await runBinary(place, join(binaries, "bin", "postgres"), ["--version"]),
  )?.[1];
  if (ours === made) return;
  throw new Error(
    `${place.cluster} was made by PostgreSQL ${made}, and this Enlace brings ${ours}: back up with the older Enlace (enlace backup), move ${place.folder} away, start, and restore`,
  );
}

async function loadPassword(place: Place): Promise<string> {
  const password = await readIfThere(place.passwordFile);
  if (password) return password;
  throw new Error(
    `${place.passwordFile} is missing, and ${place.cluster} cannot be opened without it: restore it from the backup of the data folder`,
  );
}

/** Runs to the end under the place's account and returns what it printed; a failure becomes a sentence with its words. */
async function runBinary(place: Place, program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      cwd: place.folder,
      env: SERVER_ENVIRONMENT,
      timeout: INIT_TIMEOUT_MS,
      ...place.account,
    });
    return stdout;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new Error(
      `PostgreSQL's ${program} does not run on this system: ${stderr.trim() || message}. If this cannot be mended, set DATABASE_URL to a PostgreSQL of your own (15 or newer)`,
      { cause: error },
    );
  }
}

const majorOf = async (cluster: string): Promise<string | undefined> =>
  (await readIfThere(join(cluster, "PG_VERSION")))?.trim();

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
