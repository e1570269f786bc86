import assert from "node:assert/strict";
import { test } from "node:test";
import { SentenceError } from "../../core/sentence.ts";
import { say, toAmiProblem } from "./words.ts";

const failing = (code: string): Error => Object.assign(new Error(`connect ${code} 192.0.2.1:5038`), { code });

test("why a PBX is away is said by the machine's code of the error, with the machine's words behind it", () => {
  const codes = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ETIMEDOUT", "ECONNRESET", "EPROTO"];
  assert.deepEqual(
    codes.map((code) => toAmiProblem(failing(code)).code),
    ["nobodyListens", "noName", "noName", "noWay", "noWay", "cut", "failed"].map((name) => `ami.${name}`),
  );
  assert.equal(toAmiProblem(failing("EPIPE")).text, "the connection to the PBX was cut (connect EPIPE 192.0.2.1:5038)");
});

test("a time-out is silence, a sentence stays itself, and whatever else was thrown has its own words", () => {
  assert.equal(toAmiProblem(new DOMException("no answer within 5 ms", "TimeoutError")).code, "ami.silent");
  const refused = say("refused", { said: "Authentication failed" });
  assert.equal(toAmiProblem(new SentenceError(refused)), refused);
  assert.equal(toAmiProblem("odd").text, "odd");
});
