// The oldest PostgreSQL we support, as an operator brings it: an external server of Debian's package.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openDatabase } from "../../src/kit/postgres/database.ts";
import { chooseAccount } from "../../src/kit/postgres/embedded-account.ts";
import { silentLog } from "../database.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const binaries = process.env.ENLACE_TEST_POSTGRES15;
const skip = binaries === undefined && "the Debian package postgresql-15 is not on this machine";
const folder = mkdtempSync(join(tmpdir(), "enlace-postgres15-"));
let url = "";
let server: ChildProcess | undefined;
after(async () => {
  if (server?.kill("SIGQUIT")) await once(server, "exit");
  rmSync(folder, { recursive: true, force: true });
});

before(async () => {
  if (binaries === undefined) return;
  const account = await chooseAccount(folder);
  if (account) chownSync(folder, account.uid, account.gid);
  const spawning = { ...account, cwd: folder, env: { LC_ALL: "C", PATH: "/usr/bin:/bin" } };
  const init = ["-D", `${folder}/data`, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(binaries, "initdb"), init, { ...spawning, stdio: "ignore" });
  const port = await findFreePort();
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"];
  const args = ["-D", `${folder}/data`, ...settings.flatMap((setting) => ["-c", setting])];
  server = spawn(join(binaries, "postgres"), args, { ...spawning, stdio: "ignore" });
  url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const probe = openDatabase({ url, poolMax: 1, log: silentLog });
  await eventually(() => probe.pool.query("select 1"));
  await probe.close();
});

test("a call is taken, delivered once, listed and found in the older view, all on an external PostgreSQL 15", {
  skip,
}, async () => {
  const database = openDatabase({ url, poolMax: 2, log: silentLog });
  after(() => database.close());
  const { rows } = await database.pool.query("select current_setting('server_version_num')::int / 10000 as major");
  assert.deepEqual(rows, [{ major: 15 }]);

  const enlace = await startTestEnlace({ database });
  assert.equal((await enlace.postCall(DOCUMENTED_CALL)).status, 202);
  assert.equal((await enlace.postCall(DOCUMENTED_CALL)).body.status, "duplicate");
  await eventually(async () => {
    const [buffered] = await enlace.rows<{ status: string }>("select status from voip_call_buffer");
    assert.equal(buffered?.status, "sent");
  });
  assert.equal(enlace.crm.records("PBXManager").length, 1);
  const { items } = (await enlace.api.get("/api/v1/calls")).body as unknown as { items: { call_uuid: string }[] };
  assert.deepEqual(
    items.map((call) => call.call_uuid),
    [DOCUMENTED_CALL.call_uuid],
  );
  await enlace.stop();
});
