// Single calls by the whole Enlace over a real Asterisk: what a person does is what the attempt says, the transfer really happens.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { type DialerProduct, openDialerProduct, PBX_FOLDER } from "./dialer-product.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
const { pbx, far } = (skip === false ? started : {}) as { pbx: Asterisk; far: Asterisk };

/** Everybody as they are reached with the project's prefix 9; who was rung says so in the global SEEN. */
const PEOPLE = `
[reached]
exten => _93461XXXXXXX,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(\${EXTEN:-1})
 same => n,Wait(40)
exten => _934620000001,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(5)
 same => n,Wait(4)
 same => n,SendDTMF(5)
 same => n,Wait(20)
exten => _934620000002,1,Answer()
 same => n,Wait(40)
exten => _934620000003,1,Answer()
 same => n,Wait(2)
 same => n,Hangup()
exten => _934630000001,1,Set(GLOBAL(SEEN)=\${EXTEN} from \${CALLERID(num)})
 same => n,Answer()
 same => n,Wait(3)
 same => n,Hangup()
exten => _934630000002,1,Set(GLOBAL(SEEN)=\${EXTEN})
 same => n,Hangup(17)
`;

const IVR = { expected_digit: "1", digit_attempts: 2, digit_wait_ms: 4_000, barge_in: true, opt_out_digit: "9" };

interface Scene extends DialerProduct<TestEnlace> {
  world: World;
  /** A project with this IVR; resolves with its id. */
  project(ivr: Json, more?: Json): Promise<string>;
  /** Resolves with the attempt once it has ended. */
  dial(projectId: string, number: string): Promise<Json>;
}

async function open(): Promise<Scene> {
  const file = join(far.folder, "etc", "asterisk", "extensions.conf");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${PEOPLE}`);
  await far.cli("dialplan reload");
  const world = await openWorld({ pbx, far });
  const product = await openDialerProduct(pbx, (env) => startTestEnlace({ env }));
  const { make, base, enlace } = product;
  const trunk = await make("/api/v1/trunks", { name: "trunk", channels_max: 10 });
  const audioId = await product.uploadTone("message", 12);
  let projects = 0;
  return {
    ...{ ...product, world },
    project: async (ivr, more = {}) => {
      const fields = { ...base, name: `Project ${++projects}`, prefix: "9", trunks: [{ trunk_id: trunk.id }] };
      return (await make("/api/v1/projects", { ...fields, ...more, ivr: { ...IVR, audio_id: audioId, ...ivr } })).id;
    },
    dial: async (projectId, number) => {
      await far.cli("dialplan set global SEEN nothing");
      const { attempt_id: id } = await make("/api/v1/dial", { project_id: projectId, number });
      return await eventually(async () => {
        const { body } = await enlace.api.get(`/api/v1/attempts/${id}`);
        assert.equal(body.state, "ended", JSON.stringify(body));
        return body;
      });
    },
  };
}

// Only looked at by scenarios, which are skipped without Asterisk.
const scene = (skip === false ? await open() : undefined) as Scene;
const scenario = (name: string, run: (scene: Scene) => Promise<void>): void => {
  test(name, { skip, timeout: 120_000 }, async () => {
    await scene.world.reset();
    await run(scene);
  });
};
const readSeen = async (): Promise<string> =>
  /SEEN=(.*)/.exec(await far.cli("dialplan show globals"))?.[1]?.trim() ?? "";
const secondsOf = ({ answered_at, ended_at }: Json): number =>
  (new Date(ended_at).getTime() - new Date(answered_at).getTime()) / 1_000;

scenario(
  "the right key rings the overflow number over the trunk with prefix and caller id, and is a transfer",
  async () => {
    const project = await scene.project({ overflow: { kind: "number", number: "+34630000001" } });
    const attempt = await scene.dial(project, "+34610000001");
    const { disposition, disposition_source, digit, transfer_talk_seconds } = attempt;
    assert.deepEqual([disposition, disposition_source, digit], ["transferred", "ivr", "1"]);
    assert.equal(await readSeen(), "934630000001 from 34910000001");
    assert.ok(transfer_talk_seconds >= 2 && transfer_talk_seconds <= 30, `${transfer_talk_seconds} s`);
    await eventually(async () => {
      const [call] = (await scene.enlace.api.get("/api/v1/calls?limit=1")).body.items;
      assert.deepEqual([call.to, call.direction, call.outcome], ["+34610000001", "outbound", "transferred"]);
      const records = scene.enlace.crm.records("PBXManager");
      const ours = records.filter(({ fields }) => fields.sourceuuid === call.call_uuid);
      assert.equal(ours.length, 1, "one record in the CRM");
    });
  },
);

scenario("an overflow that is busy is a failure that keeps the key", async () => {
  const project = await scene.project({ overflow: { kind: "number", number: "+34630000002" } });
  const { disposition, digit } = await scene.dial(project, "+34610000001");
  assert.deepEqual([disposition, digit, await readSeen()], ["failed", "1", "934630000002"]);
});

scenario("an overflow inside rings the extension's phone", async () => {
  await scene.world.talkSeconds(2);
  const project = await scene.project({ overflow: { kind: "extension", extension: "101" } });
  const { disposition, digit } = await scene.dial(project, "+34610000001");
  assert.deepEqual([disposition, digit], ["transferred", "1"]);
});

scenario("a wrong key twice is no input with that key; silence twice is no input without", async () => {
  const wrong = await scene.dial(await scene.project({}), "+34620000001");
  assert.deepEqual([wrong.disposition, wrong.digit], ["no_input", "5"]);
  const brief = await scene.uploadTone("brief", 1);
  const silent = await scene.dial(await scene.project({ audio_id: brief, digit_wait_ms: 1_000 }), "+34620000002");
  assert.deepEqual([silent.disposition, silent.digit], ["no_input", null]);
});

scenario("while it goes on, a call of the dialer comes from the number that is shown to whom it calls", async () => {
  const { enlace } = scene;
  const done = scene.dial(await scene.project({}), "+34620000002");
  const { id } = await eventually(async () => {
    const [call] = (await enlace.api.get("/api/v1/live")).body.calls;
    assert.deepEqual([call?.from, call?.to, call?.direction], ["+34910000001", "+34620000002", "outbound"]);
    return call;
  });
  const { status, body } = await enlace.api.post(`/api/v1/calls/${id}/hangup`);
  assert.ok(status < 300, JSON.stringify(body));
  assert.equal((await done).disposition, "answered");
});

scenario("a hang-up in the message is answered, with how long it was", async () => {
  const attempt = await scene.dial(await scene.project({}), "+34620000003");
  assert.deepEqual([attempt.disposition, attempt.disposition_source], ["answered", "ivr"]);
  assert.ok(secondsOf(attempt) >= 1 && secondsOf(attempt) < 10, `${secondsOf(attempt)} s`);
});

scenario("who presses the opt-out key is not called again by anybody", async () => {
  const { disposition } = await scene.dial(await scene.project({}), "+34610000009");
  assert.equal(disposition, "opted_out");
  const [entry] = (await scene.enlace.api.get("/api/v1/suppressions")).body.items;
  assert.deepEqual([entry.number, entry.source], ["+34610000009", "opt_out"]);
  const other = await scene.project({});
  const again = await scene.enlace.api.post("/api/v1/dial", { project_id: other, number: "+34610000009" });
  assert.equal(again.status, 403, JSON.stringify(again.body));
});

scenario("sounds that the PBX does not find fail the call and raise an alarm", async () => {
  const sounds = `/api/v1/pbxs/${scene.pbxId}/sounds`;
  const at = { delivery: "folder", folder: join(pbx.folder, PBX_FOLDER) };
  assert.equal((await scene.enlace.api.put(sounds, { ...at, pbx_folder: "/var/lib/asterisk/elsewhere" })).status, 200);
  const { disposition } = await scene.dial(await scene.project({}), "+34620000002");
  assert.equal(disposition, "failed");
  const metrics = await (await fetch(`${scene.enlace.url}/metrics`)).text();
  assert.match(metrics, /enlace_ivr_faults_total\{fault="message_missing"\} 1/);
  assert.equal((await scene.enlace.api.put(sounds, { ...at, pbx_folder: PBX_FOLDER })).status, 200);
});

scenario("who is called for agents is given to a free phone; with nobody who picks up it is abandoned", async () => {
  const mode = { mode: "agents", agents: { extensions: ["101"], wait_ms: 4_000 } };
  const project = await scene.project({ opt_out_digit: null }, mode);
  await scene.world.talkSeconds(2);
  const talked = await scene.dial(project, "+34620000002");
  assert.equal(talked.disposition, "transferred");
  assert.ok(talked.transfer_talk_seconds >= 1 && talked.transfer_wait_seconds <= 4, JSON.stringify(talked));
  await scene.world.phone("101", "ring");
  const left = await scene.dial(project, "+34620000002");
  assert.deepEqual([left.disposition, left.transfer_talk_seconds], ["abandoned", null]);
});

scenario("nobody is called for agents who are paused in their queue, until they are back", async () => {
  const { world, enlace, make } = scene;
  const pause = async (Paused: string): Promise<void> => {
    await world.tester.send({ name: "QueuePause", fields: { Interface: "PJSIP/101", Queue: "support", Paused } });
    await eventually(async () => {
      const { agents } = (await enlace.api.get("/api/v1/live")).body;
      assert.equal(agents.find(({ extension }: Json) => extension === "101")?.paused, Paused === "true");
    });
  };
  const forAgents = await scene.project({}, { mode: "agents", agents: { extensions: ["101"], wait_ms: 4_000 } });
  const forAll = await scene.project({});
  await world.talkSeconds(2);
  await pause("true");
  const { attempt_id: id } = await make("/api/v1/dial", { project_id: forAgents, number: "+34620000002" });
  for (const person of ["+34620000003", "+34620000003"]) await scene.dial(forAll, person); // who came later had their turn
  assert.equal((await enlace.api.get(`/api/v1/attempts/${id}`)).body.state, "queued");
  assert.ok(!world.heard.some((event) => event.get("Channel")?.startsWith("PJSIP/101-")), "101 is not rung");
  await pause("false");
  await eventually(async () => {
    const { body } = await enlace.api.get(`/api/v1/attempts/${id}`);
    assert.deepEqual([body.state, body.disposition], ["ended", "transferred"], JSON.stringify(body));
  });
});

scenario("the doctor finds a PBX that can dial, with the rights that Enlace has", async () => {
  const { findings } = await scene.make(`/api/v1/pbxs/${scene.pbxId}/check`, {});
  const levels = findings
    .filter(({ subject }: Json) => subject.startsWith("dialer"))
    .map(({ subject, level }: Json) => `${subject} ${level}`);
  assert.deepEqual(levels, ["dialer ok", "dialer:files ok", "dialer:modules ok", "dialer:ports ok"]);
});

scenario("a conversation that goes on keeps its attempt open, until it is hung up", async () => {
  const project = await scene.project({ overflow: { kind: "extension", extension: "101" } });
  await scene.world.talkSeconds(60);
  const { attempt_id: id } = await scene.make("/api/v1/dial", { project_id: project, number: "+34610000001" });
  const bridged = await until(
    () => scene.world.heard.filter((event) => event.get("Event") === "BridgeEnter")[1],
    "both talk",
    60_000,
  );
  const { body } = await scene.enlace.api.get(`/api/v1/attempts/${id}`);
  assert.deepEqual([body.state, body.ended_at], ["talking", null]);
  await scene.world.tester.send({ name: "Hangup", fields: { Channel: bridged.get("Channel") ?? "" } });
  await eventually(async () => {
    const { body: ended } = await scene.enlace.api.get(`/api/v1/attempts/${id}`);
    assert.deepEqual([ended.state, ended.disposition], ["ended", "transferred"]);
  });
});
