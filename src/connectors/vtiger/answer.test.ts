import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpAnswer } from "../../kit/http-client.ts";
import { type FailureKind, parseAnswer, type VtigerFailure } from "./answer.ts";
import { loadSamples, type Sample } from "./fake-samples.ts";
import { challengeAnswer, describeAnswer, listTypesAnswer, loginAnswer, record, records } from "./schema.ts";

const now = new Date("2025-08-02T14:00:00Z");
const samples = loadSamples();

const toAnswer = ({ status, content_type, response }: Sample): HttpAnswer => ({
  status,
  headers: { "content-type": content_type },
  text: response === null ? "" : JSON.stringify(response),
});

function failureOf(answer: Partial<HttpAnswer>): VtigerFailure {
  const parsed = parseAnswer({ status: 200, headers: {}, text: "", ...answer }, now);
  assert.ok(!parsed.ok, "this is no failure");
  return parsed.failure;
}

/** What each recorded refusal means, by Vtiger's code; `ACCESS_DENIED` by its message. */
const EXPECTED: readonly [RegExp, FailureKind][] = [
  [/\(INVALID_SESSIONID|\(AUTHENTICATION_/, "session"],
  [/\(INVALID_USER_CREDENTIALS|\(INVALID_AUTH_TOKEN/, "credentials"],
  [/\(ACCESS_DENIED: Cannot assign record/, "owner"],
  [/\(ACCESS_DENIED: .*denied for id\)$/, "reference"],
  [/\(ACCESS_DENIED/, "denied"],
  [/\(REFERENCE_INVALID|\(INVALID_ID_ATTRIBUTE/, "reference"],
  [/\(MANDATORY_FIELDS_MISSING|\(QUERY_SYNTAX_ERROR/, "data"],
  [/\(INTERNAL_SERVER_ERROR/, "unclear"],
  [/\(0: Duplic/, "duplicate"],
];

test("every recorded refusal is understood for what it is", () => {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    if (sample.response === null || sample.response.success) continue;
    const { kind, message } = failureOf(toAnswer(sample));
    const expected = EXPECTED.find(([pattern]) => pattern.test(message))?.[1];
    assert.equal(kind, expected, `${sample.name}: ${message}`);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  // every class is among the recordings, so none of the rules above is idle
  const found = [...counts.keys()].sort();
  assert.deepEqual(found, ["credentials", "data", "denied", "duplicate", "owner", "reference", "session", "unclear"]);
});

test("every recorded answer without JSON may or may not have been carried out", () => {
  const unreadable = samples.filter(({ response }) => response === null);
  assert.equal(unreadable.length, 15);
  for (const sample of unreadable) assert.equal(failureOf(toAnswer(sample)).kind, "unclear", sample.name);
});

test("every recorded success is read, and its result has the form the client counts on", () => {
  const forms = { getchallenge: challengeAnswer, login: loginAnswer, listtypes: listTypesAnswer, query: records };
  const more = { describe: describeAnswer, create: record, revise: record, update: record, retrieve: record };
  const answers: Record<string, { parse(result: unknown): unknown }> = { ...forms, ...more };
  let read = 0;
  for (const sample of samples) {
    if (!sample.response?.success) continue;
    const parsed = parseAnswer(toAnswer(sample), now);
    assert.ok(parsed.ok, sample.name);
    const counted = sample.request.params?.query?.includes("count(");
    const form = counted ? undefined : answers[sample.request.params?.operation ?? ""];
    if (form === undefined) continue;
    assert.doesNotThrow(() => form.parse(parsed.result), sample.name);
    read++;
  }
  assert.ok(read > 170, `only ${read} results were read`);
});

test("a duplicate is known by the number 0 whatever the language of its message", () => {
  const text = '{"success":false,"error":{"message":"Duplicar (s) detectado!","code":0}}';
  assert.equal(failureOf({ text }).kind, "duplicate");
});

test("a stack trace with HTTP 200 is bad data, a page under maintenance is not", () => {
  const trace = "<pre>array(8) {\n [0]=> string(9) }</pre>Query Failed: INSERT INTO vtiger_activity";
  assert.equal(failureOf({ text: trace }).kind, "data");
  assert.equal(failureOf({ text: "<!DOCTYPE html><html><body>Under maintenance</body></html>" }).kind, "unclear");
});

test("what stands in front of Vtiger is told from Vtiger", () => {
  assert.equal(failureOf({ status: 502, text: "<html>Bad Gateway</html>" }).kind, "unclear");
  assert.equal(failureOf({ status: 503, headers: { "retry-after": "30" } }).afterMs, 30_000);
  assert.equal(failureOf({ status: 429 }).kind, "busy");
  for (const status of [301, 302, 401, 403, 404]) assert.equal(failureOf({ status, text: "<html>" }).kind, "setup");
});

test("an error told with HTTP 500 and JSON is still read", () => {
  const text = '{"success":false,"error":{"code":"INVALID_SESSIONID","message":"gone"}}';
  assert.equal(failureOf({ status: 500, text }).kind, "session");
});

test("warnings of PHP before the JSON do not hide it", () => {
  const text = '\nWarning: Undefined index in /var/www/x.php on line 3\n{"success":true,"result":{"a":"1"}}\n';
  assert.deepEqual(parseAnswer({ status: 200, headers: {}, text }, now), { ok: true, result: { a: "1" } });
});

test("JSON that breaks off is no answer", () => {
  assert.equal(failureOf({ text: '{"success":true,"result":{"id":"24x' }).kind, "unclear");
});

test("a duplicate told without a number, as older versions do, is one", () => {
  const text = '{"success":false,"error":{"code":"","message":"LBL_DUPLICATES_DETECTED"}}';
  assert.equal(failureOf({ text }).kind, "duplicate");
});
