import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";
import { type HttpAnswer, HttpFailure, type HttpRequest } from "./http-client.ts";
import { recordExchanges } from "./http-exchange.ts";

const request: HttpRequest = {
  method: "POST",
  url: "https://crm.example.test/webservice.php?sessionName=topsecret1",
  headers: { "content-type": "application/x-www-form-urlencoded", Cookie: "PHPSESSID=topsecret1" },
  body: "operation=login&accessKey=0123456789abcdef&note=key-of-keys",
  timeoutMs: 1000,
  signal: new AbortController().signal,
  secrets: ["key-of-keys"],
};
const answer: HttpAnswer = { status: 200, headers: { "set-cookie": "PHPSESSID=topsecret1" }, text: "" };

test("what is kept of an exchange has no secret in any of its parts", async () => {
  const text = '{"success":true,"result":{"sessionName":"topsecret1","echo":"key-of-keys"}}';
  const recorded = recordExchanges(async () => ({ ...answer, text }), systemClock);
  await recorded.http(request);
  const [exchange] = recorded.exchanges;
  assert.doesNotMatch(JSON.stringify(recorded.exchanges), /topsecret1|0123456789abcdef|key-of-keys/);
  assert.equal(exchange?.requestBody, "operation=login&accessKey=[redacted]&note=[redacted]");
  assert.equal(exchange?.status, 200);
});

test("a failure is kept with its reason and thrown on", async () => {
  const failure = new HttpFailure("timeout", "no answer within 1000 ms for key-of-keys", true);
  const recorded = recordExchanges(() => Promise.reject(failure), systemClock);
  await assert.rejects(recorded.http(request), failure);
  assert.equal(recorded.exchanges[0]?.failure, "timeout: no answer within 1000 ms for [redacted]");
  assert.equal(recorded.exchanges[0]?.status, null);
});

test("each part keeps at most 8 KiB, whole characters, and nothing the database refuses", async () => {
  const recorded = recordExchanges(async () => ({ ...answer, text: `\u0000\ud800${"ñ".repeat(10_000)}` }), systemClock);
  await recorded.http({ ...request, body: "ñ".repeat(10_000) });
  const [exchange] = recorded.exchanges;
  for (const part of [exchange?.requestBody, exchange?.answerBody]) {
    assert.ok(Buffer.byteLength(part ?? "") <= 8192);
    assert.match(part ?? "", /ñ… \[cut\]$/);
  }
  assert.ok(exchange?.answerBody?.startsWith("\ufffd\ufffd"));
});

test("only the first twenty exchanges are kept and the rest is counted", async () => {
  const recorded = recordExchanges(async () => answer, systemClock);
  for (let sent = 0; sent < 25; sent++) await recorded.http(request);
  assert.deepEqual([recorded.exchanges.length, recorded.dropped()], [20, 5]);
});
