import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../core/errors.ts";
import { AMI_LINE_BYTES_MAX, encodeAction } from "./action.ts";

test("an action is its headers, its variables and an empty line", () => {
  const bytes = encodeAction(
    { name: "Originate", fields: { Channel: "PJSIP/101", Async: true, Exten: undefined }, variables: { __REF: "7" } },
    "a1",
  );
  const lines = ["Action: Originate", "ActionID: a1", "Channel: PJSIP/101", "Async: true", "Variable: __REF=7", "", ""];
  assert.equal(bytes, lines.join("\r\n"));
});

test("quotes, backslashes and commas of a variable get a backslash", () => {
  const bytes = encodeAction({ name: "Originate", variables: { NAME: 'Pérez, "Juan" \\ x; y' } }, "a1");
  assert.ok(bytes.includes('Variable: NAME=Pérez\\, \\"Juan\\" \\\\ x; y\r\n'));
});

test("no value, name or ActionID can begin a second header or a second action", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc
      .tuple(fc.string(), fc.constantFrom("\r\n", "\n", "\r", "\r\n\r\nAction: Command", "\0", "\v"), fc.string())
      .map((t) => t.join("")),
  );
  const outcome = { refused: 0, encoded: 0 };
  fc.assert(
    fc.property(hostile, hostile, fc.oneof(hostile, fc.constant("Account")), hostile, (value, variable, header, id) => {
      try {
        const bytes = encodeAction(
          { name: "Ping", fields: { [header]: value, Data: variable }, variables: { V: value } },
          id,
        );
        const lines = bytes.split("\r\n");
        assert.ok(!/[\n\r]/.test(lines.join("")), "no lone line break");
        assert.equal(lines.length, 7);
        assert.equal(lines.filter((line) => line === "").length, 2);
        outcome.encoded++;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        outcome.refused++;
      }
    }),
  );
  assert.ok(outcome.refused > 0 && outcome.encoded > 0);
});

test("a value without control characters is encoded as one line", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (value) => {
      const bytes = encodeAction({ name: "UserEvent", fields: { Data: value } }, "a1");
      assert.equal(bytes, `Action: UserEvent\r\nActionID: a1\r\nData: ${value}\r\n\r\n`);
    }),
  );
});

test("a line is at most 1,024 bytes with its end, as Asterisk takes it", () => {
  const fits = "é".repeat((AMI_LINE_BYTES_MAX - "Data: \r\n".length) / 2);
  assert.equal(
    Buffer.byteLength(encodeAction({ name: "P", fields: { Data: fits } }, "1").split("\r\n")[2] ?? ""),
    1022,
  );
  assert.throws(() => encodeAction({ name: "P", fields: { Data: `${fits}x` } }, "1"), /too long for AMI/);
});

test("more than 128 headers are refused", () => {
  const variables = Object.fromEntries(Array.from({ length: 127 }, (_, index) => [`V${index}`, "x"]));
  assert.throws(() => encodeAction({ name: "Originate", variables }, "1"), /more than 128 headers/);
});

test("only plain names of variables and headers are taken", () => {
  for (const variable of ["SHELL(id)", "A B", "", "___X", "1A"]) {
    assert.throws(() => encodeAction({ name: "Originate", variables: { [variable]: "x" } }, "1"), AppError);
  }
  for (const header of ["", "Da ta", "Data:", "Ünï"]) {
    assert.throws(() => encodeAction({ name: "Ping", fields: { [header]: "x" } }, "1"), AppError);
  }
});
