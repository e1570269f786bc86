// Store and CRM go away while phones ring: who was known stays known, who was not goes on unnamed, and nothing of it is remembered.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { logIn, postCall } from "../api-client.ts";
import { createChildEnlace } from "../child-enlace.ts";
import { ADMIN_PASSWORD, WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL } from "../harness.ts";
import { startOwnPostgres } from "../simulation/own-postgres.ts";

const TOKEN = "the event token of the first PBX";
const NOTHING = '{"Name":"","DialPlan":null}';
const KNOWN = "+34600000001";
const postgres = await startOwnPostgres();
const crm = await startFakeVtiger();
crm.user("agent1001").extension = "101";
for (const [lastname, mobile] of [
  ["Known", "600000001"],
  ["Stranger", "600000002"],
])
  crm.addContact({ firstname: "Ann", lastname: lastname ?? "", mobile: mobile ?? "", assigned_user_id: "19x6" });
const server = await createChildEnlace({
  ...{ databaseUrl: postgres.url, crmUrl: crm.url },
  // A PBX that only asks: nobody listens at its address.
  env: { AMI_HOST: "127.0.0.1", AMI_PORT: "1", AMI_USERNAME: "enlace", AMI_SECRET: "none", PBX_TOKEN: TOKEN },
});
after(async () => {
  await server.kill();
  await crm.stop();
  await postgres.stop();
});

async function ask(Phone: string): Promise<{ status: number; text: string; ms: number }> {
  const startedMs = performance.now();
  const response = await fetch(`${server.url}/api/callevent/getcustomerdata`, {
    ...{ method: "POST", headers: { token: TOKEN } },
    body: JSON.stringify({ UniqueId: "u.1", Phone, TrunkId: "0009001", LoadDialPlan: "true" }),
  });
  return { status: response.status, text: await response.text(), ms: performance.now() - startedMs };
}

test("with store and CRM there a caller has a name and a person", async () => {
  await server.start();
  const api = await logIn(server.url, "admin", ADMIN_PASSWORD);
  for (const extension of ["101", "102"]) await api.put(`/api/v1/extensions/${extension}`, {});
  assert.equal((await api.put("/api/v1/smart-redirect", { default_line: { algorithm: "crm" } })).status, 200);
  const call = { ...DOCUMENTED_CALL, from: "+34600000002", agent_ext: "102" };
  assert.equal((await postCall(server.url, call, { secret: WEBHOOK_SECRET })).status, 202);
  await eventually(async () =>
    assert.equal((await ask(KNOWN)).text, '{"Name":"Ann Known","DialPlan":"mngr101_0009001_1"}'),
  );
});

test("with both away who was known stays known, and who was not is an empty answer in time", async () => {
  crm.faults.add({ kind: "html502", times: Number.POSITIVE_INFINITY });
  postgres.crash();
  assert.equal((await ask(KNOWN)).text, '{"Name":"Ann Known","DialPlan":"mngr101_0009001_1"}');
  const { status, text, ms } = await ask("+34600000002");
  assert.deepEqual([status, text], [200, NOTHING]);
  assert.ok(ms < 1_500, `${ms} ms: 750 ms, and what a busy machine adds`);
});

test("as soon as they are back the right answer is given: the outage was not remembered", async () => {
  crm.faults.clear();
  await postgres.start();
  await eventually(
    async () =>
      assert.equal((await ask("+34600000002")).text, '{"Name":"Ann Stranger","DialPlan":"mngr101_0009001_1"}'),
    { timeoutMs: 30_000 },
  );
});
