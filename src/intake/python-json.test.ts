import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import fc from "fast-check";
import { toPythonJson } from "./python-json.ts";

const print = (text: string): string | undefined => toPythonJson(Buffer.from(text));

test("spacing is Python's, and keys keep their order", () => {
  assert.equal(
    print(' {"b" :1,\n"a":[true,false , null], "c":{}, "d":[]}\t'),
    '{"b": 1, "a": [true, false, null], "c": {}, "d": []}',
  );
});

test("a repeated key keeps its first place and its last value", () => {
  assert.equal(print('{"a":1,"b":2,"a":3}'), '{"a": 3, "b": 2}');
  assert.equal(print('{"\\u0061":1,"b":2,"a":3}'), '{"a": 3, "b": 2}');
});

test("everything but printable ASCII is escaped, and the slash is not", () => {
  assert.equal(
    print('"ñ 😀 \\/ / \\u00e9 \\b\\f\\n\\r\\t \\" \\\\ \u007f"'),
    '"\\u00f1 \\ud83d\\ude00 / / \\u00e9 \\b\\f\\n\\r\\t \\" \\\\ \\u007f"',
  );
  assert.equal(print('"\\ud83d"'), '"\\ud83d"');
});

test("integers stay as written and other numbers become Python floats", () => {
  const cases: [string, string][] = [
    ["1.0", "1.0"],
    ["1e16", "1e+16"],
    ["1E5", "100000.0"],
    ["-0.0", "-0.0"],
    ["-0", "0"],
    ["12345678901234567890123", "12345678901234567890123"],
    ["1e-5", "1e-05"],
    ["0.0001", "0.0001"],
    ["9999999999999998.0", "9999999999999998.0"],
    ["1.50", "1.5"],
    ["1e400", "Infinity"],
    ["-1e400", "-Infinity"],
    ["NaN", "NaN"],
    ["-Infinity", "-Infinity"],
    ["5e-324", "5e-324"],
  ];
  for (const [written, printed] of cases) assert.equal(print(`[${written}]`), `[${printed}]`, written);
});

test("a byte order mark is no part of the text", () => {
  assert.equal(print('\uFEFF{"a":1}'), '{"a": 1}');
});

test("what Python refuses has no text", () => {
  const refused = [
    "",
    " ",
    "{",
    "[1,]",
    '{"a":1,}',
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "-NaN",
    "'a'",
    '"\t"',
    '"\\x"',
    '"\\u12g4"',
    '"abc',
    "1 2",
    "tru",
    "{1:2}",
    '{"a" 1}',
  ];
  for (const text of refused) assert.equal(print(text), undefined, text);
  assert.equal(toPythonJson(Buffer.from([0x22, 0xff, 0x22])), undefined, "bytes that are no UTF-8");
  assert.equal(print("9".repeat(4_301)), undefined);
});

test("nesting without end is refused, not followed", () => {
  assert.equal(print("[".repeat(65_536)), undefined);
  assert.equal(print('{"a":'.repeat(13_000)), undefined);
  assert.equal(print("[".repeat(400) + "]".repeat(400)), "[".repeat(400) + "]".repeat(400));
});

test("64 KiB of the worst text takes linear time", () => {
  for (const text of [
    `"${"\\u00e9".repeat(10_900)}`,
    `"${"a".repeat(65_000)}`,
    `[${"1,".repeat(32_000)}`,
    " ".repeat(65_000),
    `-${"0".repeat(65_000)}`,
    `{${'"a":1,'.repeat(10_000)}`,
  ]) {
    const startedAt = performance.now();
    print(text);
    assert.ok(performance.now() - startedAt < 200, `${text.slice(0, 10)}… took ${performance.now() - startedAt} ms`);
  }
});

const python = spawnSync("python3", ["--version"]);
const skip = python.status === 0 ? false : "python3 is not on this machine: the text is not compared with the real one";
if (skip) process.stderr.write(`SKIPPED: ${skip}\n`);

/** JSON text as people and programs write it, not only as JSON.stringify does. */
const space = fc.constantFrom("", " ", "\n  ", "\t", "\r\n");
const text = fc.string({ unit: "binary", maxLength: 12 });
const escaped = text.map(
  (value) =>
    `"${[...value].map((c) => ((c.codePointAt(0) ?? 0) < 0x20 || c === '"' || c === "\\" ? JSON.stringify(c).slice(1, -1) : c)).join("")}"`,
);
const string = fc.oneof(
  text.map((value) => JSON.stringify(value)),
  escaped,
  fc.constantFrom('"\\u00E9"', '"\\/"', '"\\ud83d\\ude00"', '"\\udc00x"', '"\u2028"', '"a"', '"b"'),
);
const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,25})$/);
const number = fc.oneof(
  fc.double().map((value) => (Number.isNaN(value) ? "NaN" : Object.is(value, -0) ? "-0.0" : String(value))),
  digits,
  fc
    .tuple(
      fc.constantFrom("", "-"),
      digits,
      fc.stringMatching(/^(\.[0-9]{1,20})?$/),
      fc.stringMatching(/^([eE][-+]?[0-9]{1,3})?$/),
    )
    .map((parts) => parts.join("")),
);
const { json } = fc.letrec<{ json: string }>((tie) => {
  const value = fc.tuple(space, tie("json"), space).map((parts) => parts.join(""));
  const member = fc.tuple(space, string, space, value).map(([a, key, b, inner]) => `${a}${key}${b}:${inner}`);
  return {
    json: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      string,
      number,
      fc.constantFrom("true", "false", "null"),
      fc.array(member, { maxLength: 5 }).map((members) => `{${members.join(",")}}`),
      fc.array(value, { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    ),
  };
});
/** A good document, or one with a character changed, dropped or doubled: Python decides which of them still are JSON. */
const document = fc.oneof(
  { weight: 3, arbitrary: json },
  fc
    .tuple(json, fc.nat(), fc.constantFrom("", ",", "}", "0", ".", "e", '"', "\\", " ", "\n"))
    .map(([good, index, change]) => {
      const at = index % (good.length + 1);
      return good.slice(0, at) + change + good.slice(at + 1);
    }),
);

const REFEREE = `
import json, sys
for line in sys.stdin:
    try:
        print(json.dumps(json.dumps(json.loads(bytes.fromhex(line.strip())))), flush=True)
    except (ValueError, RecursionError):
        print("null", flush=True)
`;

test("it prints what the real python3 prints, for thousands of documents", { skip }, async () => {
  const referee = spawn("python3", ["-c", REFEREE], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: referee.stdout })[Symbol.asyncIterator]();
  const ask = async (body: Buffer): Promise<string | undefined> => {
    referee.stdin.write(`${body.toString("hex")}\n`);
    return (JSON.parse((await answers.next()).value ?? "null") as string | null) ?? undefined;
  };
  try {
    await fc.assert(
      fc.asyncProperty(document, async (written) => {
        const body = Buffer.from(written);
        if (body.includes(0)) return; // Python would take it for UTF-16; no JSON has it
        assert.equal(toPythonJson(body), await ask(body));
      }),
      { numRuns: 5_000 },
    );
  } finally {
    referee.stdin.end();
    await once(referee, "close");
  }
});
