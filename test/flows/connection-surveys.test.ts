// An administrator asks what the CRM looks like: its fields with its labels, its people with their phones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const { api, crm, postCall } = enlace;
const { body: connections } = await api.get("/api/v1/connections");
const vtiger = connections.items[0];

test("fields come in the CRM's own labels, with the newest call as it would be written", async () => {
  const empty = await api.get(`/api/v1/connections/${vtiger.id}/fields`);
  assert.deepEqual([empty.status, empty.body.sample, empty.body.preview], [200, null, []]);
  await postCall(DOCUMENTED_CALL);
  const { body } = await api.get(`/api/v1/connections/${vtiger.id}/fields`);
  const labelOf = (name: string): string => body.fields.find((field: { name: string }) => field.name === name).label;
  const shown = new Map(body.preview.map(({ field, text }: { field: string; text: string }) => [labelOf(field), text]));
  assert.equal(body.sample.call_uuid, "uuid-555");
  assert.equal(shown.get("Customer Number"), "+34123456789");
});

test("another mapping is previewed without being saved, and a field that is not there is told", async () => {
  const path = `/api/v1/connections/${vtiger.id}/fields`;
  const { status, body } = await api.post(`${path}/preview`, {
    mapping: { trunk: "gateway", extension: "no such field" },
  });
  const of = (name: string) => body.values.find(({ value }: { value: string }) => value === name);
  assert.deepEqual([status, of("trunk").fields, of("extension").problem], [200, ["gateway"], "missing"]);
  const { body: saved } = await api.get(path);
  assert.deepEqual(saved.values.find(({ value }: { value: string }) => value === "trunk").wish, null);
});

test("each extension says who gets its calls and what contradicts; a conflict goes when the setting decides", async () => {
  for (const [number, name] of [
    ["1001", "Ana"],
    ["1003", "agent1002"],
    ["1005", "Nobody yet"],
  ] as const)
    await api.put(`/api/v1/extensions/${number}`, { name });
  crm.store.addUser({ id: "19x90", userName: "second1001", extension: "1001" });
  const load = async () => (await api.get(`/api/v1/connections/${vtiger.id}/users`)).body;
  const of = (body: Awaited<ReturnType<typeof load>>, number: string) =>
    body.extensions.find(({ extension }: { extension: string }) => extension === number);
  const before = await load();
  assert.deepEqual([of(before, "1001").problem, of(before, "1001").claimed_by.length], ["contested", 2]);
  assert.deepEqual([of(before, "1003").problem, of(before, "1003").suggested_id], ["nobody", "19x7"]);
  assert.equal(of(before, "1002").problem, "not_here");
  const settings = { ...vtiger.settings, ownerByExtension: { "1001": "agent1001", "1005": "Support Group" } };
  assert.equal((await api.patch(`/api/v1/connections/${vtiger.id}`, { settings })).status, 200);
  const after = await load();
  assert.deepEqual([of(after, "1001").problem, of(after, "1001").owner_id], [null, "19x6"]);
  assert.deepEqual([of(after, "1005").problem, of(after, "1005").owner_id], [null, "20x4"]);
});

test("a CRM that refuses is quoted; a system without fields and users says so; others may not ask", async () => {
  const { body: hook } = await api.post("/api/v1/connections", {
    connector: "webhook",
    name: "hook",
    settings: { url: "https://hooks.example.test/calls", secret: "a secret of the receiver" },
  });
  for (const part of ["fields", "users"]) {
    const { status, body } = await api.get(`/api/v1/connections/${hook.id}/${part}`);
    assert.deepEqual([status, body.code], [409, "conflict"]);
    assert.match(body.detail, /^Webhook has no/);
    assert.equal((await enlace.as({}).get(`/api/v1/connections/${vtiger.id}/${part}`)).status, 401);
    assert.equal((await api.get(`/api/v1/connections/999/${part}`)).status, 404);
  }
  crm.user("apiuser").closed = ["Users"];
  const refused = await api.get(`/api/v1/connections/${vtiger.id}/users`);
  assert.deepEqual([refused.status, refused.body.code], [503, "unavailable"]);
  assert.match(refused.body.detail, /Permission to perform the operation is denied/);
});
