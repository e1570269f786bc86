// Every order that people give over HTTP, carried out by a real Asterisk: what it does there, the one call that results, what its
// connectors received, and that it stands in the log of changes.
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "../../../src/kit/clock.ts";
import { createAgiServer } from "../../../src/telephony/agi/server.ts";
import type { AmiMessage } from "../../../src/telephony/ami/message.ts";
import { AmiSession } from "../../../src/telephony/ami/session.ts";
import type { ApiClient, Json } from "../../api-client.ts";
import { silentLog } from "../../database.ts";
import { ADMIN_PASSWORD } from "../../environment.ts";
import { eventually } from "../../eventually.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { openProduct, type Product } from "./product.ts";
import { connect, openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk, far } = (started ?? {}) as { pbx: Asterisk; far: Asterisk };

/** A menu that Enlace's FastAGI leads through; and the snippet of recordings. */
const MENU = `
[from-trunk]
exten => 0009021,1,Answer()
 same => n,AGI(agi://127.0.0.1:AGI_PORT/menu)
 same => n,Dial(PJSIP/\${CHOSEN},20,tT)
 same => n,Hangup()
`;
/** A caller who presses 1 and 2 until somebody has heard both. */
const TYPING = `
[typing]
exten => s,1,Answer()
 same => n(again),Wait(1)
 same => n,SendDTMF(1)
 same => n,Wait(1)
 same => n,SendDTMF(2)
 same => n,Goto(again)
`;
if (skip === false) {
  const snippet = readFileSync(join(import.meta.dirname, "../../../deploy/asterisk/extensions-enlace.conf"), "utf8");
  const menu = MENU.replace("AGI_PORT", String(asterisk.agiPort));
  appendFileSync(join(asterisk.folder, "etc/asterisk/extensions.conf"), `\n${snippet}\n${menu}`);
  appendFileSync(join(far.folder, "etc/asterisk/extensions.conf"), TYPING);
  for (const side of [asterisk, far]) await side.cli("dialplan reload");
}
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;
const product = (skip === false ? await openProduct(asterisk) : undefined) as Product;
const outside = skip === false ? connect(far, "tester") : undefined;
const sofia = (skip === false ? await hireSupervisor() : undefined) as ApiClient;

if (skip === false) await dialOverNine();

/** The PBX's dialplan wants a 9 before numbers outside. */
async function dialOverNine(): Promise<void> {
  const dial = { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" };
  await change({ dial });
}

/** Resolves once Enlace listens to the PBX anew, with what was changed. */
async function change(fields: Json): Promise<void> {
  const { api } = product.enlace;
  const [{ id, status }] = (await api.get("/api/v1/pbxs")).body.items;
  const changed = await api.patch(`/api/v1/pbxs/${id}`, fields);
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  await eventually(async () => {
    const [pbx] = (await api.get("/api/v1/pbxs")).body.items;
    assert.ok(pbx.status.state === "ready" && pbx.status.since !== status.since, JSON.stringify(pbx.status));
  });
}

/** Extension 103 is hers. */
async function hireSupervisor(): Promise<ApiClient> {
  const { api } = product.enlace;
  const made = await api.post("/api/v1/users", { username: "sofia", role: "supervisor", password: ADMIN_PASSWORD });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await api.put("/api/v1/extensions/103", { user_id: made.body.id })).status, 200);
  return await product.enlace.logIn("sofia", ADMIN_PASSWORD);
}

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 120_000 }, async () => {
    await world.reset();
    await product.forget();
    await run();
  });
};

interface Talk {
  id: string;
  uuid: string;
  /** Gives an order as an administrator; a refusal fails the test. */
  order(name: string, body?: Json): Promise<Json>;
  hangUp(): Promise<void>;
}

/** A customer talks with 101, as the log says. */
async function talk(): Promise<Talk> {
  await world.talkSeconds(30);
  const hangUp = await world.callIn("0009001");
  const call = await isTalking("101");
  return {
    ...{ id: call.id, uuid: call.call_uuid, hangUp },
    order: async (name, body = {}) => {
      const { status, body: said } = await product.enlace.api.post(`/api/v1/calls/${call.id}/${name}`, body);
      assert.ok(status < 300, `${name}: ${status} ${JSON.stringify(said)}`);
      return said;
    },
  };
}

/** The call that this extension talks in. */
const isTalking = (extension: string): Promise<Json> =>
  eventually(async () => {
    const { items } = (await product.enlace.api.get("/api/v1/calls?limit=5")).body;
    const found = items.find((item: Json) => item.outcome === "in_progress" && item.agent_extension === extension);
    assert.ok(found, `${extension} talks`);
    return found;
  });

/** Of one call; it was delivered as it was. */
async function onlyCall(): Promise<Json> {
  const calls = await world.settle();
  assert.equal(calls.size, 1, [...calls.keys()].join());
  await product.check(calls);
  return product.show([...calls.keys()][0] ?? "");
}

async function isAudited(action: string, target: string): Promise<void> {
  const { items } = (await product.enlace.api.get(`/api/v1/audit?action=${action}`)).body;
  const found = items.some((item: Json) => item.target === target && item.actor.startsWith("user:"));
  assert.ok(found, `${action} of ${target} is in the log of changes: ${JSON.stringify(items)}`);
}

const summary = ({ direction, from, to, outcome, agent_extension }: Json): string =>
  `${direction} ${from} > ${to} ${outcome} by ${agent_extension}`;
const hears = (what: string, isIt: (event: AmiMessage) => boolean): Promise<AmiMessage> =>
  until(() => world.heard.find(isIt), what);
const isIn = (event: AmiMessage, extension: string): boolean =>
  event.get("Event") === "BridgeEnter" && event.get("Channel")?.startsWith(`PJSIP/${extension}-`) === true;

scenario("an attended transfer that is given up leaves the agent with the customer", async () => {
  const { id, order, hangUp } = await talk();
  await order("transfer", { extension: "102", kind: "attended" });
  await hears("102 is asked", (event) => isIn(event, "102"));
  const before = world.heard.length;
  await order("transfer/cancel");
  await until(() => world.heard.slice(before).some((event) => isIn(event, "101")) || undefined, "101 is back");
  await hangUp();
  assert.equal(summary(await onlyCall()), "inbound +34600000001 > 0009001 answered by 101");
  for (const action of ["call.transfer", "call.cancel_transfer"]) await isAudited(action, `call:${id}`);
});

scenario("an attended transfer is carried through by the phone that is put down, a blind one at once", async () => {
  const { order, hangUp } = await talk();
  await order("transfer", { extension: "102", kind: "attended" });
  await hears("102 is asked", (event) => isIn(event, "102"));
  const { items } = await world.tester.list({ name: "CoreShowChannels" });
  const agent = items.map((item) => item.get("Channel") ?? "").find((name) => name.startsWith("PJSIP/101-"));
  await world.tester.send({ name: "Hangup", fields: { Channel: agent ?? "" } });
  await isTalking("102");
  await order("transfer", { extension: "103", kind: "blind" });
  await isTalking("103");
  await hangUp();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009001 answered by 103");
  assert.deepEqual(
    call.details.transfers.map(({ kind, from, to }: Json) => [kind, from, to]),
    [
      ["attended", "101", "102"],
      ["blind", "102", "103"],
    ],
  );
});

scenario("a call is parked, fetched elsewhere, and ended from here", async () => {
  const { id, order } = await talk();
  const { space } = await order("park");
  const putDown = await world.dial("102", space);
  await isTalking("102");
  await order("hangup");
  await putDown();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009001 answered by 102");
  assert.equal(call.details.parkings[0].outcome, "retrieved");
  for (const action of ["call.park", "call.hangup"]) await isAudited(action, `call:${id}`);
});

scenario("a call is recorded, with a pause, into the file that the answer names", async () => {
  const { id, order, hangUp } = await talk();
  const { file } = await order("recording", { action: "start" });
  const path = join(asterisk.folder, "var/spool/asterisk/monitor", file);
  const size = (): number => (existsSync(path) ? statSync(path).size : 0);
  await until(() => size() > 8_000 || undefined, "it is written");
  for (const action of ["pause", "resume", "stop"]) await order("recording", { action });
  await hangUp();
  const call = await onlyCall();
  assert.deepEqual(
    call.details.recordings.map((recording: Json) => recording.file),
    [file],
  );
  await isAudited("call.recording", `call:${id}`);
});

scenario("keys are pressed for the customer, and of them the log of changes says only how many", async () => {
  const heardThere: (string | undefined)[] = [];
  const ear = await AmiSession.open(
    {
      ...{ address: { host: "127.0.0.1", port: far.amiPort, username: "tester", secret: AMI_SECRET } },
      ...{ eventClasses: "dtmf", clock: systemClock, onOversized: () => undefined },
      onEvent: (event) => {
        const isKey = event.get("Event") === "DTMFEnd" && event.get("Direction") === "Received";
        if (isKey) heardThere.push(event.get("Digit"));
      },
    },
    new AbortController().signal,
  );
  const { id, order, hangUp } = await talk();
  await order("dtmf", { digits: "12#" });
  await until(() => heardThere.length >= 3 || undefined, "three keys");
  assert.equal(heardThere.join(""), "12#");
  ear.close(new Error("enough is heard"));
  await hangUp();
  await onlyCall();
  await isAudited("call.dtmf", `call:${id}`);
});

scenario("a supervisor listens, whispers and barges from her own phone, which is nobody's call", async () => {
  const { id, hangUp } = await talk();
  for (const mode of ["listen", "whisper", "barge"]) {
    const before = world.heard.length;
    const { status, body } = await sofia.post(`/api/v1/calls/${id}/spy`, { extension: "103", mode });
    assert.equal(status, 204, JSON.stringify(body));
    const begun = await until(
      () => world.heard.slice(before).find((event) => event.get("Event") === "ChanSpyStart"),
      `${mode} begins`,
    );
    assert.match(`${begun.get("SpyerChannel")} ${begun.get("SpyeeChannel")}`, /^PJSIP\/103-\S+ PJSIP\/101-/);
    await world.tester.send({ name: "Hangup", fields: { Channel: begun.get("SpyerChannel") ?? "" } });
    await until(() => world.heard.slice(before).find((event) => event.get("Event") === "ChanSpyStop"), `${mode} ends`);
  }
  await hangUp();
  const call = await onlyCall();
  assert.equal(summary(call), "inbound +34600000001 > 0009001 answered by 101");
  await isAudited("call.spy", `call:${id}`);
});

scenario("a ringing call is sent to somebody else, and the phone that rang stops", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009001");
  const call = await eventually(async () => {
    const [found] = (await product.enlace.api.get("/api/v1/calls?limit=1")).body.items;
    assert.equal(found?.outcome, "in_progress");
    return found;
  });
  await hears("101 rings", (event) => event.get("Event") === "DialBegin");
  const moved = await product.enlace.api.post(`/api/v1/calls/${call.id}/redirect`, { extension: "102" });
  assert.equal(moved.status, 204, JSON.stringify(moved.body));
  assert.equal(summary(await onlyCall()), "inbound +34600000001 > 0009001 answered by 102");
  await isAudited("call.redirect", `call:${call.id}`);
});

scenario("the older address of click-to-call rings the agent, then the client, and is one outgoing call", async () => {
  const { api } = product.enlace;
  const made = await api.post("/api/v1/api-keys", { name: "older", scopes: ["calls:write"] });
  const query = `code=101&phone=600000011&clientId=${encodeURIComponent(made.body.key)}`;
  const answer = (await (await fetch(`${product.enlace.url}/api/makecallexternal?${query}`)).json()) as Json;
  assert.equal(answer.success, true, JSON.stringify(answer));
  const call = await onlyCall();
  assert.deepEqual([call.call_uuid, summary(call)], [answer.call_uuid, "outbound 101 > +34600000011 answered by 101"]);
});

scenario(
  "a caller whom a FastAGI dialogue asks for a key talks with whom the key stands for, in one call",
  async () => {
    let keys = "";
    const agi = createAgiServer({
      ...{ host: "127.0.0.1", port: asterisk.agiPort, allow: ["127.0.0.1"], clock: systemClock, log: silentLog },
      onCall: async (channel) => {
        for (let tries = 0; keys !== "12" && tries < 20; tries++) {
          const key = await channel.stream("demo-congrats", { escape: "12" });
          if (key === (keys === "" ? "1" : "2")) keys += key;
        }
        await channel.setVariable("CHOSEN", keys === "12" ? "102" : "103");
      },
    });
    after(() => agi.stop());
    await agi.start();
    const caller = { CallerID: "600000001", Context: "typing", Exten: "s", Priority: 1, Async: true };
    await outside?.send({ name: "Originate", fields: { Channel: "PJSIP/0009021@pbx", ...caller, Timeout: 30_000 } });
    const call = await onlyCall();
    await agi.stop();
    assert.equal(summary(call), "inbound +34600000001 > 0009021 answered by 102");
  },
);

scenario("where the AMI user may not originate, a click goes by call file and is one call all the same", async () => {
  const { api } = product.enlace;
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  const folder = join(asterisk.folder, "var/spool/asterisk");
  const set = await api.put(`/api/v1/pbxs/${id}/call-files`, { folder });
  assert.equal(set.status, 200, JSON.stringify(set.body));
  await change({ username: "steward" });
  const clicked = await api.post("/api/v1/calls/originate", { extension: "101", number: "+34 600 000 011" });
  assert.equal(clicked.status, 202, JSON.stringify(clicked.body));
  const call = await onlyCall();
  assert.equal(summary(call), "outbound 101 > +34600000011 answered by 101");
  assert.equal(call.call_uuid, clicked.body.call_uuid);
});
