import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fillTemplate, findTemplateProblems, PLACEHOLDERS, type PlaceholderValues } from "./template.ts";

const values = {
  ...Object.fromEntries(PLACEHOLDERS.map((name) => [name, null])),
  "call.from": "+34123456789",
} as PlaceholderValues;

test("a lone placeholder keeps its type and one among text becomes text", () => {
  const template =
    '{"n":"{{call.talk_seconds}}","u":"{{ call.ended_at }}","t":["from {{call.from}}, {{call.pbx}}"],"k":1}';
  assert.deepEqual(fillTemplate(template, { ...values, "call.talk_seconds": 150 }), {
    n: 150,
    u: null,
    t: ["from +34123456789, "],
    k: 1,
  });
});

test("a template that is no JSON, too deep or names something unknown is refused with the reason", () => {
  assert.deepEqual(findTemplateProblems(""), []);
  assert.deepEqual(findTemplateProblems('{"a":"{{call.from}}"}'), []);
  assert.match(findTemplateProblems('{"a":')[0] ?? "", /^is not JSON/);
  assert.match(findTemplateProblems('{"a":{{call.from}}}')[0] ?? "", /^is not JSON/);
  assert.match(findTemplateProblems("[".repeat(30) + "]".repeat(30))[0] ?? "", /^is nested deeper/);
  const unknown = ["{{secret}}", "{{call.constructor}}", "{{__proto__}}", "{{call.from | upper}}"];
  for (const name of unknown)
    assert.match(findTemplateProblems(JSON.stringify([name]))[0] ?? "", /^has an unknown placeholder/);
});

test("nothing a caller says changes the structure of the body or is filled in turn", () => {
  fc.assert(
    fc.property(fc.string(), (from) => {
      const filled = fillTemplate('{"a":"x{{call.from}}","b":"{{call.to}}"}', {
        ...values,
        "call.from": from,
        "call.to": "{{call.from}}",
      });
      assert.deepEqual(filled, { a: `x${from}`, b: "{{call.from}}" });
    }),
  );
});
