// What deploy/ names must exist: files, commands, settings. Nothing else would notice a rename before an operator does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { describeSettings } from "../src/config.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const unit = read("deploy/enlace.service");
const dockerfile = read("deploy/Dockerfile");
const compose = read("deploy/compose.yaml");
const nginx = read("deploy/nginx/enlace.conf");

/** Settings of others that our files mention. */
const FOREIGN = new Set(["NODE_ENV", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "COMPOSE_PROFILES"]);
/** What dialplans set and read for themselves. */
const channelVariables = new Set(
  readdirSync(join(ROOT, "deploy", "asterisk"), { recursive: true, encoding: "utf8" })
    .filter((file) => /extensions[^/]*\.conf$/.test(file))
    .flatMap((file) => [...read(join("deploy", "asterisk", file)).matchAll(/(?:\$\{|Set\(_{0,2})(ENLACE_[A-Z_]+)/g)])
    .map(([, name]) => name),
);
const POSTGRES_STOP_SECONDS = 30;

const settings = new Map(
  [...describeSettings().matchAll(/\| `([A-Z][A-Z_]+)`([^\n]*)/g)].map(([, name, row]) => [name, row]),
);
const drainSeconds = Number(/`?(\d+)`?/.exec(settings.get("ENLACE_DRAIN_SECONDS") ?? "")?.[1]);
const port = /`?(\d{4})`?/.exec(settings.get("ENLACE_PORT") ?? "")?.[1];

test("every setting that deploy/ and the first lines of its files mention is one of ours", () => {
  assert.ok(settings.has("ENLACE_DATA") && drainSeconds > 0, "the settings are read from the documentation's source");
  for (const file of readdirSync(join(ROOT, "deploy"), { recursive: true, encoding: "utf8" })) {
    if (statSync(join(ROOT, "deploy", file)).isDirectory()) continue;
    const names = read(join("deploy", file)).match(/\b(?:ENLACE|NODE|POSTGRES|COMPOSE|DATABASE)_[A-Z_]+\b/g) ?? [];
    for (const name of names)
      assert.ok(settings.has(name) || FOREIGN.has(name) || channelVariables.has(name), `${file} mentions ${name}`);
  }
});

test("the commands of the unit and the image are there", () => {
  const exec = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? "";
  const [node = "", main = "", command] = exec.replaceAll("/opt/enlace/", `${ROOT}/`).split(" ");
  for (const path of [node, main]) assert.ok(existsSync(path), `${path} of ExecStart exists`);
  assert.deepEqual([command, ...(/^CMD \["(.*)"\]$/m.exec(dockerfile)?.slice(1) ?? [])], ["start", "start"]);
  assert.ok(dockerfile.includes('ENTRYPOINT ["node", "src/main.ts"]'));
  const help = spawnSync(process.execPath, [main, "start", "--help"], { encoding: "utf8" });
  assert.equal(help.status, 0, help.stderr);
});

test("every file that the image copies exists and is let through to the build", () => {
  const ignore = read("deploy/Dockerfile.dockerignore").split("\n");
  const copied = [...dockerfile.matchAll(/^COPY (.*) \S+$/gm)].flatMap(
    ([, sources = ""]) => (sources.startsWith("--from=") ? [] : sources.split(" ")), // from another stage, where it was made
  );
  assert.ok(copied.includes("src") && copied.includes("migrations"));
  for (const path of copied) {
    assert.ok(existsSync(join(ROOT, path)), `${path} exists`);
    assert.ok(ignore.includes(`!${path}`), `${path} is let through`);
  }
  assert.ok(compose.includes("dockerfile: deploy/Dockerfile"));
});

test("nobody cuts a stop short: the unit and the containers wait for the drain and for PostgreSQL", () => {
  const waits = [/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1], /stop_grace_period: (\d+)s/.exec(compose)?.[1]];
  for (const seconds of waits)
    assert.ok(Number(seconds) > drainSeconds + POSTGRES_STOP_SECONDS, `${seconds} s is enough`);
});

test("ports and the health address agree with the server's", () => {
  assert.match(nginx, new RegExp(`server 127\\.0\\.0\\.1:${port};`));
  assert.ok(compose.includes(`"127.0.0.1:${port}:${port}"`));
  assert.ok(dockerfile.includes(`EXPOSE ${port}`) && dockerfile.includes(`?? ${port}}/health`));
  assert.ok(read("src/http/health.ts").includes('"/health"'));
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
test("systemd accepts the unit", { skip: !hasSystemd && "systemd-analyze is not on this machine" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "enlace-unit-"));
  const path = join(folder, "enlace.service");
  writeFileSync(path, unit.replaceAll("/opt/enlace", ROOT));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const own = stderr.split("\n").filter((line) => line.includes("enlace.service"));
  assert.deepEqual(own, []);
  assert.equal(status, 0, stderr);
});
