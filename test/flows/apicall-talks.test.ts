// The older dialer's log of calls that people answered, or did not: what they pressed, when they hung up, how it came out.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { toWav } from "../../src/dialer/audios/wav.ts";
import { createFakeCallee, type FakeCallee } from "../../src/dialer/ivr/fake-callee.ts";
import {
  callAgi,
  ENVIRONMENT,
  type FakeAgiCaller,
  toEnvironmentBytes,
} from "../../src/telephony/agi/fake-agi-caller.ts";
import type { Json } from "../api-client.ts";
import { type PlacedCall, startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { FAST, startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const agiPort = await findFreePort();
const enlace = await startTestEnlace({
  clockFactor: FAST,
  env: {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.ami.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
    ...{ ENLACE_AGI_ALLOW: "127.0.0.1", ENLACE_AGI_PORT: String(agiPort) },
    ...{ ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "ES" },
  },
});
after(() => pbx.ami.stop()); // Enlace ends before it
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const NEVER_AGAIN = 0;
const house = await createDialerFixture(enlace);
await house.createTrunk("troncal-1");
const credentials = { username: "admin", password: ADMIN_PASSWORD };
const { token } = (await enlace.as({}).post(`${OLDER}/login`, credentials)).body;
await uploadAudio("mensaje.wav");
const project = { audio: "mensaje.wav", troncal_salida: "troncal-1", prefijo_salida: "9" };
await createProject({ id: 100, nombre: "Cobranza", ...project, numero_desborde: "+34910000099" });
await createProject({ id: 200, nombre: "Máquinas", ...project, amd_active: true });

async function uploadAudio(name: string): Promise<void> {
  const form = new FormData();
  form.set("audio", new Blob([new Uint8Array(toWav(Buffer.alloc(16_000)))]), name);
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await fetch(`${enlace.url}${OLDER}/audios/upload`, { method: "POST", headers, body: form });
  assert.equal(status, 200);
}

async function createProject(fields: object): Promise<void> {
  const { status, body } = await api.post(`${OLDER}/proyectos`, { ...fields, max_retries: NEVER_AGAIN });
  assert.equal(status, 200, JSON.stringify(body));
}

const log = async (id: string): Promise<Json> => (await api.get(`${OLDER}/logs?call_id=${id}`)).body.logs[0];
const ended = (id: string): Promise<Json> =>
  eventually(async () => {
    const row = await log(id);
    assert.match(row.status, /^(COMPLETED|FAILED)$/, JSON.stringify(row));
    return row;
  });

let numbers = 0;
/** Asks for a call; resolves once its phone rings, until somebody says otherwise. */
async function ring(proyecto_id = 100): Promise<PlacedCall> {
  pbx.fateOf = () => ({ does: "ring" });
  const telefono = `+3460000${String(1000 + numbers++)}`;
  const { status, body } = await api.post(`${OLDER}/call`, { proyecto_id, telefono });
  assert.equal(status, 202, JSON.stringify(body));
  return eventually(() => pbx.calls.find(({ id }) => id === body.call_id) ?? assert.fail("it is not placed yet"));
}

/** Somebody picks up: Asterisk asks Enlace what to do. */
async function pickUp(call: PlacedCall, callee?: FakeCallee): Promise<FakeAgiCaller> {
  call.answer();
  const environment = toEnvironmentBytes({ ...ENVIRONMENT, agi_network_script: "ivr", agi_uniqueid: call.id });
  return callAgi(agiPort, callee && createFakeCallee(callee), environment);
}

/** A whole call: its row in the log, and what Asterisk was told to do. */
async function talk(callee: FakeCallee, proyecto_id?: number): Promise<{ row: Json; commands: readonly string[] }> {
  const call = await ring(proyecto_id);
  const session = await pickUp(call, callee);
  await session.ended;
  call.hangUp(16);
  return { row: await ended(call.id), commands: session.commands };
}

const outcome = ({ status, disposition, dtmf_marcado, interacciono }: Json) => [
  status,
  disposition,
  dtmf_marcado,
  interacciono,
];
const played = (commands: readonly string[]): string[] =>
  commands.flatMap((command) => /^(STREAM FILE|WAIT FOR DIGIT|EXEC "?Dial)/.exec(command)?.[1] ?? []);

// The one of D.A 36 talks with the overflow number all the while.
const long = await ring();
const conversation = await pickUp(long, { keys: ["1"], silentAt: /^EXEC "?Dial/ });
const beganAt = performance.now();

test("D.A 33: the cause of a hang-up is the status and the code of the log", async () => {
  const causes = [
    [17, "COMPLETED", "B"],
    [19, "COMPLETED", "NA"],
    [16, "COMPLETED", "NA"],
    [1, "FAILED", "NI"],
    [27, "FAILED", "NI"],
    [34, "FAILED", "CONG"],
    [38, "FAILED", "CONG"],
  ] as const;
  for (const [cause, status, code] of causes) {
    const call = await ring();
    call.hangUp(cause);
    const row = await firstEnd(call, code);
    assert.deepEqual([row.status, row.disposition], [status, code], String(cause));
  }
  const call = await ring();
  call.answer();
  await eventually(async () => assert.equal((await log(call.id)).status, "CONNECTED"));
  call.hangUp(16);
  assert.deepEqual(outcome(await ended(call.id)), ["COMPLETED", "A", null, false], "16 after an answer");
});

/** A trunk that fails is passed over for a while, and whoever it failed is called again over another: there is none here. */
async function firstEnd(call: PlacedCall, code: string): Promise<Json> {
  const row = await ended(call.id);
  if (code !== "CONG") return row;
  const again = await eventually(
    () =>
      pbx.calls.find((each) => each.number === call.number && each.id !== call.id) ?? assert.fail("not tried again"),
  );
  again.hangUp(17);
  return row;
}

test("D.A 34: where no hang-up tells the cause, the PBX's answer to the order does", async () => {
  for (const [reason, status, code] of [
    [5, "COMPLETED", "B"],
    [8, "FAILED", "CONG"],
    [3, "COMPLETED", "NA"],
    [0, "FAILED", "FAIL"],
  ] as const) {
    const call = await ring();
    const order = pbx.ami.actions.find((action) => action.get("ChannelId") === call.id);
    pbx.ami.channels = pbx.ami.channels.filter(({ Uniqueid }) => Uniqueid !== call.id);
    pbx.ami.event({
      ...{ Event: "OriginateResponse", ActionID: order?.get("ActionID") ?? "", Response: "Failure" },
      ...{ Reason: String(reason), Uniqueid: call.id },
    });
    const row = await firstEnd(call, code);
    assert.deepEqual([row.status, row.disposition], [status, code], `reason ${reason}`);
  }
});

test("D.A 35: what the conversation came to is not changed by the hang-up that follows, whatever its cause", async () => {
  for (const [callee, proyecto_id, code] of [
    [{ keys: ["1"], dials: [{ status: "ANSWER", dialed: 3, answered: 2 }] }, 100, "XFER"],
    [{ amd: "MACHINE" }, 200, "AM"],
    [{ keys: ["5", "5"] }, 100, "N"],
  ] as const) {
    const call = await ring(proyecto_id);
    const session = await pickUp(call, callee);
    await session.ended;
    call.hangUp(17);
    assert.equal((await ended(call.id)).disposition, code);
  }
});

test("D.A 37: a machine is hung up on and nobody interacted; whom AMD is not sure of is a person", async () => {
  const machine = await talk({ amd: "MACHINE" }, 200);
  assert.deepEqual(outcome(machine.row), ["COMPLETED", "AM", null, false]);
  assert.deepEqual([played(machine.commands), machine.commands.includes("HANGUP")], [[], true]);
  const unsure = await talk({ amd: "NOTSURE", keys: ["1"] }, 200);
  assert.deepEqual(outcome(unsure.row), ["COMPLETED", "A", "1", true], "it has no overflow number");
});

test("D.A 38: the expected key connects with the overflow number, and is a transfer only if that answers", async () => {
  const reached = await talk({ keys: ["1"], dials: [{ status: "ANSWER", dialed: 5, answered: 4 }] });
  assert.deepEqual(outcome(reached.row), ["COMPLETED", "XFER", "1", true]);
  assert.deepEqual(
    played(reached.commands),
    ["STREAM FILE", "WAIT FOR DIGIT", "STREAM FILE", 'EXEC "Dial'],
    "en_breve",
  );
  const dial = reached.commands.find((command) => /^EXEC "?Dial/.test(command)) ?? "";
  assert.match(dial, /PJSIP\/934910000099@troncal-1/, "over the project's trunk, with its prefix");
  const busy = await talk({ keys: ["1"], dials: [{ status: "BUSY" }] });
  assert.deepEqual(outcome(busy.row), ["FAILED", "FAIL", "1", true], "the key is kept");
});

test("D.A 39: a wrong key twice is N with that key, silence twice N without one; the invalid prompt is heard once", async () => {
  const once = ["STREAM FILE", "WAIT FOR DIGIT", "STREAM FILE", "WAIT FOR DIGIT"];
  const wrong = await talk({ keys: ["5", "5"] });
  assert.deepEqual(outcome(wrong.row), ["COMPLETED", "N", "5", true]);
  assert.deepEqual(played(wrong.commands), once);
  const silent = await talk({});
  assert.deepEqual(outcome(silent.row), ["COMPLETED", "N", null, false]);
  assert.deepEqual(played(silent.commands), once);
  const waits = silent.commands.filter((command) => command.startsWith("WAIT FOR DIGIT"));
  assert.deepEqual(waits, ['WAIT FOR DIGIT "10000"', 'WAIT FOR DIGIT "10000"']);
});

test("D.A 40: who hangs up during the message was answered, and the session asks nothing more of the channel", async () => {
  const { row, commands } = await talk({ hangsUpAt: /^STREAM FILE/ });
  assert.deepEqual(outcome(row), ["COMPLETED", "A", null, false]);
  assert.equal(commands.at(-1)?.startsWith("STREAM FILE"), true, commands.join("\n"));
  const { answered_at, ended_at } = await house.attempt(row.id);
  const seconds = (Date.parse(ended_at) - Date.parse(answered_at)) / 1000;
  assert.equal(row.duracion, Math.round(seconds), "the real duration");
});

test("D.A 41: a message that Asterisk does not have is a failure and an alarm, not N", async () => {
  const session = await talk({ keys: ["1"] });
  const message = /^STREAM FILE "([^"]+)"/.exec(session.commands.find((each) => each.startsWith("STREAM")) ?? "")?.[1];
  const { row } = await talk({ missing: [message ?? assert.fail("no message was played")] });
  assert.deepEqual(outcome(row), ["FAILED", "FAIL", null, false]);
  const page = (await enlace.as({}).get("/metrics")).body;
  assert.match(page, /enlace_ivr_faults_total\{fault="message_missing"\} 1\n/);
});

test("D.A 36: a conversation of ten minutes is connected and keeps its slot until it is hung up", async () => {
  const tenMinutesMs = 600_000 / FAST;
  await eventually(() => assert.ok(performance.now() - beganAt > tenMinutesMs));
  assert.match((await log(long.id)).status, /^(CONNECTED|HUMAN)$/);
  const alive = async () => (await api.get("/api/v1/dialer/live")).body.trunks.map(({ calls }: Json) => calls);
  assert.deepEqual(await alive(), [1]);
  conversation.socket.destroy();
  long.hangUp(16);
  const { disposition, duracion } = await ended(long.id);
  assert.deepEqual([disposition, duracion >= 600], ["A", true], `${duracion} s`);
  await eventually(async () => assert.deepEqual((await alive()).filter(Boolean), []));
});
