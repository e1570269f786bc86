import assert from "node:assert/strict";
import { test } from "node:test";
import { createCall, testConnector } from "../connector.contract.ts";
import { vtiger } from "./connector.ts";
import { startFakeVtiger } from "./fake-vtiger.ts";

testConnector(vtiger, async () => {
  const crm = await startFakeVtiger();
  crm.user("apiuser").isAdmin = true;
  crm.addContact({ lastname: "García", phone: "+34 123 456 789" });
  const settings = { url: crm.url, username: "apiuser", accessKey: "apiuserkey123456" };
  return {
    settings,
    wrongSettings: { ...settings, accessKey: "wrongkey12345678" },
    secrets: () => ["apiuserkey123456", "wrongkey12345678", ...crm.secrets()],
    records: (callUuid) => crm.records().filter(({ fields }) => fields.sourceuuid === callUuid).length,
    spoil: {
      tooMany: (retryAfterSeconds) => crm.faults.add({ kind: "tooMany", operation: "create", retryAfterSeconds }),
      serverError: () => crm.faults.add({ kind: "empty500", operation: "create" }),
      cut: () => crm.faults.add({ kind: "cut", operation: "create" }),
      silent: () => {
        crm.faults.add({ kind: "silent", operation: "create" });
        return crm.nextRequest("create");
      },
      lost: () => {
        crm.faults.add({ kind: "lost", operation: "create" });
        return crm.nextRequest("create");
      },
      html: () => crm.faults.add({ kind: "maintenance", operation: "create" }),
      invalid: () => {
        const error = { code: "MANDATORY_FIELDS_MISSING", message: "subject does not have a value" };
        crm.faults.add({ kind: "refused", operation: "create", error });
        return error.message;
      },
      errorWith200: () => crm.faults.add({ kind: "trace", operation: "create" }),
    },
    stop: crm.stop,
  };
});

test("colleagues who call each other are written only when somebody asks for it", () => {
  const settings = (more: object = {}) =>
    vtiger.settings.parse({ url: "https://crm.example.test", username: "u", accessKey: "k", ...more });
  const internal = createCall({ direction: "internal", sources: ["ami"] });
  assert.deepEqual(vtiger.plan(internal, settings()), []);
  assert.deepEqual(vtiger.plan(internal, settings({ deliverInternal: true })), [{ kind: "record" }]);
  assert.deepEqual(vtiger.plan({ ...internal, sources: ["ami", "webhook"] }, settings()), [{ kind: "record" }]);
  assert.deepEqual(vtiger.plan({ ...internal, direction: "outbound" }, settings()), [{ kind: "record" }]);
});
