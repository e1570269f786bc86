import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { createLog, maskPhone } from "./log.ts";

function createMemoryLog() {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level: "info", format: "json", destination }), lines };
}

test("phone numbers keep their last three digits", () => {
  assert.equal(maskPhone("+34123456789"), "+********789");
  assert.equal(maskPhone("call 912-345-678 now"), "call ******678 now");
  assert.equal(maskPhone("1001"), "1001");
});

test("the log masks numbers and removes secrets whatever the caller passes, also one and two levels down", () => {
  const { log, lines } = createMemoryLog();
  log.info(
    {
      from: "+34123456789",
      settings: { accessKey: "very-secret" },
      a: { b: { password: "hunter2" } },
      list: [{ token: "in-a-list" }],
    },
    "x.y",
  );
  const line = lines.join("");
  assert.doesNotMatch(line, /34123456|very-secret|hunter2|in-a-list/);
  assert.match(line, /"msg":"x.y"/);
});

test("an error in a field is logged with its message and stack", () => {
  const { log, lines } = createMemoryLog();
  log.error({ err: new Error("boom") }, "x.failed");
  assert.match(lines.join(""), /"message":"boom".*"stack"/);
});

test("fields that nest without an end are cut, not followed", () => {
  const { log, lines } = createMemoryLog();
  const circle: Record<string, unknown> = { name: "round" };
  circle.self = circle;
  log.info({ circle }, "x.y");
  assert.match(lines.join(""), /\[deeper\]/);
});
