// A program names people to call one by one, while the campaign waits or runs; nobody is there twice, and one may be left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const { api, rows, logIn } = await startTestEnlace({
  env: { ENLACE_ROLES: "api,dialer", ENLACE_COUNTRY: "ES" },
});
const base = "/api/v1/campaigns";
const pbx = { name: "main", host: "192.0.2.1", username: "enlace", secret: "x", enabled: false };
const pbx_id = (await api.post("/api/v1/pbxs", pbx)).body.id;
const trunk_id = (await api.post("/api/v1/trunks", { pbx_id, name: "carrier", channels_max: 5 })).body.id;
const policy = (await api.post("/api/v1/dialer/policies", { name: "Rehearsal", template: "zz-service" })).body;
const reviewed = { version: policy.version, name: "Ana Test", reviewed: true };
await api.post(`/api/v1/dialer/policies/${policy.id}/acknowledge`, reviewed);
const project = { name: "Reminders", trunks: [{ trunk_id }], policy_id: policy.id };
const project_id = (await api.post("/api/v1/projects", project)).body.id;

const createCampaign = async (): Promise<string> => (await api.post(base, { project_id, name: "Leads" })).body.id;
const add = (id: string, body: object) => api.post(`${base}/${id}/contacts`, body);
const contactsOf = async (id: string): Promise<Json[]> => (await api.get(`${base}/${id}/contacts`)).body.items;
const countsOf = async (id: string): Promise<Json> => (await api.get(`${base}/${id}`)).body.contacts;

test("one contact is added, and the same request again changes nothing", async () => {
  const id = await createCampaign();
  const contact = { number: "600 000 001", variables: { name: "Ana" } };
  const first = await add(id, contact);
  assert.deepEqual([first.status, first.body], [200, { inserted: 1, duplicates: 0, invalid: 0, invalid_lines: [] }]);
  const again = await add(id, { ...contact, variables: { name: "Eva" } });
  assert.deepEqual(again.body, { inserted: 0, duplicates: 1, invalid: 0, invalid_lines: [] });
  const [only, ...others] = await contactsOf(id);
  assert.deepEqual(
    [only?.number, only?.variables, only?.state, others],
    ["+34600000001", { name: "Ana" }, "pending", []],
  );
  const added = await rows("select detail from audit_log where action = 'campaign.contacts'");
  assert.equal(added.length, 1, "a repetition is no change");
});

test("of many, duplicates and what is no number are told as an import tells them", async () => {
  const id = await createCampaign();
  const contacts = ["600000001", "nobody", "+34600000002", "600 000 001"].map((number) => ({ number }));
  const { body } = await add(id, { contacts });
  const words = { reason: "is not a phone number", reason_code: "field.phone", reason_values: {} };
  const invalid_lines = [{ line: 2, value: "nobody", ...words }];
  assert.deepEqual(body, { inserted: 2, duplicates: 1, invalid: 1, invalid_lines });
  assert.deepEqual(await countsOf(id), {
    ...{ total: 2, pending: 2, dialing: 0, completed: 0, failed: 0, skipped: 0 },
  });
});

test("what is too much, or no contact, is refused whole", async () => {
  const id = await createCampaign();
  const contacts = Array.from({ length: 1_001 }, (_, index) => ({
    number: `+3460001${String(index).padStart(4, "0")}`,
  }));
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`v${index}`, "x"]));
  for (const body of [
    { contacts },
    { contacts: [] },
    {},
    { number: "+34600000001", variables: many },
    { number: "+34600000001", variables: { note: "x".repeat(501) } },
    { number: "+34600000001", variables: { note: "a\0b" } },
    { number: "+34600000001", state: "completed" },
  ])
    assert.equal((await add(id, body)).status, 422, JSON.stringify(body).slice(0, 80));
  assert.equal((await add(id, { contacts: contacts.slice(1) })).body.inserted, 1_000);
  assert.equal((await add("999999", { number: "+34600000001" })).status, 404);
});

test("a running campaign takes contacts and goes on; one that is over does not", async () => {
  const id = await createCampaign();
  await add(id, { number: "+34600000001" });
  assert.equal((await api.post(`${base}/${id}/start`)).status, 200);
  assert.equal((await add(id, { number: "+34600000002" })).body.inserted, 1);
  const [first, second] = await contactsOf(id);
  for (const contact of [first, second]) await api.post(`${base}/${id}/contacts/${contact?.id}/skip`);
  await eventually(async () => assert.equal((await api.get(`${base}/${id}`)).body.state, "completed"));
  assert.equal((await add(id, { number: "+34600000003" })).status, 409);
  assert.deepEqual(await countsOf(id), {
    ...{ total: 2, pending: 0, dialing: 0, completed: 0, failed: 0, skipped: 2 },
  });
});

test("one who waits is skipped, once; who is being called or was reached is not", async () => {
  const id = await createCampaign();
  await add(id, { contacts: [{ number: "+34600000001" }, { number: "+34600000002" }] });
  const [first, second] = await contactsOf(id);
  const skip = (contact: Json | undefined) => api.post(`${base}/${id}/contacts/${contact?.id}/skip`);
  const skipped = await skip(first);
  assert.deepEqual([skipped.status, skipped.body.state, skipped.body.next_at], [200, "skipped", null]);
  assert.equal((await skip(first)).status, 200);
  await rows("update campaign_contacts set state = 'dialing' where id = $1", [second?.id]);
  assert.equal((await skip(second)).status, 409);
  assert.equal((await api.delete(`${base}/${id}/contacts/${second?.id}`)).status, 409);
  assert.equal((await skip({ id: "999999" })).status, 404);
  assert.deepEqual((await countsOf(id)).skipped, 1);
});

test("a contact that is taken out is gone from the figures too, and may be added again", async () => {
  const id = await createCampaign();
  await add(id, { contacts: [{ number: "+34600000001" }, { number: "+34600000002" }] });
  const [first] = await contactsOf(id);
  assert.equal((await api.delete(`${base}/${id}/contacts/${first?.id}`)).status, 204);
  assert.equal((await api.delete(`${base}/${id}/contacts/${first?.id}`)).status, 404);
  assert.equal((await countsOf(id)).total, 1);
  assert.equal((await add(id, { number: "+34600000001" })).body.inserted, 1);
  const other = await createCampaign();
  const [left] = await contactsOf(id);
  assert.equal((await api.delete(`${base}/${other}/contacts/${left?.id}`)).status, 404, "another campaign's");
});

test("supervisors skip in their own projects, and add and take out nobody", async () => {
  const id = await createCampaign();
  await add(id, { number: "+34600000001" });
  const [contact] = await contactsOf(id);
  const made = await api.post("/api/v1/users", { username: "sofia", role: "supervisor", password: ADMIN_PASSWORD });
  const sofia = await logIn("sofia", ADMIN_PASSWORD);
  const skip = () => sofia.post(`${base}/${id}/contacts/${contact?.id}/skip`);
  assert.equal((await skip()).status, 404);
  await api.put(`/api/v1/projects/${project_id}/users`, { user_ids: [made.body.id] });
  assert.equal((await skip()).status, 200);
  assert.equal((await sofia.post(`${base}/${id}/contacts`, { number: "+34600000002" })).status, 403);
  assert.equal((await sofia.delete(`${base}/${id}/contacts/${contact?.id}`)).status, 403);
});
