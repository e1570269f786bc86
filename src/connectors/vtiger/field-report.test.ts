import assert from "node:assert/strict";
import { test } from "node:test";
import { createSubject } from "../connector.contract.ts";
import { startBench } from "./fake-bench.ts";

test("fields come with the CRM's own labels, types and widths, and the ones we may not write are told", async () => {
  const { fields } = await startBench();
  const report = await fields();
  const find = (name: string) => report.fields.find((field) => field.name === name) ?? assert.fail(name);
  assert.deepEqual([report.place, report.setting], ["PBXManager", "fieldMap"]);
  assert.deepEqual(find("recordingurl"), {
    ...{ name: "recordingurl", label: "Recording", type: "url" },
    ...{ isMandatory: false, isWritable: true, widthMax: 200 },
  });
  assert.deepEqual(report.preview, []);
  assert.ok(report.fields.some(({ isMandatory }) => isMandatory));
});

test("a wish replaces the usual fields, an empty one sends nothing, and one that fits no field says so", async () => {
  const { fields } = await startBench();
  const { values } = await fields({ mapping: { trunk: "cf_nosuch", disposition: "", call_uuid: "UI Call UUID" } });
  const of = (value: string) => values.find((one) => one.value === value);
  assert.deepEqual(of("trunk"), { value: "trunk", wish: "cf_nosuch", fields: [], problem: "missing" });
  assert.deepEqual(of("disposition"), { value: "disposition", wish: "", fields: [], problem: null });
  assert.deepEqual(of("call_uuid")?.fields, ["cf_853"]);
  assert.deepEqual(of("status"), { value: "status", wish: null, fields: ["callstatus"], problem: null });
});

test("the preview is what a delivery of the call writes", async () => {
  const { fields, deliver, crm } = await startBench();
  const subject = createSubject();
  const { preview } = await fields({ sample: subject });
  await deliver(subject);
  const [record] = crm.records();
  assert.ok(preview.length > 5);
  for (const { field, text } of preview) assert.equal(record?.fields[field], text, field);
  assert.ok(!preview.some(({ field }) => field === "assigned_user_id"));
});

test("without a field for the call's id nothing can be previewed, and the value says what is missing", async () => {
  const { fields } = await startBench({ customFields: false, settings: { module: "Events" } });
  const report = await fields({ sample: createSubject() });
  assert.deepEqual(report.preview, []);
  assert.equal(report.values.find(({ value }) => value === "call_uuid")?.problem, "missing");
});

test("the description is asked for once, and again when it is to be fresh", async () => {
  const { fields, crm } = await startBench();
  await fields();
  const module = crm.store.modules.get("PBXManager") ?? assert.fail();
  for (const field of module.fields) if (field.name === "callstatus") field.label = "Estado de la llamada";
  const labelOf = async (isFresh: boolean) =>
    (await fields({ isFresh })).fields.find(({ name }) => name === "callstatus")?.label;
  assert.notEqual(await labelOf(false), "Estado de la llamada");
  assert.equal(await labelOf(true), "Estado de la llamada");
});

test("a module that is closed to the API user is refused in words", async () => {
  const { fields, crm } = await startBench();
  crm.user("apiuser").closed = ["PBXManager"];
  await assert.rejects(fields(), /Permission to perform the operation is denied/);
});
