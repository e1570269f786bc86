import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModules } from "./fake-modules.ts";
import { resolveLayout } from "./fields.ts";
import { describeAnswer, toBaseUrl, toEndpoint, type VtigerModule, vtigerSettings } from "./schema.ts";

const settings = (more: object): ReturnType<typeof vtigerSettings.parse> =>
  vtigerSettings.parse({ url: "https://crm.example.test", username: "u", accessKey: "k", ...more });

const described = (module: string, customFields = true): VtigerModule =>
  describeAnswer.parse(loadModules({ customFields }).get(module));

test("a new installation's PBXManager takes calls without any field of ours", () => {
  const { layout, problems } = resolveLayout(settings({}), described("PBXManager", false));
  assert.deepEqual(problems, []);
  assert.equal(layout?.keyField, "sourceuuid");
  assert.deepEqual(
    [...(layout?.links ?? [])],
    [
      ["Contacts", "customer"],
      ["Leads", "customer"],
      ["Accounts", "customer"],
    ],
  );
});

test("a new installation's Events have nowhere to keep the call's id, and the problem names the field", () => {
  const { layout, problems } = resolveLayout(settings({ module: "Events" }), described("Events", false));
  assert.equal(layout, undefined);
  assert.deepEqual(problems, [{ field: "call_uuid", wanted: "cf_call_uuid", reason: "missing" }]);
});

test("fields are found by name or label without regard to case, and a wish replaces the usual homes", () => {
  const fieldMap = { call_uuid: " ui CALL uuid ", duration: "CF_855", recording_url: "" };
  const { layout } = resolveLayout(settings({ fieldMap }), described("PBXManager"));
  const namesOf = (field: "call_uuid" | "duration" | "recording_url"): string[] =>
    (layout?.targets.get(field) ?? []).map(({ name }) => name);
  assert.deepEqual([layout?.keyField, namesOf("call_uuid")], ["cf_853", ["cf_853"]]);
  assert.deepEqual(namesOf("duration"), ["cf_855"]);
  assert.deepEqual(namesOf("recording_url"), []);
});

test("wished fields that are missing or not the only one of their label are problems, and the rest goes on", () => {
  const module = described("PBXManager");
  for (const field of module.fields) if (field.name.startsWith("cf_8")) field.label = "Twice";
  const fieldMap = { trunk: "cf_nosuch", duration: "Twice" };
  const { layout, problems } = resolveLayout(settings({ fieldMap }), module);
  assert.equal(layout?.keyField, "sourceuuid");
  assert.deepEqual(problems, [
    { field: "duration", wanted: "Twice", reason: "ambiguous" },
    { field: "trunk", wanted: "cf_nosuch", reason: "missing" },
  ]);
});

test("somebody's own module is named by its label field when it has no subject", () => {
  const module = { ...described("Calls"), labelFields: "title" };
  for (const field of module.fields) if (field.name === "subject") field.name = "title";
  const { layout } = resolveLayout(settings({ module: "Calls" }), module);
  assert.equal(layout?.targets.get("subject")?.[0]?.name, "title");
  assert.equal(layout?.links.get("Leads"), "parent_id");
});

test("the endpoint is found from whatever part of the address is given", () => {
  for (const path of ["", "/", "/webservice.php", "/index.php"]) {
    assert.equal(
      toEndpoint(`https://crm.example.test/vtiger${path}`),
      "https://crm.example.test/vtiger/webservice.php",
    );
  }
  assert.equal(toBaseUrl("http://10.0.0.5:8080/webservice.php?x=1"), "http://10.0.0.5:8080");
});

test("settings refuse other protocols, unknown names and empty credentials", () => {
  const good = { url: "https://crm.example.test", username: "u", accessKey: "k" };
  for (const wrong of [
    { url: "ftp://x.test" },
    { url: "x" },
    { url: "https://user:key@crm.example.test" },
    { accessKey: "" },
    { modul: "x" },
    { module: "a;b" },
    { fieldMap: { nosuch: "x" } },
  ]) {
    assert.equal(vtigerSettings.safeParse({ ...good, ...wrong }).success, false, JSON.stringify(wrong));
  }
  assert.equal(vtigerSettings.safeParse({ ...good, module: undefined }).success, true);
});
