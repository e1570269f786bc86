import assert from "node:assert/strict";
import { test } from "node:test";
import { reduceCall } from "../../core/call.ts";
import { testConnector } from "../connector.contract.ts";
import { webhook } from "./connector.ts";
import { startFakeWebhook } from "./fake-webhook.ts";

const SECRET = `whsec_${Buffer.from("a key of twenty-four byt").toString("base64")}`;
const WRONG_SECRET = "another secret of the sender";

testConnector(webhook, async () => {
  const receiver = await startFakeWebhook({ secret: SECRET, now: () => new Date("2025-08-02T15:00:00Z") });
  const settings = { url: receiver.url, secret: SECRET };
  const uuidOf = (body: unknown): unknown => (body as { data?: { call_uuid?: unknown } }).data?.call_uuid;
  return {
    settings,
    wrongSettings: { ...settings, secret: WRONG_SECRET },
    secrets: () => [SECRET, SECRET.slice(6), WRONG_SECRET],
    records: (callUuid) => receiver.received.filter(({ body }) => uuidOf(body) === callUuid).length,
    spoil: {
      tooMany: (seconds) => receiver.add({ kind: "status", status: 429, headers: { "retry-after": String(seconds) } }),
      serverError: () => receiver.add({ kind: "status", status: 500 }),
      cut: () => receiver.add({ kind: "cut" }),
      silent: () => {
        receiver.add({ kind: "silent" });
        return receiver.nextRequest();
      },
      lost: () => {
        receiver.add({ kind: "lost" });
        return receiver.nextRequest();
      },
      invalid: () => {
        receiver.add({ kind: "status", status: 422, text: '{"error":"phone is missing"}' });
        return "phone is missing";
      },
    },
    stop: receiver.stop,
  };
});

test("colleagues who call each other are sent only when somebody asks for it", () => {
  const settings = (more: object = {}) =>
    webhook.settings.parse({ url: "https://hooks.example.test", secret: SECRET, ...more });
  const internal = reduceCall([
    { key: "1", source: "ami", at: new Date(0), status: "answered", direction: "internal", endedAt: new Date(9_000) },
  ]);
  assert.deepEqual(webhook.plan(internal, settings()), []);
  assert.deepEqual(webhook.plan(internal, settings({ deliverInternal: true })), [{ kind: "record" }]);
  assert.deepEqual(webhook.plan({ ...internal, sources: ["ami", "webhook"] }, settings()), [{ kind: "record" }]);
  const ringing = { ...internal, phase: "ringing" as const };
  assert.deepEqual(webhook.plan(ringing, settings({ events: ["ringing"] })), [], "no pop-up either");
});
