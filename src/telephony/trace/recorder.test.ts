import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kit/clock.ts";
import { systemRandom } from "../../kit/random.ts";
import { type FakeFields, startFakeAmi } from "../ami/fake-ami.ts";
import { recordTrace, type TraceOptions } from "./recorder.ts";
import { replayTrace } from "./replay.ts";
import { parseTraceLine, toTracePlan } from "./trace-line.ts";

const CALL: FakeFields[] = readFileSync(join(import.meta.dirname, "../tracker/fixtures/answered.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const { ms: _, ...fields } = JSON.parse(line);
    return fields;
  });

async function open(t: TestContext, more: Partial<TraceOptions> = {}) {
  const pbx = await startFakeAmi();
  const stopping = new AbortController();
  t.after(async () => {
    stopping.abort(new Error("stopped"));
    await pbx.stop();
  });
  const settings = {
    address: { host: "127.0.0.1", port: pbx.port, username: "enlace", secret: "test-secret" },
    extensions: new Map([["ana.perez", "101"]]),
    trunks: new Set(["acme-carrier"]),
    country: "ES",
  };
  const lines = recordTrace({
    ...{
      settings,
      durationMs: 60_000,
      charsMax: 1_000_000,
      clock: systemClock,
      random: systemRandom,
      signal: stopping.signal,
    },
    ...more,
  });
  return { pbx, lines, stopping };
}

async function readAll(lines: AsyncGenerator<string>): Promise<string> {
  let text = "";
  for await (const line of lines) text += line;
  return text;
}

test("a call that a PBX tells of while it is recorded is the same call when it is replayed, under other names", async (t) => {
  const { pbx, lines, stopping } = await open(t);
  const header = String((await lines.next()).value);
  const plan = toTracePlan(parseTraceLine(header));
  assert.deepEqual([[...(plan?.extensions.values() ?? [])], plan?.country], [["101"], "ES"]);
  assert.ok(!/ana|perez|acme/.test(header), header);
  for (const fields of CALL) pbx.event(fields);
  let text = header;
  while (!text.includes("Hangup") || text.split("Hangup").length < 3) text += (await lines.next()).value;
  stopping.abort(new Error("stopped"));
  text += await readAll(lines);
  assert.match(text, /"Event":"EnlaceTraceEnd","Why":"stopped"/);
  const { calls, open: stillOpen } = replayTrace(text, { country: "" });
  const [only] = calls;
  assert.deepEqual([calls.length, stillOpen], [1, 0]);
  assert.deepEqual(
    [only?.call.direction, only?.call.outcome, only?.call.agentExtension],
    ["inbound", "answered", "101"],
  );
  for (const number of JSON.stringify(CALL).match(/\d{6,}/g) ?? []) assert.ok(!text.includes(number), number);
});

test("what goes on when the recording begins is in the trace", async (t) => {
  const { pbx, lines, stopping } = await open(t);
  const common = { Linkedid: "1795350000.1", BridgeId: "0a1108b9-ad1f", ChannelState: "6", Duration: "00:00:05" };
  const trunk = {
    Channel: "PJSIP/trunk-00000001",
    Uniqueid: "1795350000.1",
    CallerIDNum: "600000001",
    Exten: "0009001",
    Application: "Dial",
  };
  const phone = {
    Channel: "PJSIP/101-00000002",
    Uniqueid: "1795350000.2",
    ConnectedLineNum: "600000001",
    Application: "AppDial",
  };
  pbx.channels.push(
    { Event: "CoreShowChannel", ...common, ...trunk },
    { Event: "CoreShowChannel", ...common, ...phone },
  );
  let text = "";
  while (!text.includes("CoreShowChannelsComplete")) text += (await lines.next()).value;
  stopping.abort(new Error("stopped"));
  text += await readAll(lines);
  const { calls, open: stillOpen } = replayTrace(text, { country: "ES" });
  assert.deepEqual([calls[0]?.call.direction, calls[0]?.call.phase, stillOpen], ["inbound", "talking", 1]);
});

test("a recording ends at its size, when its time is over, and with the connection, and says why", async (t) => {
  const small = await open(t, { charsMax: 1_000 });
  await small.lines.next();
  for (const fields of [...CALL, ...CALL]) small.pbx.event(fields);
  const text = await readAll(small.lines);
  assert.ok(text.length < 3_000, `${text.length}`);
  assert.match(text, /the trace has its full size/);
  const short = await open(t, { durationMs: 50 });
  assert.match(await readAll(short.lines), /the time is over/);
  const cut = await open(t);
  await cut.lines.next();
  cut.pbx.cut();
  assert.match(await readAll(cut.lines), /the PBX closed the connection/);
});

test("a PBX that cannot be reached or refuses is said so before the first line", async (t) => {
  const { pbx, lines } = await open(t);
  await pbx.stop();
  await assert.rejects(lines.next(), /ECONNREFUSED/);
});

test("an odd line of a trace is refused with its number", () => {
  assert.throws(() => replayTrace('{"ms":0,"Event":"Newchannel"}\nrubbish\n', { country: "" }), /line 2 is not a line/);
  assert.throws(() => replayTrace('{"Event":"x"}', { country: "" }), /line 1/);
});
