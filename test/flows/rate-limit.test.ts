// Limits: who asks too often is told so and when to come back; what was taken before stays taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_WEBHOOK_RATE: "5" } });

test("more calls a second than agreed are 429 with Retry-After, and only what was answered 2xx is stored", async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => enlace.postCall({ call_uuid: `rate-${index}`, status: "ringing" })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0, "nothing was refused");
  assert.ok(
    refused.every(({ headers, body }) => Number(headers.get("retry-after")) >= 1 && body.code === "rate_limited"),
  );
  const [{ count }] = await enlace.rows("select count(*)::int from calls");
  assert.equal(count, answers.filter(({ status }) => status === 202).length);
});

test("the next second is served again", async () => {
  await eventually(async () =>
    assert.equal((await enlace.postCall({ call_uuid: "next", status: "ringing" })).status, 202),
  );
});

test("guessing a password is slowed down", async () => {
  const guess = () => enlace.as({}).post("/api/v1/login", { username: "admin", password: "not the password" });
  const statuses: number[] = [];
  for (let index = 0; index < 12; index++) statuses.push((await guess()).status);
  assert.ok(statuses.every((status) => status === 401 || status === 429));
  assert.ok(statuses.includes(429), "a dozen guesses in a row were all weighed");
});
