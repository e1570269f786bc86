// FastAGI dialogues and call files with real Asterisk.
import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../src/kit/clock.ts";
import { systemRandom } from "../../../src/kit/random.ts";
import type { AgiChannel } from "../../../src/telephony/agi/channel.ts";
import { createAgiServer } from "../../../src/telephony/agi/server.ts";
import { AgiHangupError } from "../../../src/telephony/agi/session.ts";
import { isSuccess } from "../../../src/telephony/ami/session.ts";
import { createSpool } from "../../../src/telephony/spool.ts";
import { silentLog } from "../../database.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const world = (skip === false ? await openWorld(started as Exclude<typeof started, string>) : undefined) as World;

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    await world.reset();
    await run();
  });
};

async function readVariable(channel: string): Promise<string | undefined> {
  const fields = { Channel: channel, Variable: "VALUE" };
  return (
    await until(async () => {
      const answer = await world.tester.send({ name: "Getvar", fields });
      return isSuccess(answer) && answer.get("Value") !== "" ? answer : undefined;
    }, `VALUE of ${channel}`)
  ).get("Value");
}

async function serveAgi(onCall: (agi: AgiChannel) => Promise<void>) {
  const server = createAgiServer({
    host: "127.0.0.1",
    port: asterisk.agiPort,
    allow: ["127.0.0.1"],
    clock: systemClock,
    log: silentLog,
    onCall,
  });
  await server.start();
  return server;
}

const startAgiCall = (far: string, REF: string) =>
  world.tester.send({
    name: "Originate",
    fields: {
      Channel: `Local/${far}@far`,
      Context: "enlace-agi",
      Exten: "s",
      Priority: 1,
      Async: true,
      Timeout: 8_000,
    },
    variables: { REF },
  });
const agiStatus = async (ref: string): Promise<AmiEventFields> => {
  const event = await until(
    () => world.heard.find((each) => each.get("UserEvent") === "AgiDone" && each.get("Ref") === ref),
    "AGI done",
  );
  return { status: event.get("Status"), chosen: event.get("Chosen") };
};
type AmiEventFields = { status: string | undefined; chosen: string | undefined };

scenario("a FastAGI dialogue hears keys, sets variables, and the dialplan goes on", async () => {
  const seen: unknown[] = [];
  const server = await serveAgi(async (agi) => {
    await agi.answer();
    seen.push(agi.script, agi.query.get("project"), agi.args[0]);
    const key = await agi.stream("demo-congrats", { escape: "12#" });
    const second = await agi.waitForDigit(5_000);
    await agi.setVariable("CHOSEN", `${key}-${second}`);
    await agi.setVariable("ODD", 'a, "quoted" \\ ;x');
    seen.push(await agi.getVariable("ODD"), await agi.getVariable("NOT_SET"));
  });
  try {
    await startAgiCall("keys", "agi-1");
    assert.deepEqual(await agiStatus("agi-1"), { status: "SUCCESS", chosen: "1-2" });
    assert.deepEqual(seen, ["ivr", "7", "agi-1", 'a, "quoted" \\ ;x', undefined]);
  } finally {
    await server.stop();
  }
});

scenario("what Asterisk refuses in a FastAGI session is told apart, and the session goes on", async () => {
  const seen: unknown[] = [];
  const server = await serveAgi(async (agi) => {
    await agi.answer();
    const nameOf = (error: Error): string => error.name;
    seen.push(await agi.stream("no-such-sound").catch(nameOf));
    seen.push(await agi.exec("NoSuchApplication").catch(nameOf));
    seen.push(await agi.command("FLY AWAY").catch(nameOf));
    seen.push(await agi.command("STREAM FILE").catch(nameOf));
    seen.push(await agi.getVariable("REF"));
  });
  try {
    await startAgiCall("wait-10", "agi-5");
    await agiStatus("agi-5");
    assert.deepEqual(seen, ["AgiSoundError", "RangeError", "AgiRefusedError", "AgiRefusedError", "agi-5"]);
  } finally {
    await server.stop();
  }
});

scenario("a caller who hangs up ends the script, and what is safe still works", async () => {
  const ended = Promise.withResolvers<unknown[]>();
  const server = await serveAgi(async (agi) => {
    await agi.answer();
    const error = await agi.stream("demo-congrats").catch((reason: unknown) => reason);
    const id = await agi.getVariable("UNIQUEID");
    ended.resolve([error instanceof AgiHangupError, agi.isHungUp(), agi.gone.aborted, id === agi.uniqueId]);
  });
  try {
    await startAgiCall("hangs-up", "agi-2");
    assert.deepEqual(await ended.promise, [true, true, true, true]);
  } finally {
    await server.stop();
  }
});

scenario("without a FastAGI server, and with one that turns the PBX away, the dialplan goes on", async () => {
  await startAgiCall("wait-3", "agi-3");
  assert.equal((await agiStatus("agi-3")).status, "FAILURE");
  const server = createAgiServer({
    host: "127.0.0.1",
    port: asterisk.agiPort,
    allow: [],
    clock: systemClock,
    log: silentLog,
    onCall: () => assert.fail("nobody may call"),
  });
  await server.start();
  try {
    await startAgiCall("wait-3", "agi-4");
    assert.notEqual((await agiStatus("agi-4")).status, undefined);
    assert.equal(server.counters().refusedByAddress, 1);
  } finally {
    await server.stop();
  }
});

scenario("200 FastAGI sessions at once are served", async () => {
  let most = 0;
  let open = 0;
  let done = 0;
  const all = Promise.withResolvers<void>();
  const server = await serveAgi(async (agi) => {
    most = Math.max(most, ++open);
    if (open === 200) all.resolve();
    await Promise.race([all.promise, systemClock.sleep(15_000)]);
    await agi.answer();
    await agi.setVariable("X", "1");
    open--;
    done++;
  });
  try {
    for (let index = 0; index < 200; index++) await startAgiCall("wait-20", `many-${index}`);
    await until(() => done === 200 || undefined, "all served", 30_000);
    assert.equal(most, 200);
  } finally {
    await server.stop();
    await world.tester.send({ name: "Hangup", fields: { Channel: "/^Local/" } });
  }
});

scenario("a call file is a call, with its variables as they were given", async () => {
  const spoolFolder = join(asterisk.folder, "var/spool/asterisk");
  const spool = createSpool({
    outgoing: join(spoolFolder, "outgoing"),
    staging: join(spoolFolder, "tmp"),
    random: systemRandom,
  });
  await spool.check();
  const VALUE = 'a;b, "c" \\ d=e';
  const call = { channel: "Local/wait-1@far", context: "long", extension: "s", archive: true };
  const file = await spool.put({ ...call, variables: { VALUE } });
  const channel = await until(async () => {
    const { items } = await world.tester.list({ name: "CoreShowChannels" });
    return items.find((item) => item.get("Context") === "long")?.get("Uniqueid");
  }, "the call of the file");
  assert.equal(await readVariable(channel), VALUE);
  await until(() => existsSync(join(spoolFolder, "outgoing_done", file)) || undefined, "the file is archived");
  assert.deepEqual(readdirSync(join(spoolFolder, "outgoing")), []);
  assert.ok(statSync(join(spoolFolder, "outgoing_done", file)).size > 0);
});
