// The demo as people start it, only shorter: it judges itself, and its judgement is its exit code.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findFreePort } from "../free-port.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
const folder = await mkdtemp(join(tmpdir(), "enlace-demo-flow-"));
await chmod(folder, 0o711); // PostgreSQL's account passes through, so that the data stays in here
after(() => rm(folder, { recursive: true, force: true }));

test("the demo shows an outage and a campaign to its last contact, finds every call in the CRM exactly once, and leaves nothing behind", async () => {
  const port = await findFreePort();
  const words = [
    MAIN,
    "demo",
    "--seconds",
    "6",
    "--rate",
    "4",
    "--contacts",
    "30",
    "--past",
    "40",
    "--port",
    String(port),
  ];
  // a real database in the environment must never be touched
  const env = { PATH: process.env.PATH, TMPDIR: folder, DATABASE_URL: "postgres://nobody@127.0.0.1:1/real" };
  const demo = spawn(process.execPath, words, { env });
  const [out, [code]] = await Promise.all([new Response(demo.stdout as never).text(), once(demo, "close")]);
  assert.equal(code, 0, out);
  assert.match(out, /Sandbox CRM +http:\/\/127\.0\.0\.1:\d+\//);
  assert.match(out, />>> The CRM goes down[\s\S]*>>> The CRM is back/);
  assert.match(out, /Simulated PBX +AMI on 127\.0\.0\.1:\d+ /);
  assert.match(out, /Telling it of 40 calls of the last ten days/);
  assert.match(out, /--- 3 calls that the CRM had refused are sent once more/);
  assert.match(out, /--- Enlace listens to the PBX over AMI/);
  assert.match(out, /=== The campaign is completed: 30 contacts in \d+ s\./);
  const funnel = [...out.matchAll(/^.{5} {6}(\w+) +(\d+) {2}#+$/gm)].map(([, , count]) => Number(count));
  assert.equal(
    funnel.reduce((sum, count) => sum + count, 0),
    30,
    out,
  );
  const [, shown = "0"] = /=== The CRM shows how (\d+) calls of the campaign came out/.exec(out) ?? [];
  assert.ok(Number(shown) >= 30, out);
  const verdict =
    /=== (\d+) finished calls were accepted, (\d+) of them from the PBX, 0 reports were refused; each .* exactly once\.\n$/;
  const [, calls, fromPbx] = verdict.exec(out) ?? [];
  assert.ok(Number(fromPbx) > 0 && Number(calls) > Number(fromPbx), out);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/health`));
  const [, data = ""] = /tail -f (\S+)\/enlace\.log/.exec(out) ?? [];
  assert.ok(data.startsWith(folder) && !existsSync(data), data);
});

/** The demo with these words, to its end. */
async function run(...words: string[]): Promise<{ code: number; said: string }> {
  const demo = spawn(process.execPath, [MAIN, "demo", ...words], { env: { PATH: process.env.PATH, TMPDIR: folder } });
  const [said, [code]] = await Promise.all([new Response(demo.stderr as never).text(), once(demo, "close")]);
  return { code, said };
}

test("a port that another program has is refused in a sentence, before anything is started", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  after(() => other.close());
  const port = String((other.address() as { port: number }).port);
  const { code, said } = await run("--port", port);
  assert.equal(code, 1);
  assert.match(said, new RegExp(`port ${port} of 127\\.0\\.0\\.1 cannot be listened on.*\n.*--port`));
});

test("the data of another demo are not played over, and a file is no folder", async () => {
  const used = join(folder, "used");
  await mkdir(used);
  await writeFile(join(used, "cli-key"), "of an earlier demo");
  const second = await run("--data", used);
  assert.equal(second.code, 1);
  assert.match(second.said, /is not empty\n.*ENLACE_DATA=/);
  const file = await run("--data", join(used, "cli-key"));
  assert.equal(file.code, 1);
  assert.match(file.said, /cannot be used: EEXIST/);
});
