// Projects, who is assigned to them, and the trunks they dial over, as people manage them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000" } });
const { api } = enlace;

const created = async (path: string, body: Json): Promise<Json> => {
  const made = await api.post(path, body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
};
const offline = { host: "192.0.2.1", username: "enlace", secret: "never shown", enabled: false };
const pbx = await created("/api/v1/pbxs", { name: "main", ...offline });
const otherPbx = await created("/api/v1/pbxs", { name: "other", ...offline });

/** The fields that were refused, with what was said of them. */
async function refusedFields(client: ApiClient, path: string, body: Json): Promise<string[]> {
  const { status, body: problem } = await client.post(path, body);
  assert.equal(status, 422, JSON.stringify(problem));
  return problem.errors.map((error: Json) => error.path ?? error.field);
}

test("a project without a word about retries and AMD has the usual ones, and the tenant's zone", async () => {
  const project = await created("/api/v1/projects", { name: "Bare" });
  assert.equal(project.retry.attempts_max, 3);
  assert.deepEqual(project.retry.by_disposition.busy, { after_seconds: 300 });
  assert.equal(project.retry.by_disposition.opted_out, null);
  assert.equal(project.amd.enabled, false);
  assert.equal(project.time_zone, (await api.get("/api/v1/me")).body.tenant.time_zone);
  assert.deepEqual((await api.get(`/api/v1/projects/${project.id}`)).body, project);
});

test("numbers are chosen or the next free one, and none is given twice", async () => {
  const chosen = await created("/api/v1/projects", { name: "Chosen", number: "700" });
  const next = await created("/api/v1/projects", { name: "Next" });
  assert.deepEqual([chosen.number, next.number], ["700", "701"]);
  const again = await api.post("/api/v1/projects", { name: "Again", number: "700" });
  assert.equal(again.status, 409);
});

test("what cannot be meant is refused with the name of its field", async () => {
  const wrong: [Json, string][] = [
    [{ time_zone: "Mars/X" }, "time_zone"],
    [{ time_zone: "+01:00" }, "time_zone"],
    [{ allowed_addresses: ["10.0.0.0/33"] }, "allowed_addresses.0"],
    [{ caller_id: "not a number" }, "caller_id"],
    [{ trunks: [{ trunk_id: "999999999" }] }, "trunks"],
    [{ prefix: "9,System" }, "prefix"],
    [{ ring_seconds: 14 }, "ring_seconds"],
    [{ webhook_url: "https://user:pass@hook.example.test/" }, "webhook_url"],
    [{ webhook_url: "https://hook.example.test/" }, "webhook_secret"],
    [{ retry: { attempts_max: 21 } }, "retry.attempts_max"],
  ];
  for (const [fields, path] of wrong)
    assert.deepEqual(await refusedFields(api, "/api/v1/projects", { name: "Wrong", ...fields }), [path]);
});

test("a change leaves the rest as it was, keeps secrets, and is in the log of changes without them", async () => {
  const secret = "a secret of sixteen letters";
  const webhook = { webhook_url: "https://hook.example.test/calls", webhook_secret: secret };
  const made = await created("/api/v1/projects", { name: "Hooked", caller_id: "+34600000001", ...webhook });
  const changed = await api.patch(`/api/v1/projects/${made.id}`, {
    name: "Renamed",
    webhook_secret: made.webhook_secret,
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.deepEqual({ ...changed.body, updated_at: 0 }, { ...made, name: "Renamed", updated_at: 0 });
  const log = JSON.stringify((await api.get("/api/v1/audit")).body);
  assert.match(log, /"project\.update"/);
  assert.match(log, /"changed":\["name"\]/);
  assert.ok(!log.includes(secret) && !JSON.stringify(changed.body).includes(secret));
  const rows = await enlace.rows<{ all: string }>("select to_jsonb(p)::text as all from projects p");
  assert.ok(!JSON.stringify(rows).includes(secret), "it is sealed in the store");
});

test("a supervisor sees exactly the projects assigned to them, and an agent none", async () => {
  const [mine, others] = [
    await created("/api/v1/projects", { name: "Mine" }),
    await created("/api/v1/projects", { name: "Not mine" }),
  ];
  const user = await created("/api/v1/users", { username: "sonia", role: "supervisor", password: ADMIN_PASSWORD });
  const supervisor = await enlace.logIn("sonia", ADMIN_PASSWORD);
  assert.deepEqual((await supervisor.get("/api/v1/projects")).body.items, []);
  const assigned = await api.put(`/api/v1/projects/${mine.id}/users`, { user_ids: [user.id] });
  assert.deepEqual([assigned.status, assigned.body], [200, { user_ids: [user.id] }]);
  const { items } = (await supervisor.get("/api/v1/projects")).body;
  assert.deepEqual(
    items.map(({ id }: Json) => id),
    [mine.id],
  );
  assert.equal((await supervisor.get(`/api/v1/projects/${mine.id}`)).status, 200);
  assert.equal((await supervisor.get(`/api/v1/projects/${others.id}`)).status, 404);
  assert.equal((await supervisor.patch(`/api/v1/projects/${mine.id}`, { name: "Taken" })).status, 403);
  await created("/api/v1/users", { username: "ana", role: "agent", password: ADMIN_PASSWORD });
  assert.equal((await (await enlace.logIn("ana", ADMIN_PASSWORD)).get("/api/v1/projects")).status, 403);
  const stranger = await api.put(`/api/v1/projects/${mine.id}/users`, { user_ids: ["999999999"] });
  assert.equal(stranger.status, 422);
});

test("a trunk in use cannot be removed, and a project's trunks are all of one PBX", async () => {
  const trunk = await created("/api/v1/trunks", { name: "carrier-1", pbx_id: pbx.id });
  const away = await created("/api/v1/trunks", { name: "carrier-1", pbx_id: otherPbx.id });
  assert.equal((await api.post("/api/v1/trunks", { name: "carrier-1", pbx_id: pbx.id })).status, 409);
  const trunks = [{ trunk_id: trunk.id, weight: 3 }];
  const both = { name: "Both", trunks: [...trunks, { trunk_id: away.id }] };
  assert.deepEqual(await refusedFields(api, "/api/v1/projects", both), ["trunks"]);
  const project = await created("/api/v1/projects", { name: "Dials", trunks });
  assert.deepEqual(project.trunks, trunks);
  assert.equal((await api.delete(`/api/v1/trunks/${trunk.id}`)).status, 409);
  assert.equal((await api.delete(`/api/v1/pbxs/${pbx.id}`)).status, 409, "a PBX with trunks stays");
  assert.equal((await api.delete(`/api/v1/projects/${project.id}`)).status, 204);
  assert.equal((await api.delete(`/api/v1/trunks/${trunk.id}`)).status, 204);
});

test("a project with campaigns or waiting calls stays", async () => {
  const trunk = await created("/api/v1/trunks", { name: "busy", pbx_id: pbx.id });
  const project = await created("/api/v1/projects", { name: "Needed", trunks: [{ trunk_id: trunk.id }] });
  const path = `/api/v1/projects/${project.id}`;
  await created("/api/v1/campaigns", { project_id: project.id, name: "Its own" });
  assert.match((await api.delete(path)).body.detail, /It has campaigns/);
  const other = await created("/api/v1/projects", { name: "Called", trunks: [{ trunk_id: trunk.id }] });
  const dialed = await api.post("/api/v1/dial", { project_id: other.id, number: "+34600000001" });
  assert.equal(dialed.status, 202, JSON.stringify(dialed.body));
  const refused = await api.delete(`/api/v1/projects/${other.id}`);
  assert.deepEqual([refused.status, refused.body.detail], [409, "Calls of it wait or go on."]);
});

test("a trunk's values that could mean more than themselves are refused, and nothing is kept", async () => {
  const before = (await api.get("/api/v1/trunks")).body;
  const account = { host: "sip.example.test", username: "user" };
  const wrong: [Json, string][] = [
    [{ name: "a\nb" }, "name"],
    [{ name: "a]" }, "name"],
    [{ account, password: "x\n[evil]" }, "password"],
    [{ account, password: "x]" }, "password"],
    [{ account, password: ">x" }, "password"],
    [{ account: { ...account, host: "sip.example.test;evil" } }, "account.host"],
    [{ account: { ...account, username: "u]" } }, "account.username"],
    [{ dial_template: "PJSIP/$" + "{number}@trunk,System" }, "dial_template"],
    [{ dial_template: "PJSIP/$" + "{SHELL}" }, "dial_template"],
    [{ account: { host: "sip.example.test", register: true } }, "account.register"],
    [{ pbx_id: "999999999" }, "pbx_id"],
  ];
  for (const [fields, path] of wrong)
    assert.deepEqual(await refusedFields(api, "/api/v1/trunks", { name: "wrong", pbx_id: pbx.id, ...fields }), [path]);
  assert.deepEqual((await api.get("/api/v1/trunks")).body, before);
});

test("a stored password is never shown and goes to no other server", async () => {
  const account = { host: "sip.example.test", username: "user" };
  const made = await created("/api/v1/trunks", { name: "kept", pbx_id: pbx.id, account, password: "never shown" });
  assert.ok(!JSON.stringify(made).includes("never shown"));
  const path = `/api/v1/trunks/${made.id}`;
  const same = await api.patch(path, { channels_max: 5, password: made.password });
  assert.deepEqual([same.status, same.body.channels_max], [200, 5]);
  const elsewhere = { account: { ...made.account, host: "evil.example.test" } };
  assert.equal((await api.patch(path, elsewhere)).status, 422);
  assert.equal((await api.patch(path, { ...elsewhere, password: "another one" })).status, 200);
});
