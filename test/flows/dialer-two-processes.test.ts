// One process listens to the PBX and dials; another, on the same database, serves FastAGI: what the person pressed is told there,
// and how the call ended here.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  callAgi,
  ENVIRONMENT,
  type FakeAgiCaller,
  toEnvironmentBytes,
} from "../../src/telephony/agi/fake-agi-caller.ts";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const AMI = {
  ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.ami.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
};
const port = await findFreePort();
/** On a machine that is very busy the script's word comes late by the wall, not by the house's clock. */
const SLOW = 0.25;
const dialing = await startTestEnlace({ env: AMI, clockFactor: SLOW });
after(() => pbx.ami.stop()); // Enlace ends before it
const house = await createDialerFixture(dialing);
/** Started once the PBX is the other's: it keeps it as long as it lives. */
const talking = await startTestEnlace({
  ...{ database: dialing.database, clockFactor: SLOW },
  env: { ENLACE_AGI_ALLOW: "127.0.0.1", ENLACE_AGI_PORT: String(port), ENLACE_ALLOW_LOOPBACK_TARGETS: "true" },
});
const trunks = [{ trunk_id: await house.createTrunk("carrier"), weight: 1 }];
const project = await house.createProject("Reminders", { trunks, amd: { enabled: true }, retry: { attempts_max: 1 } });

/** Somebody is called and picks up; the dialplan asks the other process what to do. */
async function pickUp(number: string): Promise<{ id: string; script: FakeAgiCaller; hangUp(): void }> {
  pbx.fateOf = () => ({ does: "ring" });
  const { attempt_id: id } = await house.dial(project.id, number);
  const call = await eventually(async () => pbx.calls.find((each) => each.id === id) ?? assert.fail("not placed yet"));
  call.answer();
  const environment = { ...ENVIRONMENT, agi_network_script: "ivr", agi_uniqueid: id };
  const answer = (command: string): string | undefined => {
    if (command === "ANSWER") return undefined; // until the test says so
    if (command.includes("AMDSTATUS")) return "200 result=1 (MACHINE)";
    return command.startsWith("GET VARIABLE") ? "200 result=0" : "200 result=1";
  };
  const script = await callAgi(port, answer, toEnvironmentBytes(environment));
  await eventually(async () => assert.ok(script.commands.includes("ANSWER"), script.commands.join()));
  return { id, script, hangUp: () => call.hangUp(16) };
}

test("what the script says in another process, after the hang-up was heard here, is how the call came out", async () => {
  const { id, script, hangUp } = await pickUp("+34600000021");
  hangUp();
  await eventually(async () => {
    const { rows } = await dialing.database.pool.query(
      "select disposition_source, state, told from dial_attempts where id = $1",
      [id],
    );
    assert.deepEqual(rows, [{ disposition_source: "hangup", state: "talking", told: false }]);
  });
  script.reply("200 result=0");
  const ended = await house.ended(id);
  assert.deepEqual([ended.disposition, ended.disposition_source], ["machine", "ivr"]);
  const story = await eventually(async () => {
    const [call] = (await dialing.api.get(`/api/v1/calls?call_uuid=${id}`)).body.items;
    const { details } = (await dialing.api.get(`/api/v1/calls/${call.id}`)).body;
    return details.dialer ?? assert.fail("the dialer has not told yet");
  });
  assert.equal(story.disposition, ended.disposition, "everybody is told the same");
});

test("a script of another process that never says a word is not waited for long", async () => {
  const { id, hangUp, script } = await pickUp("+34600000022");
  hangUp();
  const ended = await house.ended(id);
  assert.deepEqual([ended.disposition, ended.disposition_source], ["answered", "hangup"]);
  script.socket.destroy();
  await talking.stop(); // before the other, whose database it is
});
