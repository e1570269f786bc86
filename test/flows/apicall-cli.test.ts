// `apicall-cli` as a script calls it: the real program, against a running Enlace.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const BIN = join(import.meta.dirname, "..", "..", "bin", "apicall-cli.mjs");

async function apicall(words: readonly string[], { input = "", token = "" } = {}) {
  const env = { PATH: process.env.PATH, ...(token && { APICALL_TOKEN: token }) };
  const child = spawn(process.execPath, [BIN, "--host", enlace.url, ...words], { env });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    new Response(child.stdout as never).text(),
    new Response(child.stderr as never).text(),
    once(child, "close") as Promise<[number]>,
  ]);
  return { code, out, err };
}

test("D.A 58: without a token it ends with 1, typed wrongly with 2, and with a token it lists what is there", async () => {
  const refused = await apicall(["project", "list"]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /401 No autorizado[\s\S]*apicall-cli login/);
  assert.equal((await apicall(["project", "paint"])).code, 2);

  const login = await apicall(["login", "--username", "admin"], { input: `${ADMIN_PASSWORD}\n` });
  assert.equal(login.code, 0, login.err);
  const token = login.out.trim();
  const made = await apicall(["project", "add", "--id", "100", "--nombre", "Cobranza"], { token });
  assert.equal(made.code, 0, made.err);
  assert.match((await apicall(["project", "list"], { token })).out, /100\s+Cobranza/);
  const [project] = JSON.parse((await apicall(["project", "list", "--json"], { token })).out);
  assert.deepEqual([project.id, project.nombre], [100, "Cobranza"]);
  const unknown = await apicall(["call", "--project", "999", "--number", "34600000001"], { token });
  assert.deepEqual([unknown.code, unknown.err.includes("404 Proyecto no encontrado")], [1, true]);
});
