import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { toTenantId } from "../../core/ids.ts";
import { createCache } from "../../kit/cache.ts";
import { BUDGET_MS, createDecide, type RedirectQuestion } from "./decision.ts";
import type { KnownCaller } from "./known-callers.ts";
import type { RedirectProfile } from "./profile.ts";
import { settingsBody, toSettings } from "./schema.ts";

const TENANT = toTenantId(1);
const LINE = "0009001";
const CONNECTION: ConnectionRecord = {
  ...{ tenantId: TENANT, id: "5", connector: "vtiger", name: "Vtiger", settings: {}, problem: null },
  ...{ enabled: true, version: 1, origin: "api" },
};
const ANN: KnownCaller = { contact: { id: "12x7", name: "Ann Test" }, extension: "103", owner: "agent1003" };

interface Situation {
  settings?: object;
  line?: object;
  caller?(): Promise<KnownCaller | null>;
  talkers?(): Promise<readonly string[]>;
  profile?(): Promise<RedirectProfile>;
  connection?: ConnectionRecord | null;
}

/** Extensions 101 to 104 are there, 104 belongs to somebody who is disabled; 102 talked last. */
function createFixture({ settings = {}, line = {}, connection = CONNECTION, ...more }: Situation = {}) {
  const clock = createManualClock();
  const body = settingsBody.parse({ internal_ids: { "102": 7 }, lines: { [`gsm:${LINE}`]: line }, ...settings });
  const extensions = new Map(["101", "102", "103", "104"].map((number) => [number, { isDisabled: number === "104" }]));
  const profile: RedirectProfile = { settings: toSettings(body), country: "ES", extensions, connection };
  const asked: string[] = [];
  const decide = createDecide({
    clock,
    profiles: createCache({ clock, ttlMs: 1, keysMax: 1, load: more.profile ?? (async () => profile) }),
    knownCallers: {
      find: (_, number) => {
        asked.push(`crm ${number}`);
        return more.caller?.() ?? Promise.resolve(null);
      },
      forget: () => asked.push("forget crm"),
      stop: () => undefined,
    },
    talkers: {
      find: (_, number, order) => {
        asked.push(`${order} ${number}`);
        return more.talkers?.() ?? Promise.resolve(["102"]);
      },
      forget: () => asked.push("forget log"),
    },
  });
  const ask = (question: Partial<RedirectQuestion> = {}) =>
    decide({ tenantId: TENANT, phone: "+34600000001", trunk: LINE, ...question });
  return { ask, asked, clock };
}
const never = (): Promise<never> => new Promise(() => undefined);
const fail = async (): Promise<never> => {
  throw new Error("it is down");
};
const brief = async (situation: Situation, question: Partial<RedirectQuestion> = {}) => {
  const { name, dialPlan, reason } = await createFixture(situation).ask(question);
  return [name, dialPlan, reason];
};

test("who talked last takes the call, by the number generated contexts know the extension by", async () => {
  assert.deepEqual(await brief({}), ["", "mngr7_0009001_1", "last_call"]);
  const { ask, asked } = createFixture({ line: { algorithm: "first_call", send_customer_name: false } });
  assert.equal((await ask({ phone: "600 000 001" })).extension, "102");
  assert.deepEqual(asked, ["first +34600000001"]);
});

test("modes and switches decide what is said at all", async () => {
  const found = { caller: async () => ANN };
  assert.deepEqual(await brief({ ...found, settings: { mode: "off" } }), ["", null, "off"]);
  assert.deepEqual(await brief({ ...found, settings: { mode: "name-only" } }), ["Ann Test", null, "name_only"]);
  assert.deepEqual(await brief({ ...found, line: { enabled: false } }), ["", null, "line_disabled"]);
  assert.deepEqual(await brief({ ...found, line: { do_routing: false } }), ["Ann Test", null, "routing_off"]);
  assert.deepEqual(await brief(found, { isNameOnly: true }), ["Ann Test", null, "name_only"]);
  assert.deepEqual(await brief(found, { trunk: "sip-line-1" }), ["", null, "line_disabled"], "no default line");
  const settings = { default_line: {} };
  assert.deepEqual(await brief({ ...found, settings }, { trunk: "sip-line-1" }), [
    ...["Ann Test", "mngr7_sip-line-1_1", "last_call"],
  ]);
});

test("the CRM's responsible person comes before who talked last", async () => {
  const line = { algorithm: "crm" };
  assert.deepEqual(await brief({ line, caller: async () => ANN }), ["Ann Test", "mngr103_0009001_1", "responsible"]);
  assert.deepEqual(await brief({ line }), ["", "mngr7_0009001_1", "last_call"], "nobody knows the number");
  const nobody = async () => ({ ...ANN, extension: null });
  assert.deepEqual(await brief({ line, caller: nobody }), ["Ann Test", "mngr7_0009001_1", "last_call"]);
});

test("an extension that is gone or whose person is disabled is passed over, and the steps say so", async () => {
  const caller = async () => ({ ...ANN, extension: "104" });
  const talkers = async () => ["199", "199", "104", "101"];
  const { ask } = createFixture({ line: { algorithm: "crm" }, caller, talkers });
  const { extension, reason, steps } = await ask();
  assert.deepEqual([extension, reason], ["101", "last_call"]);
  assert.deepEqual(
    steps.map(({ step, said }) => `${step}: ${said}`),
    [
      "settings: mode routing+name",
      "line: line 0009001: routing by crm",
      "number: reads as +34600000001",
      "customer: Vtiger says Ann Test (12x7)",
      "responsible: agent1003 is responsible, on 104, which belongs to somebody who is disabled",
      "last_call: 199 talked with this number, and is not known any more",
      "last_call: 104 talked with this number, and belongs to somebody who is disabled",
      "last_call: 101 talked with this number",
    ],
  );
});

test("whom nobody is responsible for goes to the fallback, which may be a queue; without one nothing is said", async () => {
  const talkers = async () => [];
  assert.deepEqual(await brief({ talkers, line: { fallback: "600" } }), ["", "mngr600_0009001_1", "fallback"]);
  assert.deepEqual(await brief({ talkers }), ["", null, "nobody"]);
});

test("a caller who hides is told apart by no system, and may still be sent to the fallback", async () => {
  const { ask, asked } = createFixture();
  assert.equal((await ask({ phone: "anonymous" })).reason, "no_number");
  assert.deepEqual(asked, []);
  assert.deepEqual(await brief({ line: { fallback: "600" } }, { phone: "anonymous" }), [
    ...["", "mngr600_0009001_1", "fallback"],
  ]);
});

test("a CRM slower than the budget is not waited for: what is known by then is the answer", async () => {
  const { ask, clock } = createFixture({ line: { algorithm: "crm" }, caller: never });
  const asked = ask();
  await clock.advance(0);
  await clock.advance(BUDGET_MS);
  const { reason, dialPlan, durationMs, steps } = await asked;
  assert.deepEqual([reason, dialPlan], ["last_call", "mngr7_0009001_1"]);
  assert.ok(durationMs <= 800);
  assert.ok(steps.some(({ said }) => said === "Vtiger cannot tell: no answer within 750 ms"));
  assert.equal(clock.timers(), 0, "nothing is left waiting");
});

test("CRM and store both down is an empty answer, never an error", async () => {
  assert.deepEqual(await brief({ line: { algorithm: "crm" }, caller: fail, talkers: fail }), ["", null, "unavailable"]);
  assert.deepEqual(await brief({ profile: fail }), ["", null, "unavailable"]);
  const { ask, clock } = createFixture({ profile: never });
  const asked = ask();
  await clock.advance(BUDGET_MS);
  assert.equal((await asked).reason, "unavailable");
});

test("the name has its parts in the order of the line, free of what would break a dialplan", async () => {
  const line = {
    ...{ send_line_name: true, line_name: "Line A", line_name_order: 2, customer_name_order: 1 },
    ...{ send_shop_name: true, shop_name: "", shop_name_order: 0 },
  };
  assert.equal((await brief({ line, caller: async () => ANN }))[0], "Ann Test | Line A");
  const contact = { id: "1", name: 'Ann\n"The, One"\\ | $Test' };
  const [name] = await brief({ line, caller: async () => ({ contact }) });
  assert.equal(name, "Ann The One $Test | Line A");
  assert.equal((await brief({ line }))[0], "Line A", "nobody knows the number");
});

test("a trunk that is no plain word never gets into a dial plan", async () => {
  const settings = { default_line: {} };
  assert.deepEqual(await brief({ settings }, { trunk: "a,1)&Dial(b" }), ["", null, "last_call"]);
});

test("asked anew, what is remembered of the number is forgotten first", async () => {
  const { ask, asked } = createFixture();
  await ask({ isFresh: true });
  assert.deepEqual(asked, ["forget log", "forget crm", "crm +34600000001", "last +34600000001"]);
});

test("where no connection can tell, names stay empty and the call log alone decides", async () => {
  const { ask, asked } = createFixture({ connection: null });
  const { name, reason, steps } = await ask();
  assert.deepEqual([name, reason], ["", "last_call"]);
  assert.ok(steps.some(({ said }) => said === "no connection can tell who calls"));
  assert.deepEqual(asked, ["last +34600000001"]);
});
