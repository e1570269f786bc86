// What an administrator does at the command line, with the real program and a real server, each a process of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import type { Json } from "../api-client.ts";
import { createTestDatabase } from "../database.ts";
import { toEnvironment, WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { createServerProcess } from "../server-process.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
const folder = await mkdtemp(join(tmpdir(), "enlace-cli-flow-"));
const database = await createTestDatabase();
const crm = await startFakeVtiger();
const port = await findFreePort();
const env = {
  ...toEnvironment({ databaseUrl: database.url, dataFolder: join(folder, "data"), crmUrl: "" }),
  ...{ ENLACE_PORT: String(port), VTIGER_URL: "", VTIGER_USERNAME: "", VTIGER_ACCESS_KEY: "" },
};
const server = createServerProcess({ entry: [MAIN, "start"], env, port });
after(async () => {
  await server.kill();
  await crm.stop();
  await rm(folder, { recursive: true, force: true });
});
await server.start();

interface Ended {
  code: number;
  out: string;
  err: string;
}

/** Runs one command to its end; `input` is its standard input. */
async function enlace(words: readonly string[], { input = "", more = {} } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...words], { env: { PATH: process.env.PATH, ...env, ...more } });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    new Response(child.stdout as never).text(),
    new Response(child.stderr as never).text(),
    once(child, "close") as Promise<[number]>,
  ]);
  return { code, out, err };
}

/** Runs a command that must succeed, with `--json`. */
async function ask(...words: string[]): Promise<Json> {
  const { code, out, err } = await enlace([...words, "--json"]);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

test("a CRM is connected, proved and delivered to, without its key on the command line", async () => {
  const settings = ["--set", `url=${crm.url}`, "--set", "username=apiuser", "--set", "accessKey=-"];
  const words = ["connection", "add", "--connector", "vtiger", "--name", "CRM", "--attempts", "1", ...settings];
  const added = await enlace(words, { input: "apiuserkey123456\n" });
  assert.equal(added.code, 0, added.err);
  const checked = await enlace(["connection", "check", "CRM"]);
  assert.equal(checked.code, 0, checked.out + checked.err);
  const sent = await enlace(["send-test-call", "--wait", "10"]);
  assert.equal(sent.code, 0, sent.err);
  assert.match(sent.out, /HTTP 200\n\{"status":"ok","call_uuid":"uuid-555"/);
  assert.deepEqual(
    crm.records().map(({ fields }) => fields.sourceuuid),
    ["uuid-555"],
  );
});

test("the call, its delivery and its attempts are found, for people and for scripts", async () => {
  const listed = await enlace(["calls", "list"]);
  assert.match(listed.out, /^1 .* inbound +\+34123456789 +\+34900112233 +answered +2:30 +1001 +CRM: delivered$/m);
  const shown = await enlace(["calls", "show", "uuid-555"]);
  assert.match(shown.out, /webhook +answered; inbound; from \+34123456789[\s\S]*delivery +CRM: delivered \(attempt 1/);
  const [call] = (await ask("calls", "list")).items;
  assert.equal(call.call_uuid, "uuid-555");
  const delivery = await ask("deliveries", "show", call.deliveries[0].id);
  assert.deepEqual([delivery.state, delivery.attempts_made[0].outcome], ["delivered", "delivered"]);
  const exchanges = await enlace(["deliveries", "show", delivery.id, "--exchanges"]);
  assert.match(exchanges.out, /webservice\.php/);
  assert.ok(!exchanges.out.includes("apiuserkey123456"));
});

test("a dead letter is found, counted, sent anew and then in the CRM", async () => {
  crm.faults.add({ kind: "html502", times: Number.POSITIVE_INFINITY });
  const sent = await enlace(["send-test-call", "--uuid", "dead-1"]);
  assert.equal(sent.code, 0, sent.err);
  const filter = ["--state", "dead", "--connection", "CRM"];
  const [dead] = await eventually(async () => {
    const { items } = await ask("deliveries", "list", ...filter);
    assert.equal(items.length, 1);
    return items;
  });
  assert.match((await enlace(["deliveries", "list", ...filter])).out, /record +dead +1 /);
  crm.faults.clear();
  const counted = await enlace(["deliveries", "replay", ...filter, "--dry-run"]);
  assert.equal(counted.out, "1 would be sent anew.\n");
  const replayed = await enlace(["deliveries", "replay", ...filter]);
  assert.equal(replayed.out, "1 will be sent anew.\n");
  await eventually(async () => assert.equal((await ask("deliveries", "show", dead.id)).state, "delivered"));
  assert.equal(crm.records().length, 2);
});

test("a key made at the command line opens the API to its scopes, and is dead once revoked", async () => {
  const made = await ask("key", "create", "bot", "--scopes", "calls:read");
  const more = { ENLACE_API_KEY: made.key };
  assert.equal((await enlace(["calls", "list"], { more })).code, 0);
  const refused = await enlace(["user", "list"], { more });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^enlace: The API key lacks the scope users:read \(request [\w-]+\)/);
  assert.equal((await enlace(["key", "revoke", made.id])).code, 0);
  const dead = await enlace(["calls", "list"], { more });
  assert.match(dead.err, /not valid.*\n +The key came from ENLACE_API_KEY\./);
});

test("a person is added with a one-time password, and kept out when disabled", async () => {
  const { one_time_password: password } = await ask("user", "add", "ana", "--role", "viewer");
  const logIn = async (): Promise<number> => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ username: "ana", password });
    return (await fetch(`${server.url}/api/v1/login`, { method: "POST", headers, body })).status;
  };
  assert.equal(await logIn(), 200);
  assert.match((await enlace(["user", "disable", "ana"])).out, /ana can no longer log in/);
  assert.equal(await logIn(), 401);
});

test("a rotated webhook secret signs calls, and the one before it still does", async () => {
  const { secret } = await ask("secret", "rotate");
  for (const good of [secret, WEBHOOK_SECRET]) {
    const sent = await enlace(["send-test-call", "--fresh", "--secret", "-"], { input: good });
    assert.equal(sent.code, 0, sent.err);
  }
  assert.equal((await enlace(["send-test-call", "--fresh", "--secret", "-"], { input: "no secret" })).code, 1);
});

test("a second tenant is added with its administrator, and one's own is changed", async () => {
  const added = await enlace(["tenant", "add", "1002", "--admin", "clinica"]);
  assert.match(added.out, /^Number +1002\n[\s\S]*clinica logs in with [\w-]+, shown only now/, added.err);
  assert.match((await enlace(["tenant", "list"])).out, /^1002 +1002 +es +ES +Europe\/Madrid +raw +active$/m);
  const changed = await enlace(["tenant", "set", "--country", "MX"]);
  assert.match(changed.out, /^Country +MX$/m);
});

test("the doctor finds nothing wrong while it runs, and says so for a broken CRM with what to mend", async () => {
  const well = await ask("doctor");
  assert.ok(well.ok);
  crm.user("apiuser").accessKey = "changed0000000000";
  const { code, out } = await enlace(["doctor"]);
  crm.user("apiuser").accessKey = "apiuserkey123456";
  assert.equal(code, 1);
  assert.match(out, /ERROR +connection:CRM:.*\n +→ /);
});

test("what was backed up while it ran comes back into a database that lost it", async () => {
  const path = join(folder, "flow.backup");
  const backedUp = await enlace(["backup", path]);
  assert.equal(backedUp.code, 0, backedUp.err);
  const running = await enlace(["restore", path, "--replace", "--yes"]);
  assert.equal(running.code, 1);
  assert.match(running.err, /Enlace is at work/);
  assert.equal(await server.stop(), 0);
  const { rowCount } = await database.pool.query("delete from calls");
  assert.ok(rowCount && rowCount >= 4);
  await database.close(); // the test's own connections would count as Enlace at work
  const restored = await enlace(["restore", path, "--replace", "--yes"]);
  assert.equal(restored.code, 0, restored.err);
  await server.start();
  const { items } = await ask("calls", "list");
  assert.equal(items.length, rowCount);
  const again = await enlace(["send-test-call"]);
  assert.match(again.out, /"status":"duplicate","call_uuid":"uuid-555","call_id":"1"/);
});

test("without a server every command says how to start it; wrong usage is told apart", async () => {
  assert.equal(await server.stop(), 0);
  const away = await enlace(["calls", "list"]);
  assert.deepEqual([away.code, away.out], [1, ""]);
  assert.match(away.err, /no Enlace answers at http:\/\/127\.0\.0\.1:\d+\n +Start it with `enlace start`/);
  const wrong = await enlace(["calls", "list", "--colour"]);
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  const environment = await enlace(["calls", "list"], { more: { ENLACE_PORT: "many" } });
  assert.equal(environment.code, 2);
  assert.match(environment.err, /ENLACE_PORT/);
});
