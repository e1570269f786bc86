// A real Asterisk posts its calls by the dialplan of deploy/asterisk/extensions-hooks.conf, and Enlace makes calls of them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../api-client.ts";
import { startTestEnlace } from "../../harness.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { openWorld, until, type World } from "./world.ts";

const TOKEN = "token-of-the-peer";
const started = await startAsterisks();
const skip = typeof started === "string" && started;
const enlace = skip ? undefined : await startTestEnlace({ env: { PBX_TOKEN: TOKEN, PBX_TIMEZONE: "UTC" } });
const world = skip ? undefined : await openWorld(started as { pbx: Asterisk; far: Asterisk });

/** One number for each way, like those of etc/pbx/extensions.conf, and hooks in each. */
const DIALPLAN = `
[from-trunk]
exten => 0008001,1,Gosub(enlace-hooks,incoming,1(trunk))
 same => n,Gosub(enlace-hooks,dial,1(101&102))
 same => n,Dial(PJSIP/101&PJSIP/102,20,U(enlace-answer))
 same => n,Hangup()
exten => 0008002,1,Gosub(enlace-hooks,incoming,1(trunk))
 same => n,Gosub(enlace-hooks,dial,1(101))
 same => n,Dial(PJSIP/101,1,U(enlace-answer))
 same => n,Gosub(enlace-hooks,dial,1(103))
 same => n,Dial(PJSIP/103,20,U(enlace-answer))
 same => n,Hangup()

[from-internal]
exten => _7XXXXXXXXX,1,Gosub(enlace-hooks,outgoing,1(\${EXTEN:1},\${CALLERID(num)},trunk))
 same => n,Dial(PJSIP/\${EXTEN:1}@trunk,20,U(enlace-answer))
 same => n,Hangup()
`;

async function teach({ folder, cli }: Asterisk, url: string): Promise<void> {
  const etc = (name: string): string => join(folder, "etc", "asterisk", name);
  const deployed = join(import.meta.dirname, "..", "..", "..", "deploy", "asterisk", "extensions-hooks.conf");
  const hooks = readFileSync(deployed, "utf8").replace("https://enlace.example.test", url).replace("change-me", TOKEN);
  writeFileSync(etc("extensions-hooks.conf"), hooks);
  const own = readFileSync(etc("extensions.conf"), "utf8");
  writeFileSync(etc("extensions.conf"), `${own}\n${DIALPLAN}\n#include "extensions-hooks.conf"\n`);
  await cli("dialplan reload");
}
if (started && typeof started !== "string" && enlace) await teach(started.pbx, enlace.url);

const scenario = (name: string, run: (world: World) => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    assert.ok(world);
    await world.reset();
    await run(world);
  });
};

/** The last call that ended, once everything is quiet. */
const lastCall = (isIt: (call: Json) => boolean): Promise<Json> =>
  until(
    async () =>
      (await enlace?.api.get("/api/v1/calls?limit=50"))?.body.items.find((call: Json) => call.ended_at && isIt(call)),
    "the call that was posted",
    30_000,
  );
const brief = ({ direction, from, outcome, agent_extension, trunk, source }: Json) => ({
  ...{ direction, from, outcome, agent_extension, trunk, source },
});

scenario("a ring group that answers is one incoming call of who answered", async ({ phone, callIn, settle }) => {
  await phone("101", "ring");
  await callIn("0008001");
  await settle();
  const call = await lastCall(({ direction, outcome }) => direction === "inbound" && outcome === "answered");
  assert.deepEqual(brief(call), {
    ...{ direction: "inbound", from: "+34600000001", outcome: "answered" },
    ...{ agent_extension: "102", trunk: "trunk", source: "hook" },
  });
  assert.ok(Math.abs(call.talk_seconds - 2) <= 1, `${call.talk_seconds} s`);
});

scenario("a cascade that goes on to the second phone is one call of the second", async ({ phone, callIn, settle }) => {
  await phone("101", "ring");
  await callIn("0008002");
  await settle();
  const call = await lastCall(({ agent_extension }) => agent_extension === "103");
  assert.deepEqual([call.direction, call.outcome], ["inbound", "answered"]);
});

scenario(
  "who gives up is missed, and a busy number outside is no answer",
  async ({ phone, callIn, dial, settle, told }) => {
    await phone("101", "ring");
    await phone("102", "ring");
    const hangUp = await callIn("0008001");
    await until(() => told.length > 0 || undefined, "it rings");
    await hangUp();
    await settle();
    const missed = await lastCall(({ direction, outcome }) => direction === "inbound" && outcome === "missed");
    assert.equal(missed.agent_extension, null);
    told.length = 0;
    await dial("101", "7600000013");
    await settle();
    const busy = await lastCall(({ direction }) => direction === "outbound");
    assert.deepEqual([busy.outcome, busy.from, busy.agent_extension], ["busy", "101", "101"]);
  },
);

scenario("an outgoing call that is answered is its caller's", async ({ dial, settle }) => {
  await dial("101", "7600000011");
  await settle();
  const call = await lastCall(({ direction, outcome }) => direction === "outbound" && outcome === "answered");
  assert.deepEqual([call.to, call.agent_extension, call.trunk], ["+34600000011", "101", "trunk"]);
});
