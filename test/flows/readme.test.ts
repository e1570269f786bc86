// The README's walk, executed as it is printed: each block of commands goes through bash.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createTestDatabase } from "../database.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";

const HOME = join(import.meta.dirname, "..", "..");
const README = await readFile(join(HOME, "README.md"), "utf8");
const blocks = [...README.matchAll(/^```(?:\w*)\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
const database = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), "enlace-readme-"));
const port = await findFreePort();

/** Where this Enlace lives, so that it disturbs nothing; the commands themselves are the README's. */
const env = {
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? "",
  DATABASE_URL: database.url,
  ENLACE_DATA: join(folder, "data"),
  ENLACE_PORT: String(port),
  ENLACE_URL: `http://127.0.0.1:${port}`,
};
let server: ChildProcess;

function findBlock(text: string): string {
  const found = blocks.filter((block) => block.includes(text));
  assert.equal(found.length, 1, `the README has ${found.length} blocks with "${text}"`);
  return (found[0] ?? "").replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`);
}

async function runBlock(text: string, more = ""): Promise<string> {
  // call.json goes to the temporary folder; npm must be told where the package is
  const script = `cd ${folder}\nnpm() { command npm --prefix ${HOME} "$@"; }\n${more}${findBlock(text)}`;
  const bash = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], { env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  bash.stdout.on("data", (chunk) => (output.stdout += chunk));
  bash.stderr.on("data", (chunk) => (output.stderr += chunk));
  const [code] = await once(bash, "close");
  assert.equal(code, 0, `${text}\n${output.stdout}\n${output.stderr}`);
  return output.stdout;
}

before(async () => {
  const start = findBlock("WEBHOOK_SECRET=supersecreto123 npm start");
  server = spawn("bash", ["-c", start], { cwd: HOME, env, detached: true, stdio: "ignore" });
  await eventually(async () => assert.equal((await fetch(`${env.ENLACE_URL}/health`)).status, 200), {
    timeoutMs: 60_000,
  });
});

after(async () => {
  if (server.pid !== undefined) process.kill(-server.pid, "SIGTERM"); // bash, npm and Enlace
  await once(server, "exit");
  await rm(folder, { recursive: true, force: true });
});

test("the call made by hand is accepted, and is a duplicate when it is sent again", async () => {
  const first = JSON.parse(await runBlock("X-Signature: $SIGNATURE"));
  assert.deepEqual([first.status, first.call_uuid], ["accepted", "uuid-555"]);
  const second = JSON.parse(await runBlock("X-Signature: $SIGNATURE"));
  assert.equal(second.status, "duplicate");
  const stored = await database.pool.query("select call_uuid, talk_seconds from calls");
  assert.deepEqual(stored.rows, [{ call_uuid: "uuid-555", talk_seconds: 150 }]);
});

test("the commands that follow show the call and find nothing wrong", async () => {
  const shown = await runBlock("npm run enlace -- calls list");
  assert.match(shown, /\+34123456789/);
  assert.match(shown, /answered/);
});
