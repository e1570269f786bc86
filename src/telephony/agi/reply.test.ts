import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AgiReply, createAgiReader } from "./reply.ts";

interface Seen {
  environment: Record<string, string> | undefined;
  heard: (string | AgiReply)[];
}

function read(chunks: readonly (string | Buffer)[]): Seen {
  const seen: Seen = { environment: undefined, heard: [] };
  const reader = createAgiReader({
    onEnvironment: (environment) => {
      seen.environment = Object.fromEntries(environment);
    },
    onReply: (reply) => seen.heard.push(reply),
    onHangup: () => seen.heard.push("HANGUP"),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return seen;
}

const replyTo = (line: string): AgiReply | string | undefined => read(["agi_network: yes\n\n", `${line}\n`]).heard[0];
const reply = (text: string, fields: Partial<AgiReply>): AgiReply => ({
  code: 200,
  result: undefined,
  data: undefined,
  endpos: undefined,
  text,
  ...fields,
});

test("every form of reply is understood", () => {
  const forms: [string, Partial<AgiReply>][] = [
    ["200 result=0", { result: "0" }],
    ["200 result=-1", { result: "-1" }],
    ["200 result=49 endpos=8320", { result: "49", endpos: 8320 }],
    ["200 result=1 (HUMAN)", { result: "1", data: "HUMAN" }],
    ["200 result=1 (a (b) c)", { result: "1", data: "a (b) c" }],
    ["200 result=1 ()", { result: "1", data: "" }],
    ["200 result= (timeout)", { result: "", data: "timeout" }],
    ["200 result=*12#", { result: "*12#" }],
    ["200 result=0 (timeout) endpos=4000", { result: "0", data: "timeout", endpos: 4000 }],
    ["510 Invalid or unknown command", { code: 510 }],
    ["511 Command Not Permitted on a dead channel or intercept routine", { code: 511 }],
  ];
  for (const [line, fields] of forms) assert.deepEqual(replyTo(line), reply(line, fields), line);
});

test("a 520 is one reply with all lines of its usage", () => {
  const text =
    "520-Invalid command syntax.  Proper usage follows:\nUsage: ANSWER\n\n  200 result=7\n520 End of proper usage.";
  assert.deepEqual(read(["agi_network: yes\n\n", `${text}\n200 result=0\n`]).heard, [
    reply(text, { code: 520 }),
    reply("200 result=0", { result: "0" }),
  ]);
});

test("the value of a variable may have several lines", () => {
  const text = "200 result=1 (first\n\nthird)";
  assert.deepEqual(replyTo(text), reply(text, { result: "1", data: "first\n\nthird" }));
});

test("HANGUP between replies and inside a usage is heard, and the reply stays whole", () => {
  const { heard } = read(["agi_network: yes\n\n", "HANGUP\n520-Invalid\nHANGUP\n520 End\n200 result=-1\nHANGUP\n"]);
  assert.deepEqual(
    heard.map((one) => (typeof one === "string" ? one : one.text)),
    ["HANGUP", "HANGUP", "520-Invalid\n520 End", "200 result=-1", "HANGUP"],
  );
});

test("any chunking of a session gives the same environment and replies", () => {
  const bytes = Buffer.from(
    "agi_network: yes\nagi_calleridname: Pérez 😀\nagi_accountcode: \n\n200 result=1 (ñ)\nHANGUP\n520-a\nb\n520 c\n511 x\n",
  );
  const whole = read([bytes]);
  assert.deepEqual(whole.environment, { agi_network: "yes", agi_calleridname: "Pérez 😀", agi_accountcode: "" });
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (places) => {
      const cuts = [...new Set(places)].sort((a, b) => a - b);
      const chunks = [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
      assert.deepEqual(read(chunks), whole);
    }),
  );
});

test("any bytes are either read or refused with a RangeError", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
      try {
        read(["agi_network: yes\n\n", ...chunks.map((chunk) => Buffer.from(chunk))]);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});

test("what is not AGI, and what never ends, is refused", () => {
  assert.throws(() => read(["GET / HTTP/1.1\r\n"]), /not an AGI environment/);
  assert.throws(() => read(["x".repeat(20_000)]), /line is too long/);
  assert.throws(
    () => read([Array.from({ length: 300 }, (_, index) => `agi_${index}: x\n`).join("")]),
    /too many lines/,
  );
  assert.throws(() => read(["agi_network: yes\n\n", `520-x\n${"more\n".repeat(300)}`]), /too many lines/);
  assert.throws(() => read(["agi_network: yes\n\n", "hello\n"]), /not an AGI reply/);
});

test("an environment is the same whether it comes whole, in pieces, with carriage returns or with a reply behind it", () => {
  const lines = ["agi_network: yes", "agi_calleridname: Ana: Núñez", "agi_accountcode: ", "agi_arg_1:  padded "];
  const wanted = { agi_network: "yes", agi_calleridname: "Ana: Núñez", agi_accountcode: "", agi_arg_1: "padded " };
  const whole = Buffer.from(`${lines.join("\n")}\n\n`);
  const pieces = Array.from({ length: whole.length }, (_, index) => whole.subarray(index, index + 1));
  for (const chunks of [
    [whole],
    pieces,
    [whole.subarray(0, 30), whole.subarray(30)],
    [`${lines.join("\r\n")}\r\n\r\n`],
  ]) {
    assert.deepEqual(read(chunks).environment, wanted);
  }
  const together = read([Buffer.concat([whole, Buffer.from("200 result=1\nHANGUP\n")])]);
  assert.deepEqual(together, { environment: wanted, heard: [reply("200 result=1", { result: "1" }), "HANGUP"] });
});

test("an environment that is not one is refused, whole or in pieces", () => {
  for (const bytes of ["GET / HTTP/1.1\nHost: x\n\n", "agi_a: 1\nnonsense\n\n", `agi_a: ${"x".repeat(20_000)}\n\n`]) {
    assert.throws(() => read([bytes]), RangeError);
    assert.throws(() => read([bytes.slice(0, 5), bytes.slice(5)]), RangeError);
  }
});
