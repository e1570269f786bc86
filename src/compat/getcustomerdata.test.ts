import assert from "node:assert/strict";
import { after, test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { AppError } from "../core/errors.ts";
import { toTenantId } from "../core/ids.ts";
import { createHttpServer } from "../http/server.ts";
import { createMetrics } from "../kit/metrics.ts";
import { systemRandom } from "../kit/random.ts";
import { type GetCustomerDataOptions, registerGetCustomerData } from "./getcustomerdata.ts";

const NOTHING = '{"Name":"","DialPlan":null}';
type Decide = GetCustomerDataOptions["decide"];
const asked: Parameters<Decide>[] = [];
const NOBODY = { name: "", dialPlan: null, phone: "", extension: null, reason: "nobody" };
let decide: Decide = async () => NOBODY;
let findPbxByToken: GetCustomerDataOptions["findPbxByToken"];

const app = await createHttpServer({
  ...{ authenticate: async () => undefined, log: silentLog, metrics: createMetrics({ includeProcess: false }) },
  ...{ random: systemRandom, version: "test", publicUrl: "http://enlace.example.test" },
});
registerGetCustomerData(app, {
  ...{ log: silentLog, perSecondMax: 0 },
  findPbxByToken: (token) => findPbxByToken(token),
  decide: (...given) => {
    asked.push(given);
    return decide(...given);
  },
});
after(() => app.close());

async function ask(body: unknown, headers: Record<string, string> = { token: "right" }) {
  findPbxByToken = async (token) => (token === "right" ? { tenantId: toTenantId(1) } : null);
  return post(typeof body === "string" ? body : JSON.stringify(body), headers);
}

async function post(payload: string, headers: Record<string, string>) {
  const url = "/api/callevent/getcustomerdata";
  const { statusCode, body } = await app.inject({ method: "POST", url, payload, headers });
  return [statusCode, body];
}

test("the answer is compact, Name first, DialPlan null without quotes", async () => {
  decide = async () => ({ ...NOBODY, name: "Ann Test | Línea A", dialPlan: "mngr7_0009001_1" });
  assert.deepEqual(await ask({ UniqueId: "u.1", Phone: "+34600000001", TrunkId: "0009001", LoadDialPlan: "true" }), [
    ...[200, '{"Name":"Ann Test | Línea A","DialPlan":"mngr7_0009001_1"}'],
  ]);
  decide = async () => NOBODY;
  assert.deepEqual(await ask({}), [200, NOTHING]);
  assert.equal(NOTHING.length, 27, "the macro takes less than thirty for no answer");
});

test("fields are read as older dialplans write them: numbers or texts, a plan unless none is wanted", async () => {
  asked.length = 0;
  await ask({ UniqueId: 17.5, Phone: 600000001, TrunkId: 9001 }, { token: "right", "content-type": "text/plain" });
  await ask({ Phone: " 600 ", LoadDialPlan: false });
  assert.deepEqual(
    asked.map(([{ uniqueId, trunk }, { phone, isNameOnly }]) => [uniqueId, trunk, phone, isNameOnly]),
    [
      ["17.5", "9001", "600000001", false],
      ["", "", "600", true],
    ],
  );
});

test("every refusal has the body that the macro passes over", async () => {
  assert.deepEqual(await ask({}, {}), [401, NOTHING]);
  assert.deepEqual(await ask({}, { token: "wrong" }), [401, NOTHING]);
  for (const body of ["", "[1]", "null", "{", '"text"']) assert.deepEqual(await ask(body), [422, NOTHING], body);
  assert.deepEqual(await ask("x".repeat(5_000)), [413, NOTHING]);
});

test("a store that is away is an empty answer, and a bug of ours is one too, under its own status", async () => {
  findPbxByToken = async () => {
    throw new AppError("unavailable", "the store is away");
  };
  assert.deepEqual(await post("{}", { token: "right" }), [200, NOTHING]);
  decide = async () => {
    throw new TypeError("a bug");
  };
  assert.deepEqual(await ask({}), [500, NOTHING]);
});
