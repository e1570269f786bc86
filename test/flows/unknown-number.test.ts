// S0-15, S0-21: a number nobody knows makes a call without a contact, for a person to review.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const wait = { headers: { prefer: "wait=30" } };
const recordOf = (uuid: string) => enlace.crm.records("PBXManager").find(({ fields }) => fields.sourceuuid === uuid);

test("a call of an unknown number is recorded without a contact and marked for review", async () => {
  enlace.crm.addContact({ lastname: "Somebody else", phone: "+34123456780" });
  const { status, body } = await enlace.postCall(DOCUMENTED_CALL, wait);
  assert.equal(status, 200);
  assert.ok(body.deliveries[0].review);
  assert.equal(recordOf("uuid-555")?.fields.customer, "");
  const { body: shown } = await enlace.api.get(`/api/v1/deliveries/${body.deliveries[0].delivery_id}`);
  assert.equal(shown.review, body.deliveries[0].review);
});

test("a number that several contacts share links nobody and is marked for review", async () => {
  for (const lastname of ["Ana", "Blas"]) enlace.crm.addContact({ lastname, phone: "600 000 001" });
  const { body } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "shared", from: "+34600000001" }, wait);
  assert.equal(body.status, "ok");
  assert.ok(body.deliveries[0].review);
  assert.equal(recordOf("shared")?.fields.customer, "");
});

test("a withheld number makes a record all the same", async () => {
  const { body } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "hidden", from: "anonymous" }, wait);
  assert.equal(body.status, "ok");
  assert.equal(recordOf("hidden")?.fields.customernumber, "anonymous");
});
