import assert from "node:assert/strict";
import { after, test } from "node:test";
import { toTenantId } from "../core/ids.ts";
import type { PbxRecord } from "../core/pbx-record.ts";
import { systemClock } from "../kit/clock.ts";
import { createHttpRequester } from "../kit/http-client.ts";
import { startFakeAmi } from "./ami/fake-ami.ts";
import { createPbxCheck, toRightsFindings } from "./pbx-check.ts";
import { createToPbxSettings } from "./pbx-settings.ts";

const fake = await startFakeAmi();
after(() => fake.stop());
const record: PbxRecord = {
  ...{ tenantId: toTenantId(1), id: "1", name: "main", host: "127.0.0.1", port: fake.port, tls: false, tlsCa: null },
  ...{ username: "enlace", secret: "test-secret", timeZone: "UTC", callIdPrefix: "", trunks: [], country: "ES" },
  dial: { extension: "PJSIP/1", context: "c", number: "1", form: "local" },
  ...{ cdr: { kind: "none" }, origin: "api", enabled: true, extensions: new Map() },
};
const http = createHttpRequester({ clock: systemClock, allowTargets: { private: true, loopback: true } }).request;
const check = (more: Partial<PbxRecord> = {}, loopback = true) =>
  createPbxCheck({ toSettings: createToPbxSettings({ private: true, loopback }), clock: systemClock, http })(
    { ...record, ...more },
    new AbortController().signal,
  );
const subjects = async (...given: Parameters<typeof check>) => {
  const { ok, findings } = await check(...given);
  return [ok, ...findings.map(({ level, subject }) => `${level} ${subject}`)];
};

test("a PBX that lets Enlace do what it needs and no more is well", async () => {
  const needed = ["Originate", "Hangup", "Redirect", "Atxfer", "BlindTransfer", "QueueStatus", "CoreShowChannels"];
  fake.onAction = (action) => {
    if (action.get("Action") !== "ListCommands") return false;
    action.answer({ Response: "Success", ...Object.fromEntries(needed.map((name) => [name, "x"])) });
    return true;
  };
  assert.deepEqual((await subjects()).slice(0, 3), [true, "ok login", "ok rights"]);
  assert.equal(fake.actions.find((action) => action.get("Action") === "Login")?.get("Events"), "system");
});

test("a wrong secret and a closed port are told apart, each with what to look at", async () => {
  assert.deepEqual(await subjects({ secret: "wrong" }), [false, "error login"]);
  assert.deepEqual(await subjects({ port: 1 }), [false, "error connection"]);
  assert.match((await check({ port: 1 })).findings[0]?.mend ?? "", /127\.0\.0\.1:1 /);
});

test("an address that tenants may not reach is not connected to; the operator's own PBX may be there", async () => {
  const actions = fake.actions.length;
  assert.deepEqual(await subjects({}, false), [false, "error address"]);
  assert.deepEqual(await subjects({ host: "localhost" }, false), [false, "error connection"]);
  assert.equal(fake.actions.length, actions);
  assert.equal((await check({ origin: "environment" }, false)).ok, true);
});

test("a user who cannot list channels is an error, one who lacks a feature a warning", () => {
  const findings = toRightsFindings({
    actions: [],
    missing: ["Redirect", "CoreShowChannels or Status"],
    dangerous: [],
  });
  assert.deepEqual(
    findings.map(({ level }) => level),
    ["warning", "error"],
  );
});

test("a context that is missing is an error with the lines that make it, and a probe that gets no answer is only a warning", async () => {
  fake.onAction = (action) => {
    if (action.get("Action") !== "ShowDialPlan") return false;
    if (action.get("Context") === "c") action.answer({ Response: "Error", Message: "Did not find context c" });
    else action.answer({ Response: "Success", EventList: "start" });
    if (action.get("Context") !== "c") action.answer({ Event: "ShowDialPlanComplete", EventList: "Complete" });
    return true;
  };
  const { ok, findings } = await check();
  assert.equal(ok, false);
  const found = findings.find(({ subject }) => subject === "context:c");
  assert.equal(found?.level, "error");
  assert.match(found?.mend ?? "", /extensions_custom\.conf.*\n\[c\]\n/, "it looks like FreePBX");
  assert.equal(findings.find(({ subject }) => subject === "peers")?.level, "warning");
});
