import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PASSWORD, createTenantsFixture } from "../../../test/tenants-fixture.ts";

const { ask, login, clock } = await createTenantsFixture();
const guess = (from: string, username = "admin", password = "a wrong password") =>
  ask("POST", "/api/v1/login", { from, body: { username, password } });

test("after five wrong passwords each further guess waits longer, even for the right one", async () => {
  for (let attempt = 1; attempt <= 5; attempt++) assert.equal((await guess("10.0.0.1")).status, 401);
  const waits = [];
  for (let attempt = 1; attempt <= 4; attempt++) {
    const refused = await guess("10.0.0.1", "admin", ADMIN_PASSWORD);
    assert.equal(refused.status, 429);
    assert.equal(refused.body.code, "rate_limited");
    waits.push(Number(refused.headers["retry-after"]));
    clock.pass(Number(refused.headers["retry-after"]) * 1000);
    assert.equal((await guess("10.0.0.1")).status, 401);
  }
  assert.deepEqual(waits, [1, 2, 4, 8]);
});

test("who is guessed at from elsewhere can still log in, and is forgiven for slips", async () => {
  for (let round = 0; round < 3; round++) {
    for (let attempt = 1; attempt <= 4; attempt++) await guess("10.0.0.2");
    assert.equal((await guess("10.0.0.2", "admin", ADMIN_PASSWORD)).status, 200);
  }
});

test("guesses sent all at once are counted all the same", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => guess("10.0.0.3")));
  assert.equal(answers.filter(({ status }) => status === 401).length, 5);
  assert.equal(answers.filter(({ status }) => status === 429).length, 7);
});

test("trying many names from one address is slowed down too, and one right password does not wipe it", async () => {
  for (let name = 0; name < 30; name++) {
    assert.equal((await guess("10.0.0.4", `user-${name}`)).status, 401);
    if (name === 10) assert.equal((await guess("10.0.0.4", "admin", ADMIN_PASSWORD)).status, 200);
  }
  assert.equal((await guess("10.0.0.4", "user-31")).status, 429);
});

test("all addresses of one IPv6 network count as one", async () => {
  for (let host = 1; host <= 5; host++) assert.equal((await guess(`2001:db8:1:2::${host}`)).status, 401);
  assert.equal((await guess("2001:db8:1:2:ffff::1")).status, 429);
  assert.equal((await guess("2001:db8:1:3::1")).status, 401);
});

test("guessing the present password in one's own session is slowed down as well", async () => {
  const token = await login("admin");
  const body = { current_password: "a wrong password", new_password: "some other long words" };
  const change = () => ask("POST", "/api/v1/me/password", { as: token, from: "10.0.0.5", body });
  for (let attempt = 1; attempt <= 5; attempt++) assert.equal((await change()).status, 422);
  assert.equal((await change()).status, 429);
});
