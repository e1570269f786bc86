import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { createManualClock } from "../../../test/manual-clock.ts";
import { AppError } from "../../core/errors.ts";
import { createLog } from "../../kit/log.ts";
import { type AgiChannel, AgiSoundError } from "./channel.ts";
import { AGI_COMMAND_BYTES_MAX, encodeCommand } from "./command.ts";
import { callAgi, ENVIRONMENT, toEnvironmentBytes } from "./fake-agi-caller.ts";
import { type AgiServerOptions, createAgiServer } from "./server.ts";
import { AgiClosedError, AgiHangupError, AgiRefusedError } from "./session.ts";

const log = createLog({ level: "silent", format: "json" });

async function serve(onCall: (agi: AgiChannel) => Promise<void>, options: Partial<AgiServerOptions> = {}) {
  const clock = createManualClock();
  const server = createAgiServer({ host: "127.0.0.1", port: 0, allow: ["127.0.0.1"], clock, log, onCall, ...options });
  const port = await server.start();
  after(() => server.stop(0));
  return { server, port, clock };
}

/** Runs one script against an Asterisk that answers by `answer`; resolves with what the script returned or threw. */
async function run<T>(script: (agi: AgiChannel) => Promise<T>, answer: (command: string) => string | undefined) {
  const done = Promise.withResolvers<T>();
  const { port } = await serve(async (agi) => {
    await script(agi).then(done.resolve, done.reject);
  });
  const caller = await callAgi(port, answer);
  const value = await done.promise;
  await caller.ended;
  return { value, commands: caller.commands };
}

test("a script reads its call and speaks in words", async () => {
  const { value, commands } = await run(
    async (agi) => {
      await agi.answer();
      const key = await agi.stream("welcome", { escape: "1#" });
      const { digits, timedOut } = await agi.getData("menu", { timeoutMs: 5000, digitsMax: 4 });
      await agi.setVariable("NAME", 'say "hi" \\ now');
      await agi.goTo({ context: "sales", extension: "100" });
      return { key, digits, timedOut, name: await agi.getVariable("X"), none: await agi.getVariable("Y"), facts: agi };
    },
    (command) => {
      if (command.startsWith("STREAM FILE")) return "200 result=49 endpos=8320";
      if (command.startsWith("GET DATA")) return "200 result=12 (timeout)";
      if (command === 'GET VARIABLE "X"') return "200 result=1 (Ann (Test))";
      return "200 result=0";
    },
  );
  assert.deepEqual(
    [value.key, value.digits, value.timedOut, value.name, value.none],
    ["1", "12", true, "Ann (Test)", undefined],
  );
  assert.deepEqual(commands, [
    "ANSWER",
    'STREAM FILE "welcome" "1#"',
    'GET DATA "menu" "5000" "4"',
    'SET VARIABLE "NAME" "say \\"hi\\" \\\\ now"',
    'SET CONTEXT "sales"',
    'SET EXTENSION "100"',
    'SET PRIORITY "1"',
    'GET VARIABLE "X"',
    'GET VARIABLE "Y"',
  ]);
  const { script, query, args, callerNumber, callerName, dialedNumber } = value.facts;
  assert.deepEqual([script, query.get("project"), query.get("x")], ["ivr", "77", "a b"]);
  assert.deepEqual([args, callerNumber, callerName, dialedNumber], [["one", ""], "34600000001", "", "34600000002"]);
});

test("a key that nobody pressed is empty text", async () => {
  const { value } = await run(
    async (agi) => [await agi.stream("a"), await agi.waitForDigit(1000), await agi.sayDigits("12")],
    () => "200 result=0 endpos=1",
  );
  assert.deepEqual(value, ["", "", ""]);
});

test("a recording says why it ended", async () => {
  const answers = [
    "200 result=35 (dtmf) endpos=100",
    "200 result=0 (timeout) endpos=8000",
    "200 result=-1 (hangup) endpos=5",
  ];
  const results: unknown[] = [];
  const { commands } = await run(
    async (agi) => {
      const options = { format: "wav", escape: "#", longestMs: 2000, silenceSeconds: 3, beep: true } as const;
      for (let take = 0; take < 2; take++) results.push(await agi.record("/tmp/x", options));
    },
    () => answers.shift(),
  );
  assert.deepEqual(results, [
    { key: "#", endedBy: "key", samples: 100 },
    { key: "", endedBy: "timeout", samples: 8000 },
  ]);
  assert.equal(commands[0], 'RECORD FILE "/tmp/x" "wav" "#" "2000" "0" "BEEP" "s=3"');
});

test("a sound that is not there is told from a caller who hung up", async () => {
  const missing = run(
    (agi) => agi.stream("nothing"),
    (command) => (command.startsWith("STREAM") ? "200 result=-1" : "200 result=6"),
  );
  await assert.rejects(missing, AgiSoundError);
  const gone = run(
    (agi) => agi.stream("long"),
    (command) =>
      command.startsWith("STREAM") ? "200 result=-1\nHANGUP" : "511 Command Not Permitted on a dead channel",
  );
  await assert.rejects(gone, AgiHangupError);
  const silentlyGone = run(
    (agi) => agi.stream("long"),
    (command) => (command.startsWith("STREAM") ? "200 result=-1" : "511 Command Not Permitted on a dead channel"),
  );
  await assert.rejects(silentlyGone, AgiHangupError);
});

test("after a hangup dead-safe commands still work and the gone signal has fired", async () => {
  const { value } = await run(
    async (agi) => {
      await assert.rejects(agi.waitForDigit(1000), AgiHangupError);
      return { gone: agi.gone.aborted, hungUp: agi.isHungUp(), id: await agi.getVariable("UNIQUEID") };
    },
    (command) => (command.startsWith("WAIT") ? "HANGUP\n200 result=-1" : "200 result=1 (1.2)"),
  );
  assert.deepEqual(value, { gone: true, hungUp: true, id: "1.2" });
});

test("an unknown command and a missing application are refusals, and the session goes on", async () => {
  const { value } = await run(
    async (agi) => {
      const refused = await agi.command("FLY AWAY").catch((error: unknown) => error);
      const missing = await agi.exec("NoSuchApp", "x").catch((error: unknown) => error);
      return { refused, missing, next: await agi.exec("Playback", "hello") };
    },
    (command) =>
      command.startsWith("FLY")
        ? "510 Invalid or unknown command"
        : command.includes("NoSuch")
          ? "200 result=-2"
          : "200 result=0",
  );
  assert.ok(value.refused instanceof AgiRefusedError && value.refused.code === 510);
  assert.match(String(value.missing), /no application NoSuchApp/);
  assert.equal(value.next, "0");
});

test("a command without a reply ends the session after its time", async () => {
  const result = Promise.withResolvers<unknown>();
  const { port, clock, server } = await serve(async (agi) => {
    result.resolve(await agi.command("VERBOSE", ["x"], 3_000).catch((error: unknown) => error));
    await assert.rejects(agi.answer(), AgiClosedError);
  });
  const caller = await callAgi(port);
  await caller.next();
  await clock.advance(3_000);
  assert.match(String(await result.promise), /AgiClosedError: no reply within 3000 ms/);
  await caller.ended;
  assert.equal(server.counters().accepted, 1);
});

test("each command has its own time, whatever the one before it had", async () => {
  const result = Promise.withResolvers<unknown>();
  const { port, clock } = await serve(async (agi) => {
    await agi.command("LONG", [], 60_000);
    await agi.command("SHORT", [], 1_000);
    result.resolve(await agi.command("LAST", [], 8_000).catch((error: unknown) => error));
  });
  const caller = await callAgi(port);
  await caller.next();
  await clock.advance(59_000);
  caller.reply("200 result=0");
  assert.equal(await caller.next(), "SHORT");
  await clock.advance(900);
  caller.reply("200 result=0");
  assert.equal(await caller.next(), "LAST");
  await clock.advance(7_900); // the timers of the first two have fired by now
  caller.reply("200 result=7");
  assert.equal(((await result.promise) as { result: string }).result, "7");
  await caller.ended;
});

test("commands given at once are sent one after the other", async () => {
  const { port } = await serve(async (agi) => {
    await Promise.all([agi.command("A"), agi.command("B"), agi.command("C")]);
  });
  const caller = await callAgi(port);
  assert.equal(await caller.next(), "A");
  assert.deepEqual(caller.commands, ["A"]);
  caller.reply("200 result=0");
  assert.equal(await caller.next(), "B");
  caller.reply("200 result=0");
  assert.equal(await caller.next(), "C");
  caller.reply("200 result=0");
  await caller.ended;
});

test("a caller that goes away rejects what was asked and what waits", async () => {
  const ends: unknown[] = [];
  const over = Promise.withResolvers<void>();
  const { port } = await serve(async (agi) => {
    const asked = [agi.command("A"), agi.command("B")];
    for (const result of await Promise.allSettled(asked)) ends.push(result.status === "rejected" && result.reason);
    over.resolve();
  });
  const caller = await callAgi(port);
  await caller.next();
  caller.socket.destroy();
  await over.promise;
  assert.ok(ends.every((reason) => reason instanceof AgiClosedError) && ends.length === 2);
});

test("an empty allow-list means nobody, and only listed networks may call", async () => {
  const tries: [readonly string[], boolean][] = [
    [[], false],
    [["10.0.0.0/8"], false],
    [["127.0.0.0/8"], true],
    [["::1", "127.0.0.1"], true],
  ];
  for (const [allow, isWelcome] of tries) {
    let calls = 0;
    const { port, server } = await serve(async () => void calls++, { allow });
    const caller = await callAgi(port);
    await caller.ended;
    assert.equal(calls, isWelcome ? 1 : 0, allow.join());
    assert.equal(server.counters().refusedByAddress, isWelcome ? 0 : 1);
  }
});

test("an allow-list with a word that is no network does not start", () => {
  const options = { host: "127.0.0.1", port: 0, clock: createManualClock(), log, onCall: async () => undefined };
  for (const entry of ["everybody", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::1/129", ""]) {
    assert.throws(() => createAgiServer({ ...options, allow: [entry] }), /neither an address nor a network/, entry);
  }
});

test("one session beyond the limit is turned away", async () => {
  const { port, server } = await serve((agi) => agi.hangup(), { sessionsMax: 1 });
  const first = await callAgi(port);
  await first.next();
  const second = await callAgi(port);
  await second.ended;
  assert.equal(server.counters().refusedFull, 1);
  first.reply("200 result=1");
  await first.ended;
});

test("an environment that does not come, and a client that is not Asterisk, are let go", async () => {
  const { port, clock, server } = await serve(() => assert.fail("no call began"));
  const silent = await callAgi(port, undefined, "agi_network: yes\n");
  while (server.sessions() === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5_000);
  await silent.ended;
  const browser = await callAgi(port, undefined, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await browser.ended;
  assert.equal(server.counters().failed, 2);
});

test("a script that throws ends only its own session", async () => {
  const { port, server } = await serve(async (agi) => {
    if (agi.script === "bad") throw new Error("a bug");
    await agi.hangup();
  });
  const bad = await callAgi(port, undefined, toEnvironmentBytes({ ...ENVIRONMENT, agi_network_script: "bad" }));
  await bad.ended;
  const good = await callAgi(port, () => "200 result=1");
  await good.ended;
  assert.deepEqual([server.counters().failed, good.commands], [1, ["HANGUP"]]);
});

test("500 sessions at once are all served", async () => {
  let open = 0;
  let most = 0;
  const all = Promise.withResolvers<void>();
  const { port } = await serve(async (agi) => {
    most = Math.max(most, ++open);
    if (open === 500) all.resolve();
    await all.promise;
    await agi.answer();
    open--;
  });
  const callers = await Promise.all(Array.from({ length: 500 }, () => callAgi(port, () => "200 result=0")));
  await Promise.all(callers.map((caller) => caller.ended));
  assert.deepEqual([most, open], [500, 0]);
});

test("stop lets a call finish, and closes it when it does not", async () => {
  const { port, server, clock } = await serve((agi) => agi.waitForDigit(60_000).then(() => undefined));
  const caller = await callAgi(port);
  await caller.next();
  const stopped = server.stop(1_000);
  await clock.advance(1_000);
  await stopped;
  await caller.ended;
  assert.equal(server.sessions(), 0);
});

test("no argument can begin a second command", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\nHANGUP", "a\r\n", '"\n', "\0"),
    fc.string(),
  );
  const seen = { refused: 0, encoded: 0 };
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 4 }), (args) => {
      try {
        const line = encodeCommand("EXEC", args);
        assert.equal(line.indexOf("\n"), line.length - 1);
        assert.deepEqual(toArguments(line.trimEnd()), ["EXEC", ...args]);
        seen.encoded++;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        seen.refused++;
      }
    }),
  );
  assert.ok(seen.refused > 0 && seen.encoded > 0);
});

test("a command longer than Asterisk's buffer is refused", () => {
  assert.throws(() => encodeCommand("EXEC", ["x".repeat(AGI_COMMAND_BYTES_MAX)]), /too long for AGI/);
});

/** As parse_args of res_agi.c reads a line. */
function toArguments(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/gs)].map(
    ([, quoted, plain]) => plain ?? (quoted ?? "").replaceAll(/\\(.)/gs, "$1"),
  );
}
