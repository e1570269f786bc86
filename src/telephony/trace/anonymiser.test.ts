import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { toPartyText } from "../../core/phone-number.ts";
import { systemRandom } from "../../kit/random.ts";
import { AmiMessage } from "../ami/message.ts";
import { createAnonymiser } from "./anonymiser.ts";
import { replayTrace } from "./replay.ts";

const FIXTURES = join(import.meta.dirname, "../tracker/fixtures");
const NAMES = readdirSync(FIXTURES).filter((file) => file.endsWith(".jsonl"));
const anonymiser = () => createAnonymiser({ random: systemRandom });
type Line = { ms: number } & Record<string, string>;
const linesOf = (file: string): Line[] =>
  readFileSync(join(FIXTURES, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** As a recorder would have written it down. */
function disguise(lines: readonly Line[]): string[] {
  const { message } = anonymiser();
  return lines.flatMap(({ ms, ...fields }) => {
    const line = message(new AmiMessage(["Event", fields.Event ?? "", ...withoutEvent(fields).flat()]));
    return line ? [JSON.stringify({ ms, ...line })] : [];
  });
}
const withoutEvent = (fields: Record<string, string>) => Object.entries(fields).filter(([name]) => name !== "Event");

/** All that a call is but its names: who is who is told by the order in which they first appear. */
function shapesOf(text: string): unknown {
  const seen = new Map<string, number>();
  const nameless = (name: string | null): number | null => {
    if (name === null) return null;
    if (!seen.has(name)) seen.set(name, seen.size);
    return seen.get(name) ?? null;
  };
  return replayTrace(text, { country: "ES" }).calls.map(({ call, facts }) => {
    const { from, to, agentExtension, trunk, details: _, ...rest } = call;
    return {
      ...rest,
      facts: facts.map(({ fact }) => [fact.at, fact.status, fact.source]),
      parties: [from, to].map((party) => party && [party.kind, nameless(toPartyText(party))]),
      agent: nameless(agentExtension),
      trunk: trunk === null,
    };
  });
}

test("the calls of a disguised recording differ from the real ones in nothing but names", () => {
  for (const file of NAMES) {
    const lines = linesOf(file);
    const real = lines.map((line) => JSON.stringify(line)).join("\n");
    assert.deepEqual(shapesOf(disguise(lines).join("\n")), shapesOf(real), file);
  }
});

test("no id, number or trunk of a recording is left", () => {
  for (const file of NAMES) {
    const lines = linesOf(file);
    const disguised = disguise(lines).join("\n");
    const numbers = new Set(JSON.stringify(lines).match(/\d{6,}/g));
    for (const number of numbers) assert.ok(!disguised.includes(number), `${file}: ${number}`);
  }
});

const HEADERS = ["CallerIDNum", "Exten", "DialString", "Channel", "ConnectedLineNum", "Queue", "Uniqueid", "Context"];
const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
const person = fc.tuple(
  fc.constantFrom("Ana", "José", "Zoë", "Ørjan", "李雷", "Иван"),
  fc.string({ unit: fc.constantFrom(..."bcdfuvyаюñ"), minLength: 4, maxLength: 12 }),
);

test("no digits of six or more survive in any header, whatever stands around them", () => {
  const before = fc.constantFrom("", "+", "sip:", "PJSIP/", "@", " ", "-");
  const behind = fc.constantFrom("", "@", ";1", " ", "-", ">", "/x");
  fc.assert(
    fc.property(fc.constantFrom(...HEADERS), before, digits(6, 22), behind, (header, start, number, end) => {
      const told = anonymiser().value(header, `${start}${number}${end}`);
      assert.ok(!told.includes(number), `${number} in ${told}`);
      assert.equal(
        told.replace(/n[ghjkmnpqrstvwxz]{7}$/, "x").length,
        start.length + number.length + end.length,
        "its length is kept",
      );
    }),
    { numRuns: 2_000 },
  );
});

test("no name of a person survives, and short numbers of a name's header go with it", () => {
  fc.assert(
    fc.property(person, digits(2, 5), ([first, last], pin) => {
      const told = anonymiser().value("CallerIDName", `${first} ${last} ${pin}`);
      for (const secret of [first, last, pin]) assert.ok(!told.includes(secret), `${secret} in ${told}`);
      assert.ok(!anonymiser().value("Channel", `PJSIP/${last}-0000001f`).includes(last));
      assert.ok(!anonymiser().value("Context", `from-trunk-${last}`).includes(last));
    }),
    { numRuns: 500 },
  );
});

test("hosts are replaced, and what nobody can judge is left out whole", () => {
  const { value, message } = anonymiser();
  const told = value("DialString", "trunk/sip:600000011@10.20.30.40:5060");
  assert.ok(!/10\.20\.30\.40|600000011/.test(told), told);
  assert.match(told, /^n\w+\/sip:6\d{8}@198\.18\.\d+\.\d+:5060$|^trunk\/sip:6\d{8}@198\.18\.\d+\.\d+:5060$/);
  assert.ok(!value("DialString", "PJSIP/pbx.customer.example/100").includes("customer"));
  const variable = ["Event", "VarSet", "Channel", "PJSIP/101-0000001f", "Variable", "PIN", "Value", "1234"];
  assert.equal(message(new AmiMessage(variable)), undefined);
  const odd = ["Event", "Newchannel", "Uniqueid", "1795344942.74", "AccountCode", "acme", "ChanVariable(PIN)", "1234"];
  assert.deepEqual(Object.keys(message(new AmiMessage(odd)) ?? {}), ["Event", "Uniqueid"]);
});

test("the same becomes the same and the different stays different, in whatever form a number is written", () => {
  const { value } = anonymiser();
  const last = (text: string): string => text.slice(-8);
  const national = value("CallerIDNum", "600000011");
  assert.equal(last(value("CallerIDNum", "+34600000011")), last(national));
  assert.equal(last(value("DialString", "PJSIP/0034600000011@trunk".replace("@trunk", ""))), last(national));
  assert.equal(value("Exten", "600000011"), national);
  fc.assert(
    fc.property(fc.uniqueArray(digits(7, 9), { minLength: 2, maxLength: 60 }), (numbers) => {
      const { value: disguised } = anonymiser();
      const told = numbers.map((number) => disguised("CallerIDNum", number));
      assert.equal(new Set(told).size, numbers.length);
      assert.deepEqual(
        numbers.map((number) => disguised("Exten", number)),
        told,
      );
    }),
  );
});

test("extensions, keys and Asterisk's own words stay: the trace must still make sense", () => {
  const { value } = anonymiser();
  for (const [header, text] of [
    ["Exten", "101"],
    ["Exten", "*8"],
    ["DialStatus", "NOANSWER"],
    ["CallerIDNum", "<unknown>"],
    ["BridgeType", "basic"],
    ["Context", "from-internal"],
  ] as const)
    assert.equal(value(header, text), text);
});
