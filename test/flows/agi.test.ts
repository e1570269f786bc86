// A dialplan asks Enlace over FastAGI: served to those who are named, as the PBX they are, by one process of the host.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { callAgi, ENVIRONMENT, toEnvironmentBytes } from "../../src/telephony/agi/fake-agi-caller.ts";
import { startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startFakeAmi();
const port = await findFreePort();
const AMI = { AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" };
const AGI = { ENLACE_AGI_ALLOW: "127.0.0.1", ENLACE_AGI_PORT: String(port) };
const enlace = await startTestEnlace({ env: { ...AMI, ...AGI } });
after(() => pbx.stop()); // Enlace ends before it

/** Runs a script to its end and resolves with the variables it set. */
async function run(script: string): Promise<Record<string, string>> {
  const environment = toEnvironmentBytes({ ...ENVIRONMENT, agi_network_script: script });
  const caller = await callAgi(port, () => "200 result=1", environment);
  await caller.ended;
  const pairs = caller.commands.flatMap((command) => {
    const [, name, value] = /^SET VARIABLE "?(\w+)"? "(.*)"$/.exec(command) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(pairs);
}

const stateOf = async (app: typeof enlace): Promise<string | undefined> =>
  (await app.as({}).get("/ready")).body.checks.agi?.detail;

test("a dialplan learns as which PBX it is heard; what is not there runs nothing", async () => {
  assert.deepEqual(await run("hello"), { ENLACE_PBX: "PBX" });
  assert.deepEqual(await run("no-such-script"), { ENLACE_AGI: "no_script" });
  assert.deepEqual(await run("hello?token=guess"), { ENLACE_AGI: "no_pbx" });
  assert.match((await stateOf(enlace)) ?? "", new RegExp(`^listens to port ${port}`));
  const page = (await enlace.as({}).get("/metrics")).body;
  assert.match(page, /enlace_agi_outcomes\{outcome="served"\} 1\n/);
  assert.match(page, /enlace_agi_outcomes\{outcome="no_script"\} 1\n/);
});

test("of two processes with one port one serves, and the other when that one ends", async () => {
  const heir = await startTestEnlace({ database: enlace.database, env: { ...AMI, ...AGI }, clockFactor: 10 });
  assert.match((await stateOf(heir)) ?? "", /is taken by another process/);
  assert.equal((await heir.as({}).get("/ready")).status, 200);
  await enlace.stop();
  await eventually(async () => assert.match((await stateOf(heir)) ?? "", /^listens to port/));
  assert.deepEqual(await run("hello"), { ENLACE_PBX: "PBX" });
  await heir.stop();
});

test("nobody is served who is not named, and without names there is no server", async () => {
  const closed = await startTestEnlace({
    database: enlace.database,
    env: { ...AMI, ...AGI, ENLACE_AGI_ALLOW: "192.0.2.1" },
  });
  const caller = await callAgi(port);
  await caller.ended;
  assert.deepEqual(caller.commands, []);
  assert.match((await closed.as({}).get("/metrics")).body, /enlace_agi_outcomes\{outcome="refusedByAddress"\} 1\n/);
  await closed.stop();
  const without = await startTestEnlace({ database: enlace.database, env: { ...AMI, ...AGI, ENLACE_AGI_ALLOW: "" } });
  await assert.rejects(callAgi(port), /ECONNREFUSED/);
  assert.equal(await stateOf(without), undefined);
});
