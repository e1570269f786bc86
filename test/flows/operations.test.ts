// The operator looks after the installation: how it is, and its backups, from the console's side.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const { api } = enlace;

test("the system says how it is, with its versions and what is not well", async () => {
  const { status, body } = await api.get("/api/v1/system");
  assert.equal(status, 200);
  const names = body.checks.map(({ name }: { name: string }) => name);
  for (const name of ["database", "lanes", "connections", "clock", "disk", "event_loop", "backups"])
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  assert.equal(body.versions.enlace, "test");
  assert.equal(body.workers.length, 1);
});

test("a backup is begun, watched, taken away and removed, each of it told in the audit log; no secret is readable in it", async () => {
  const begun = await api.post("/api/v1/backups");
  assert.equal(begun.status, 202);
  const { items, folder } = await eventually(async () => {
    const { body } = await api.get("/api/v1/backups");
    assert.deepEqual([body.running, body.failure, body.items.length], [null, null, 1]);
    return body;
  });
  const { name } = items[0];
  const kept = gunzipSync(await readFile(join(folder, name))).toString("utf8");
  assert.match(kept, /apiuser/);
  for (const secret of [WEBHOOK_SECRET, enlace.crm.user("apiuser").accessKey]) assert.ok(!kept.includes(secret));
  const file = await api.get(`/api/v1/backups/${name}`);
  assert.deepEqual([file.status, file.headers.get("content-type")], [200, "application/gzip"]);
  assert.match(file.headers.get("content-disposition") ?? "", new RegExp(name));
  assert.equal((await api.delete(`/api/v1/backups/${name}`)).status, 204);
  assert.equal((await api.get(`/api/v1/backups/${name}`)).status, 404);
  assert.equal((await api.get("/api/v1/backups/..%2Fsecret")).status, 422);
  const { body: audit } = await api.get("/api/v1/audit?limit=10");
  const deeds = audit.items.map(({ action }: { action: string }) => action).slice(0, 3);
  assert.deepEqual(deeds, ["backup.remove", "backup.download", "backup.create"]);
});

test("an administrator of one tenant does not see the installation", async () => {
  const admin = { username: "local", role: "admin", password: "long enough for anybody" };
  assert.equal((await api.post("/api/v1/users", admin)).status, 201);
  const local = await enlace.logIn(admin.username, admin.password);
  for (const path of ["/api/v1/system", "/api/v1/backups"]) assert.equal((await local.get(path)).status, 403);
  assert.equal((await local.post("/api/v1/backups")).status, 403);
});
