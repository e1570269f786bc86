// Smart redirect against real Asterisk: a ringing caller is sent to the person responsible, and a dialplan asks over FastAGI.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../../src/core/call.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { openWorld, until, type World } from "./world.ts";

const TOKEN = "the event token of this PBX";
const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
const enlace = (skip === false ? await openEnlace((started as { pbx: Asterisk }).pbx) : undefined) as TestEnlace;

/** It knows the caller of this world, whose contact belongs to the user on extension 102. */
async function openEnlace(pbx: Asterisk): Promise<TestEnlace> {
  const made = await startTestEnlace({
    env: {
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.amiPort), AMI_USERNAME: "enlace", AMI_SECRET },
      ...{ PBX_TOKEN: TOKEN, ENLACE_AGI_PORT: String(pbx.agiPort), ENLACE_AGI_ALLOW: "127.0.0.1" },
    },
  });
  made.crm.user("agent1002").extension = "102";
  made.crm.addContact({ firstname: "Ann", lastname: "Test", mobile: "600 000 001", assigned_user_id: "19x7" });
  for (const extension of ["101", "102", "103"]) await made.api.put(`/api/v1/extensions/${extension}`, {});
  const settings = { internal_ids: { "102": 7 }, default_line: { algorithm: "crm" } };
  assert.equal((await made.api.put("/api/v1/smart-redirect", settings)).status, 200);
  await eventually(async () => {
    const [{ status }] = (await made.api.get("/api/v1/pbxs")).body.items;
    assert.equal(status.state, "ready");
  });
  return made;
}

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    await world.reset();
    await run();
  });
};

async function onlyCall(): Promise<Call> {
  const calls = [...(await world.settle()).values()];
  assert.equal(calls.length, 1);
  return calls[0] as Call;
}
const isRinging = (extension: string) =>
  until(
    () => world.told.some(({ raw }) => raw.includes(`"ring","extension":"${extension}"`)) || undefined,
    `${extension} rings`,
  );

scenario("a caller who rings at one phone is sent to the person responsible, and it stays one call", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009001");
  await isRinging("101");
  const callUuid = world.told[0]?.callUuid ?? "";
  const client = enlace.as({ token: TOKEN });
  const answer = await eventually(async () => {
    const asked = await client.post("/api/smart-redirect", { unique_id: callUuid });
    assert.equal(asked.status, 200, JSON.stringify(asked.body));
    return asked.body;
  });
  assert.deepEqual(answer, { redirected: true, extension: "102", name: "Ann Test", reason: "responsible" });
  const call = await onlyCall();
  assert.deepEqual([call.direction, call.outcome, call.agentExtension], ["inbound", "answered", "102"]);
  const late = await eventually(async () => {
    const asked = await client.post("/api/smart-redirect", { unique_id: callUuid });
    assert.equal(asked.status, 404, JSON.stringify(asked.body));
    return asked.body;
  });
  assert.equal(late.code, "not_found");
});

scenario("a call that somebody has taken is not moved away from him", async () => {
  await world.callIn("0009001");
  const unique_id = await until(() => world.told[0]?.callUuid, "the call began");
  await eventually(async () => {
    const { items } = (await enlace.api.get(`/api/v1/calls?call_uuid=${unique_id}`)).body;
    assert.ok(items[0]?.answered_at, "101 talks, and Enlace has heard of it");
  });
  const { status, body } = await enlace.as({ token: TOKEN }).post("/api/smart-redirect", { unique_id });
  assert.deepEqual([status, body.code], [409, "conflict"]);
  assert.equal((await onlyCall()).agentExtension, "101");
});

scenario("a dialplan asks over FastAGI, rings the person responsible and shows who calls", async () => {
  await world.callIn("0009020");
  const decided = await until(
    () => world.heard.find((event) => event.get("UserEvent") === "Decided"),
    "the dialplan went on",
  );
  assert.deepEqual(
    ["Name", "Reason", "Plan"].map((name) => decided.get(name)),
    ["Ann Test", "responsible", "mngr7_0009020_1"],
  );
  const call = await onlyCall();
  assert.deepEqual([call.outcome, call.agentExtension], ["answered", "102"]);
  const { items } = (await enlace.api.get("/api/v1/smart-redirect/decisions?limit=1")).body;
  assert.deepEqual([items[0].source, items[0].extension], ["agi", "102"]);
});

scenario("with nothing to say Enlace leaves the call where the dialplan sends it", async () => {
  await enlace.api.put("/api/v1/smart-redirect", { mode: "off" });
  await world.callIn("0009020");
  assert.equal((await onlyCall()).agentExtension, "101");
});
