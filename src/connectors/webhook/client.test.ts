import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import { createCall, createLocalClient, createRun, createSubject } from "../connector.contract.ts";
import { createFakeHouse } from "../fake-context.ts";
import { webhook } from "./connector.ts";
import { type FakeWebhook, startFakeWebhook } from "./fake-webhook.ts";

const SECRET = "a secret of the receiver's own";
const house = createFakeHouse();
const client = createLocalClient(house);
const receivers: FakeWebhook[] = [];
after(async () => {
  await client.close();
  await Promise.all(receivers.map((receiver) => receiver.stop()));
});

async function startReceiver(): Promise<FakeWebhook> {
  const receiver = await startFakeWebhook({ secret: SECRET, now: house.clock.now });
  receivers.push(receiver);
  return receiver;
}

async function record(url: string, settings: object = {}, revision = 1): Promise<DeliveryOutcome | undefined> {
  const session = webhook.open(house.context(webhook.settings.parse({ url, secret: SECRET, ...settings })));
  return session.record?.(createSubject({ revision }), createRun(client, house));
}

test("a message is taken once however often it is sent, and a changed call is another message", async () => {
  const receiver = await startReceiver();
  for (const revision of [1, 1, 2]) assert.equal((await record(receiver.url, {}, revision))?.kind, "delivered");
  assert.deepEqual([receiver.deliveries, receiver.received.length], [3, 2]);
});

test("every status has its meaning", async () => {
  const receiver = await startReceiver();
  const kinds: Record<number, string> = {
    301: "hold",
    400: "rejected",
    401: "hold",
    403: "hold",
    404: "retry",
    408: "retry",
    410: "rejected",
    413: "rejected",
    422: "rejected",
    429: "retry",
    500: "retry",
    503: "retry",
  };
  for (const [status, kind] of Object.entries(kinds)) {
    receiver.add({ kind: "status", status: Number(status), headers: { location: "/elsewhere" } });
    assert.equal((await record(receiver.url))?.kind, kind, status);
  }
});

test("Retry-After is honoured as seconds and as a date", async () => {
  const receiver = await startReceiver();
  const date = new Date(house.clock.now().getTime() + 90_000).toUTCString();
  for (const [value, afterMs] of [
    ["30", 30_000],
    [date, 90_000],
  ] as const) {
    receiver.add({ kind: "status", status: 503, headers: { "retry-after": value } });
    const outcome = await record(receiver.url);
    assert.equal(outcome?.kind === "retry" && outcome.afterMs, afterMs);
  }
});

test("the receiver's words are kept short and without secrets", async () => {
  const receiver = await startReceiver();
  receiver.add({ kind: "status", status: 400, text: `bad key ${SECRET}\n${"x".repeat(5000)}` });
  const outcome = await record(receiver.url);
  assert.ok(outcome?.kind === "rejected");
  assert.match(outcome.reason, /^HTTP 400: bad key \[redacted\] x/);
  assert.ok(outcome.reason.length < 300);
});

test("a receiver that still has the old secret takes messages until the change is over", async () => {
  const receiver = await startReceiver();
  const changing = { secret: "the new secret, longer than sixteen", previousSecret: SECRET };
  assert.equal((await record(receiver.url, changing))?.kind, "delivered");
  const over = { ...changing, previousSecretUntil: "2025-01-01T00:00:00Z" };
  assert.equal((await record(receiver.url, over, 2))?.kind, "hold");
});

test("an address inside the network that is not allowed holds the lane", async () => {
  const outcome = await record("http://169.254.169.254/latest/meta-data");
  assert.ok(outcome?.kind === "hold" && /refused_address/.test(outcome.reason));
});

test("only the wanted events are planned, and signals expire", () => {
  const settings = (events: string[]) =>
    webhook.settings.parse({ url: "https://hooks.example.test", secret: SECRET, events });
  const ringing = createCall({ outcome: "in_progress", phase: "ringing" });
  const talking = createCall({ outcome: "in_progress", phase: "talking" });
  const all = settings(["ringing", "answered", "ended"]);
  const planned = [ringing, talking, createCall()].map((call) => webhook.plan(call, all));
  assert.deepEqual(planned, [
    [{ kind: "signal", name: "ringing", expiresAfterMs: 30_000 }],
    [{ kind: "signal", name: "answered", expiresAfterMs: 60_000 }],
    [{ kind: "record" }],
  ]);
  assert.deepEqual(
    [ringing, talking, createCall()].map((call) => webhook.plan(call, settings(["ended"])).length),
    [0, 0, 1],
  );
  assert.deepEqual(webhook.plan(createCall(), settings(["ringing"])), []);
});

test("a signal says what is going on under the id it was planned with", async () => {
  const receiver = await startReceiver();
  const session = webhook.open(house.context(webhook.settings.parse({ url: receiver.url, secret: SECRET })));
  const signal = { ...createSubject(), name: "ringing", messageId: "signal-9" };
  assert.equal((await session.signal?.(signal, createRun(client, house)))?.kind, "delivered");
  const [message] = receiver.received;
  assert.equal(message?.id, "signal-9");
  assert.match(message?.text ?? "", /"type":"call\.ringing"/);
});

test("settings refuse short secrets, other protocols and broken templates", () => {
  const good = { url: "https://hooks.example.test", secret: SECRET };
  for (const wrong of [
    { secret: "short" },
    { url: "ftp://x.test" },
    { url: "https://user:key@hooks.example.test" },
    { bodyTemplate: "{" },
    { events: [] },
    { nosuch: 1 },
  ]) {
    assert.equal(webhook.settings.safeParse({ ...good, ...wrong }).success, false, JSON.stringify(wrong));
  }
});

test("a bug is thrown, not taken for the receiver's doing", async () => {
  const session = webhook.open(
    house.context(webhook.settings.parse({ url: "https://hooks.example.test", secret: SECRET })),
  );
  const http = (): never => {
    throw new TypeError("a bug");
  };
  await assert.rejects(
    async () => session.record?.(createSubject(), { http, signal: new AbortController().signal }),
    TypeError,
  );
});
