// Plain JavaScript that also runs on old Nodes: makes sure that the packages and Node 24 are there, then hands over.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NODE_MAJOR = 24;
const ROOT = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const OWN_NODE = join(ROOT, "node_modules", "node", "bin", "node");

/**
 * Runs `file` (below the project's root) with `args` under Node 24 or newer, installing what is missing first.
 * `development`: also the tools of tests and checks. `withConsole`: builds the console first where its sources are newer.
 * The exit code is the program's.
 */
export async function run(file, args, { development = false, withConsole = false } = {}) {
  const mustBuild = withConsole && isConsoleOld();
  const canBuild = mustBuild && ensureTools();
  ensurePackages(development);
  const path = join(ROOT, file);
  const node = ensureNode();
  if (canBuild) buildConsole(node);
  if (node !== process.execPath) return await handOver(node, [path, ...args]);
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}

/** A package brings the console built and without its sources; a clone has sources only. */
function isConsoleOld() {
  const [source, built] = [join(ROOT, "web"), join(ROOT, "web", "dist", "index.html")];
  if (!existsSync(join(source, "main.tsx"))) return false;
  return !existsSync(built) || newestMs(source) > statSync(built).mtimeMs;
}

function newestMs(folder) {
  const names = readdirSync(folder, { withFileTypes: true });
  const known = names.filter(({ name }) => name !== "dist" && !name.endsWith(".gen.ts"));
  const times = known.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs;
  });
  return Math.max(0, ...times);
}

/** What builds the console is not needed to run Enlace: where it cannot be had, Enlace starts all the same. */
function ensureTools() {
  if (findOutdated(true).length === 0) return true;
  say("installing packages with npm, and the tools that build the console, once; this takes about a minute");
  npm(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--include=dev"]);
  if (findOutdated(true).length === 0) return true;
  say("the tools that build the console could not be installed: `npm run build:web` tries again");
  return false;
}

function buildConsole(node) {
  say("building the console, once; this takes a few seconds");
  const { status } = spawnSync(node, [join(ROOT, "web", "tools", "build.ts")], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (status !== 0) say("the console could not be built (its reason is above); Enlace starts without the newest one");
}

/** Compares npm's own record of what is installed with package-lock.json. */
function ensurePackages(development) {
  const outdated = findOutdated(development);
  if (outdated.length === 0) return;
  const flags = ["--no-audit", "--no-fund", "--loglevel=error", ...(development ? [] : ["--omit=dev"])];
  say(`installing packages with npm (${outdated.length} missing or outdated), once; this takes about a minute`);
  if (!npm(["ci", ...flags])) {
    say("`npm ci` failed (its reason is above); trying `npm install`, which may change package-lock.json");
    npm(["install", ...flags]);
  }
  if (findOutdated(development).length === 0) return;
  fail(
    `the packages could not be installed in ${ROOT}: npm needs its registry (network, or a mirror) and a writable folder`,
  );
}

function findOutdated(development) {
  const wanted = readPackages("package-lock.json");
  const found = readPackages(join("node_modules", ".package-lock.json"));
  return Object.entries(wanted).flatMap(([name, { version, dev, optional, devOptional }]) => {
    const have = found[name];
    if (name === "" || (have && have.version === version)) return [];
    const mayBeAway = optional || devOptional || (dev && !development);
    return !have && mayBeAway ? [] : [name];
  });
}

function readPackages(file) {
  const path = join(ROOT, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

/** Our own Node 24 from npm when this one is too old. npm may have left its binary out, where scripts are not allowed. */
function ensureNode() {
  if (majorOf(process.versions.node) >= NODE_MAJOR) return process.execPath;
  if (works(OWN_NODE)) return OWN_NODE;
  const installer = join(ROOT, "node_modules", "node", "installArchSpecificPackage.js");
  if (existsSync(installer)) {
    say(`this is Node ${process.versions.node}; fetching Node ${NODE_MAJOR} into node_modules, which npm left out`);
    spawnSync(process.execPath, [installer], { cwd: dirname(installer), stdio: ["ignore", 2, 2] });
    if (works(OWN_NODE)) return OWN_NODE;
  }
  return fail(
    `Node ${NODE_MAJOR} or newer is needed, this is ${process.versions.node}, and npm brought none for ${process.platform}-${process.arch}: install it from https://nodejs.org`,
  );
}

function works(node) {
  const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return status === 0 && majorOf(stdout.replace("v", "")) >= NODE_MAJOR;
}

/** Passes signals on and ends as the program ends. A terminal sends Ctrl-C to the program by itself. */
async function handOver(node, args) {
  const child = spawn(node, args, { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`Node ${NODE_MAJOR} does not start: ${error.message}`));
  const [code, signal] = await new Promise((resolve) => child.on("exit", (...end) => resolve(end)));
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function npm(args) {
  const own = process.env.npm_execpath;
  const [program, first] = own && /npm-cli\.[cm]?js$/.test(own) ? [process.execPath, [own]] : ["npm", []];
  const { status, error } = spawnSync(program, [...first, ...args], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (error) say(`npm cannot be run: ${error.message}`);
  return status === 0;
}

const majorOf = (version) => Number.parseInt(version, 10);

/** To stderr: the program's own output stays clean. */
function say(sentence) {
  process.stderr.write(`enlace: ${sentence}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}
