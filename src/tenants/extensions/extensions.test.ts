import assert from "node:assert/strict";
import { test } from "node:test";
import { addTenant, addUser, createTenantsFixture } from "../../../test/tenants-fixture.ts";

const fixture = await createTenantsFixture();
const { ask, database } = fixture;
const admin = await fixture.login("admin");
const ana = await addUser(fixture, admin, { username: "ana", role: "agent" });

test("an extension is made, replaced and listed by number; without peers it has its number for one", async () => {
  const made = await ask("PUT", "/api/v1/extensions/102", { as: admin, body: {} });
  assert.equal(made.status, 200);
  assert.deepEqual([made.body.peers, made.body.name, made.body.user_id], [["102"], "", null]);
  const body = { peers: ["101", "webrtc-101"], name: "Ana", user_id: ana.id };
  await ask("PUT", "/api/v1/extensions/101", { as: admin, body });
  const { body: page } = await ask("GET", "/api/v1/extensions?limit=1", { as: ana.token });
  assert.deepEqual([page.items[0].number, page.items[0].user_id], ["101", ana.id]);
  const next = await ask("GET", `/api/v1/extensions?cursor=${page.next_cursor}`, { as: ana.token });
  assert.deepEqual([next.body.items.length, next.body.items[0].number, next.body.next_cursor], [1, "102", null]);
  const { rows } = await database.pool.query("select action, target from audit_log where target like 'extension:%'");
  assert.deepEqual(
    rows.map(({ action, target }) => `${action} ${target}`),
    ["extension.create extension:102", "extension.create extension:101"],
  );
});

test("a peer belongs to one extension, and a phone to a user of the tenant", async () => {
  const refused = async (body: object) => {
    const answer = await ask("PUT", "/api/v1/extensions/103", { as: admin, body });
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    return answer.body.errors[0].path;
  };
  assert.equal(await refused({ peers: ["103", "webrtc-101"] }), "peers");
  const stranger = await addTenant(fixture, admin, "strange");
  const theirs = (await ask("GET", "/api/v1/users", { as: stranger.token })).body.items[0].id;
  assert.equal(await refused({ user_id: theirs }), "user_id");
  assert.equal((await ask("PUT", "/api/v1/extensions/1a", { as: admin, body: {} })).status, 422);
});

test("the same number in another tenant is another extension", async () => {
  const other = await addTenant(fixture, admin, "other");
  await ask("PUT", "/api/v1/extensions/101", { as: other.token, body: { name: "Theirs" } });
  const list = async (as: string) => (await ask("GET", "/api/v1/extensions", { as })).body.items;
  assert.deepEqual(
    (await list(other.token)).map(({ name }: { name: string }) => name),
    ["Theirs"],
  );
  assert.equal((await list(admin))[0].name, "Ana");
  assert.equal((await ask("DELETE", "/api/v1/extensions/102", { as: other.token })).status, 404);
  assert.equal((await ask("DELETE", "/api/v1/extensions/102", { as: admin })).status, 204);
  assert.equal((await ask("DELETE", "/api/v1/extensions/102", { as: admin })).status, 404);
});

test("a phone outlives the user it belonged to", async () => {
  assert.equal((await ask("DELETE", `/api/v1/users/${ana.id}`, { as: admin })).status, 204);
  const { body } = await ask("GET", "/api/v1/extensions", { as: admin });
  assert.deepEqual([body.items[0].number, body.items[0].user_id], ["101", null]);
});
