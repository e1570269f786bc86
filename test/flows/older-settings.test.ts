// S0-01 … S0-04: the older middleware's `.env` is enough; its users switch by pointing at Enlace.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import pg from "pg";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { postCall } from "../api-client.ts";
import { createEmptyDatabase } from "../empty-database.ts";
import { findFreePort } from "../free-port.ts";
import { DOCUMENTED_CALL } from "../harness.ts";
import { createServerProcess } from "../server-process.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
const databaseUrl = await createEmptyDatabase("older");
const folder = await mkdtemp(join(tmpdir(), "enlace-older-"));
const crm = await startFakeVtiger();
const { hostname, port, username, password, pathname } = new URL(databaseUrl);
const lines: string[] = [];
const server = createServerProcess({
  entry: [MAIN, "start"],
  env: {
    VTIGER_URL: crm.url,
    VTIGER_USERNAME: "apiuser",
    VTIGER_ACCESS_KEY: crm.user("apiuser").accessKey,
    WEBHOOK_SECRET: "supersecreto123",
    DB_HOST: hostname,
    DB_PORT: port,
    DB_NAME: pathname.slice(1),
    DB_USER: username,
    DB_PASSWORD: password,
    MAX_RETRIES: "5",
    // Not of the older middleware: this test's own place, and leave to call this machine.
    ENLACE_DATA: folder,
    ENLACE_ALLOW_LOOPBACK_TARGETS: "true",
  },
  port: await findFreePort(),
  onLine: (line) => lines.push(line),
});
after(async () => {
  await server.kill();
  await crm.stop();
  await rm(folder, { recursive: true, force: true });
});

async function query(statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

test("the documented call goes through with nothing but the documented settings", async () => {
  await server.start();
  const { status, body } = await postCall(server.url, JSON.stringify(DOCUMENTED_CALL, null, 2), {
    secret: "supersecreto123",
    mode: "python-json",
    headers: { prefer: "wait=30" },
  });
  assert.deepEqual([status, body.status], [200, "ok"]);
  const rows = await query(
    "SELECT call_uuid, status, vtiger_call_id FROM voip_call_buffer WHERE call_uuid = 'uuid-555'",
  );
  assert.deepEqual(rows, [{ call_uuid: "uuid-555", status: "sent", vtiger_call_id: body.vtiger_call_id }]);
});

test("MAX_RETRIES is the number of attempts of the lane", async () => {
  assert.deepEqual(await query("select attempts_max from lanes"), [{ attempts_max: 5 }]);
});

test("each call is written into the log as call_processed, without the whole phone number", async () => {
  const line = lines.find((text) => text.includes('"call_processed"'));
  assert.ok(line);
  assert.match(line, /uuid-555/);
  assert.doesNotMatch(line, /34123456789/);
});

test("a first start prints a one-time password that must be changed, and no default one works", async () => {
  const printed = /One-time password:\s+(\S+)/.exec(lines.join("\n"))?.[1];
  assert.ok(printed);
  const logIn = (password: string) =>
    fetch(`${server.url}/api/v1/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "admin", password }),
    });
  for (const guess of ["admin", "admin123", "enlace", "password"]) assert.equal((await logIn(guess)).status, 401);
  const answer = await logIn(printed);
  assert.equal(answer.status, 200);
  const { token } = (await answer.json()) as { token: string };
  const calls = await fetch(`${server.url}/api/v1/calls`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(calls.status, 403);
});
