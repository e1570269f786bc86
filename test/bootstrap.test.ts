// bin/ in a small project of its own, with a stand-in for npm on the PATH: what a person with a bare clone meets.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const ROOT = join(import.meta.dirname, "..");
const MAIN = `
  if (process.argv[2] === "wait") {
    process.on("SIGTERM", () => process.exit(7));
    setInterval(() => undefined, 1_000);
  }
  process.stdout.write(JSON.stringify({ major: parseInt(process.versions.node), args: process.argv.slice(2) }) + "\\n");
  if (process.argv[2] === "killed") process.kill(process.pid, "SIGKILL");
  if (process.argv[2] === "fails") process.exit(3);
`;
/** Installs what the lock file wants by writing npm's record of it; "broken" fails, "ci-broken" fails for ci alone. */
const FAKE_NPM = `#!/bin/sh
echo "npm $*" >> npm-calls
[ "$FAKE_NPM" = broken ] && exit 1
[ "$FAKE_NPM" = ci-broken ] && [ "$1" = ci ] && exit 1
mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json
`;

const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path) && majorOf(path) < 24);
const nodes = [
  ["a Node that is new enough", process.execPath, false],
  ["an old Node", oldNode ?? "", oldNode === undefined && "this machine has no Node older than 24"],
] as const;

function majorOf(node: string): number {
  return Number.parseInt(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.slice(1), 10);
}

interface Project {
  folder: string;
  env: Record<string, string>;
}

function newProject({ installed = true, ownNode = true } = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), "enlace-bootstrap-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
  for (const name of ["src", "fake-bin", "node_modules"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "src/main.ts"), MAIN);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "clone", type: "module" }));
  writeLock(folder, "1.0.0");
  if (installed) cpSync(join(folder, "package-lock.json"), join(folder, "node_modules/.package-lock.json"));
  writeFileSync(join(folder, "fake-bin/npm"), FAKE_NPM);
  chmodSync(join(folder, "fake-bin/npm"), 0o755);
  if (ownNode) {
    mkdirSync(join(folder, "node_modules/node/bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, "node_modules/node/bin/node"));
  }
  return { folder, env: { PATH: `${join(folder, "fake-bin")}:/usr/bin:/bin` } };
}

function writeLock(folder: string, version: string): void {
  const packages = {
    "": {},
    "node_modules/needed": { version },
    "node_modules/other-system": { version: "1.0.0", optional: true },
    "node_modules/tool": { version: "1.0.0", dev: true },
  };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages }));
}

function run(node: string, { folder, env }: Project, args: readonly string[], more = {}) {
  const options = { cwd: tmpdir(), env: { ...env, ...more }, encoding: "utf8" } as const;
  return spawnSync(node, [join(folder, "bin/enlace.mjs"), ...args], options);
}

const npmCalls = ({ folder }: Project): string[] =>
  existsSync(join(folder, "npm-calls")) ? readFileSync(join(folder, "npm-calls"), "utf8").trim().split("\n") : [];

for (const [name, node, skip] of nodes) {
  test(`with ${name} the program runs on 24 or newer, gets its arguments and keeps its exit code`, { skip }, () => {
    const project = newProject();
    const { status, stdout, stderr } = run(node, project, ["fails", "--json", "a b"]);
    assert.equal(stderr, "");
    const { major, args } = JSON.parse(stdout);
    assert.ok(major >= 24);
    assert.deepEqual([status, args], [3, ["fails", "--json", "a b"]]);
    assert.equal(run(node, project, ["killed"]).signal, "SIGKILL");
    assert.deepEqual(npmCalls(project), []);
  });

  test(`with ${name} a SIGTERM reaches the program, and its answer comes back`, { skip }, async () => {
    const { folder, env } = newProject();
    const child = spawn(node, [join(folder, "bin/enlace.mjs"), "wait"], { env, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [7, null]);
  });
}

test("what is missing is installed once, without the development's tools, and is said on stderr only", () => {
  const project = newProject({ installed: false });
  const { stdout, stderr } = run(process.execPath, project, []);
  assert.match(stderr, /^enlace: installing packages with npm \(1 missing or outdated\), once/);
  assert.equal(stdout.trim().split("\n").length, 1);
  run(process.execPath, project, []);
  assert.deepEqual(npmCalls(project), ["npm ci --no-audit --no-fund --loglevel=error --omit=dev"]);
});

test("a changed lock file installs again", () => {
  const project = newProject();
  writeLock(project.folder, "2.0.0");
  assert.match(run(process.execPath, project, []).stderr, /installing packages with npm \(1 /);
  assert.equal(run(process.execPath, project, []).stderr, "");
});

test("where npm ci fails, npm install is tried and said; where both fail, one sentence says what npm needs", () => {
  const project = newProject({ installed: false });
  const tried = run(process.execPath, project, [], { FAKE_NPM: "ci-broken" });
  assert.equal(tried.status, 0);
  assert.match(tried.stderr, /`npm ci` failed .*trying `npm install`/);
  assert.deepEqual(
    npmCalls(project).map((call) => call.split(" ")[1]),
    ["ci", "install"],
  );

  const failed = run(process.execPath, newProject({ installed: false }), [], { FAKE_NPM: "broken" });
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /could not be installed in .*: npm needs its registry/);
  assert.equal(failed.stdout, "");
});

const BUILD = 'import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("web/dist", { recursive: true }); ';

function addConsole(folder: string, build = `${BUILD}writeFileSync("web/dist/index.html", "built");`): void {
  mkdirSync(join(folder, "web/tools"), { recursive: true });
  writeFileSync(join(folder, "web/main.tsx"), "");
  writeFileSync(join(folder, "web/tools/build.ts"), build);
}

test("a clone builds its console before it starts, once, with the tools for it; other commands build nothing", () => {
  const project = newProject({ installed: false });
  addConsole(project.folder);
  assert.equal(run(process.execPath, newProject(), ["calls"]).stderr, "");
  const { stderr, stdout } = run(process.execPath, project, ["start"]);
  assert.match(stderr, /the tools that build the console, once.*\n.*building the console/);
  assert.deepEqual(JSON.parse(stdout).args, ["start"]);
  assert.deepEqual(npmCalls(project), ["npm ci --no-audit --no-fund --loglevel=error --include=dev"]);
  assert.ok(existsSync(join(project.folder, "web/dist/index.html")));
  assert.equal(run(process.execPath, project, ["start"]).stderr, "");
});

test("a console that cannot be built, or whose tools cannot be had, does not keep the program from starting", () => {
  const broken = newProject();
  addConsole(broken.folder, "process.exit(1);");
  const failed = run(process.execPath, broken, ["start"]);
  assert.deepEqual([failed.status, JSON.parse(failed.stdout).args], [0, ["start"]]);
  assert.match(failed.stderr, /the console could not be built/);

  const bare = newProject();
  addConsole(bare.folder);
  const packages = { "": {}, "node_modules/needed": { version: "1.0.0" } };
  writeFileSync(join(bare.folder, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
  const without = run(process.execPath, bare, ["start"], { FAKE_NPM: "broken" });
  assert.equal(without.status, 0, without.stderr);
  assert.match(without.stderr, /could not be installed: `npm run build:web` tries again/);
});

const skipOld = oldNode === undefined && "this machine has no Node older than 24";
test("on an old Node without Node 24 from npm, one sentence says what to install", { skip: skipOld }, () => {
  const { status, stderr } = run(oldNode ?? "", newProject({ ownNode: false }), []);
  assert.equal(status, 1);
  assert.match(stderr, /^enlace: Node 24 or newer is needed, this is [\d.]+, .*https:\/\/nodejs\.org\n$/);
});

test("on an old Node the binary that an install without scripts left out is fetched", { skip: skipOld }, () => {
  const project = newProject({ ownNode: false });
  const folder = join(project.folder, "node_modules/node");
  mkdirSync(join(folder, "bin"), { recursive: true });
  const installer = `require("fs").symlinkSync(${JSON.stringify(process.execPath)}, "bin/node")`;
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "installArchSpecificPackage.js"), installer);
  const { status, stderr } = run(oldNode ?? "", project, []);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /fetching Node 24 into node_modules, which npm left out/);
});
