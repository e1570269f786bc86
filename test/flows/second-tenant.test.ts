// Two tenants in one house: each signs with its own secret and sees its own calls only; secrets change without a gap.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const theirCrm = await startFakeVtiger();
after(() => theirCrm.stop());
const theirs = await createTenant();
let secret = "";

async function createTenant() {
  const created = await enlace.api.post("/api/v1/tenants", {
    number: "9002",
    name: "Second",
    time_zone: "America/Bogota",
    country: "CO",
    language: "es",
    admin: { username: "second-admin", password: ADMIN_PASSWORD },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  return enlace.logIn("second-admin", ADMIN_PASSWORD);
}

test("before it has a secret nobody can sign for the second tenant", async () => {
  assert.equal((await enlace.postCall(DOCUMENTED_CALL, { tenant: "9002" })).status, 401);
  assert.equal((await enlace.postCall(DOCUMENTED_CALL, { tenant: "no-such-tenant" })).status, 401);
});

test("with its own secret its calls are its own: the same call_uuid is two calls in two houses", async () => {
  const rotated = await theirs.post("/api/v1/webhook-secrets/rotate", {});
  assert.equal(rotated.status, 201);
  secret = rotated.body.secret;
  assert.equal((await enlace.postCall(DOCUMENTED_CALL, { tenant: "9002", secret })).status, 202);
  assert.equal((await enlace.postCall(DOCUMENTED_CALL)).body.status, "accepted");
  const [mine, their] = await Promise.all([enlace.api.get("/api/v1/calls"), theirs.get("/api/v1/calls")]);
  assert.deepEqual([mine.body.items.length, their.body.items.length], [1, 1]);
  assert.notEqual(mine.body.items[0].id, their.body.items[0].id);
  assert.equal((await theirs.get(`/api/v1/calls/${mine.body.items[0].id}`)).status, 404);
});

test("one tenant's secret does not sign for the other", async () => {
  assert.equal((await enlace.postCall(DOCUMENTED_CALL, { secret })).status, 401);
  assert.equal((await enlace.postCall(DOCUMENTED_CALL, { tenant: "9002" })).status, 401);
});

test("a number without country code is read as the tenant's country writes it", async () => {
  await enlace.postCall({ call_uuid: "local", from: "601 234 5678", status: "ringing" }, { tenant: "9002", secret });
  const { body } = await theirs.get("/api/v1/calls?limit=200");
  assert.equal(body.items.find((call: { call_uuid: string }) => call.call_uuid === "local").from, "+576012345678");
});

test("after a rotation both secrets sign until the overlap ends; without overlap the old one ends at once", async () => {
  const { body } = await theirs.post("/api/v1/webhook-secrets/rotate", { overlap_seconds: 3600 });
  const post = (one: string) => enlace.postCall(DOCUMENTED_CALL, { tenant: "9002", secret: one });
  assert.deepEqual([(await post(secret)).status, (await post(body.secret)).status], [200, 200]);
  const { body: last } = await theirs.post("/api/v1/webhook-secrets/rotate", { overlap_seconds: 0 });
  await eventually(async () => assert.equal((await post(body.secret)).status, 401));
  assert.deepEqual([(await post(secret)).status, (await post(last.secret)).status], [401, 200]);
  secret = last.secret;
});

test("its calls go to its own CRM and to no other", async () => {
  const { accessKey } = theirCrm.user("apiuser");
  const created = await theirs.post("/api/v1/connections", {
    connector: "vtiger",
    name: "their CRM",
    settings: { url: theirCrm.url, username: "apiuser", accessKey },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const call = { ...DOCUMENTED_CALL, call_uuid: "theirs-alone" };
  const { body } = await enlace.postCall(call, { tenant: "9002", secret, headers: { prefer: "wait=30" } });
  assert.equal(body.status, "ok", JSON.stringify(body));
  assert.deepEqual(
    theirCrm.records("PBXManager").map(({ fields }) => fields.sourceuuid),
    ["theirs-alone"],
  );
  assert.ok(enlace.crm.records("PBXManager").every(({ fields }) => fields.sourceuuid !== "theirs-alone"));
});
