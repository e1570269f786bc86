import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt, SignJWT } from "jose";
import { sql } from "kysely";
import { ADMIN_PASSWORD, addUser, createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { deriveKey } from "../../kit/secret-box.ts";

const fixture = await createTenantsFixture();
const { ask, login, clock, database, tenants } = fixture;
const admin = await login("admin");
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const open = (username: string, password = ADMIN_PASSWORD) =>
  ask("POST", "/api/v1/login", { body: { username, password } });
const refresh = (cookie: string | undefined, headers: Record<string, string> = {}) =>
  ask("POST", "/api/v1/refresh", { headers: { cookie: `enlace_refresh=${cookie}`, ...headers } });
const me = async (token: string) => (await ask("GET", "/api/v1/me", { as: token })).status;

test("logging in gives a token that works, the user, and a cookie that scripts and other sites cannot use", async () => {
  const { status, body, headers } = await open("admin");
  assert.equal(status, 200);
  assert.equal(body.user.username, "admin");
  assert.equal(body.user.role, "admin");
  assert.equal("password_hash" in body.user || "passwordHash" in body.user, false);
  assert.equal(await me(body.token), 200);
  const cookie = String(headers["set-cookie"]);
  for (const part of [/^enlace_refresh=/, /HttpOnly/, /SameSite=Strict/, /Path=\/api\/v1/, /Expires=/])
    assert.match(cookie, part);
  const claims = decodeJwt(body.token);
  assert.deepEqual(Object.keys(claims).sort(), ["exp", "iat", "iss", "role", "sid", "sub", "tenant"]);
  assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 600);
  assert.equal(claims.role, "admin");
});

test("the username's case and surrounding spaces do not matter, the password's do", async () => {
  assert.equal((await open("  ADMIN ")).status, 200);
  assert.equal((await open("admin", ADMIN_PASSWORD.toUpperCase())).status, 401);
  assert.equal((await open("admin", ` ${ADMIN_PASSWORD}`)).status, 401);
});

test("wrong password, unknown user, disabled user and disabled tenant get the same answer", async () => {
  const operator = await addUser(fixture, admin, { username: "operator", role: "admin", is_operator: true });
  const gone = await addUser(fixture, admin, { username: "gone", role: "agent" });
  await ask("PATCH", `/api/v1/users/${gone.id}`, { as: admin, body: { disabled: true } });
  const tenant = { number: "closed", name: "C", time_zone: "UTC", country: "ES", language: "en" };
  const away = { username: "away", password: ADMIN_PASSWORD };
  const made = await ask("POST", "/api/v1/tenants", { as: operator.token, body: { ...tenant, admin: away } });
  const before = await login("away");
  await ask("PATCH", `/api/v1/tenants/${made.body.id}`, { as: operator.token, body: { disabled: true } });
  assert.equal(await me(before), 401);
  const answers = [
    await open("admin", "a wrong password"),
    await open("nobody-at-all"),
    await open("gone"),
    await open("away"),
  ];
  for (const { status, body } of answers) {
    assert.equal(status, 401);
    assert.equal(body.code, "unauthenticated");
    assert.equal(body.detail, answers[0]?.body.detail);
  }
});

test("an unknown user costs as much time as a wrong password", async () => {
  const timed = async (username: string) => {
    const startedMs = performance.now();
    await tenants.sessions
      .login({ username, password: "a wrong password" }, { address: `10.1.${Math.random()}`, userAgent: "" })
      .catch(() => undefined);
    return performance.now() - startedMs;
  };
  const median = async (username: string) => {
    const all = [];
    for (let run = 0; run < 9; run++) all.push(await timed(username));
    return all.sort((a, b) => a - b)[4] ?? 0;
  };
  await timed("warm-up");
  const [known, unknown] = [await median("admin"), await median("nobody-at-all")];
  assert.ok(unknown > known / 3, `${unknown} ms is telling beside ${known} ms`);
});

test("an access token ends after ten minutes, and a refresh buys another", async () => {
  const opened = await open("admin");
  clock.pass(11 * MINUTE_MS);
  assert.equal(await me(opened.body.token), 401);
  const again = await refresh(opened.cookie);
  assert.equal(again.status, 200);
  assert.equal(await me(again.body.token), 200);
  assert.notEqual(again.cookie, opened.cookie);
});

test("a refresh token that was used before ends the session for everybody who has it", async () => {
  const opened = await open("admin");
  const second = await refresh(opened.cookie);
  const third = await refresh(second.cookie);
  assert.equal(await me(third.body.token), 200);
  clock.pass(MINUTE_MS);
  assert.equal((await refresh(second.cookie)).status, 401);
  assert.equal(await me(third.body.token), 401);
  assert.equal((await refresh(third.cookie)).status, 401);
});

test("two tabs that refresh at once both go on, with the one refresh token that was made; from elsewhere it is theft", async () => {
  const opened = await open("admin");
  const answers = await Promise.all([refresh(opened.cookie), refresh(opened.cookie)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  for (const { body } of answers) assert.equal(await me(body.token), 200);
  const cookies = answers.map(({ headers }) => headers["set-cookie"]).filter(Boolean);
  assert.equal(cookies.length, 1);
  const kept = answers.find(({ headers }) => headers["set-cookie"])?.cookie;
  assert.equal((await refresh(kept)).status, 200);
  const elsewhere = { headers: { cookie: `enlace_refresh=${kept}` }, from: "10.9.9.9" };
  assert.equal((await ask("POST", "/api/v1/refresh", elsewhere)).status, 401);
});

test("made-up, foreign and missing refresh tokens are refused and end nothing", async () => {
  const opened = await open("admin");
  const [id] = String(opened.cookie).split(".");
  for (const token of ["", "x", `${id}.`, `${id}.wrong`, `${id}.a.b`, "x".repeat(500), "%00.%00"])
    assert.equal((await refresh(token)).status, 401, token);
  assert.equal((await ask("POST", "/api/v1/refresh")).status, 401);
  assert.equal((await refresh(opened.cookie)).status, 200);
});

test("refresh and logout are refused to pages of other sites", async () => {
  const opened = await open("admin");
  const evil = { origin: "https://evil.example.test", "sec-fetch-site": "cross-site" };
  const refused = await refresh(opened.cookie, evil);
  assert.equal(refused.status, 403);
  assert.equal(refused.body.code, "csrf");
  const headers = { cookie: `enlace_refresh=${opened.cookie}`, ...evil };
  assert.equal((await ask("POST", "/api/v1/logout", { headers })).status, 403);
  assert.equal(await me(opened.body.token), 200);
});

test("a session ends a week after its last refresh and a month after its login", async () => {
  const idle = await open("admin");
  const busy = await open("admin");
  let cookie = busy.cookie;
  for (let day = 5; day < 30; day += 5) {
    clock.pass(5 * DAY_MS);
    const again = await refresh(cookie);
    assert.equal(again.status, 200, `day ${day}`);
    cookie = again.cookie;
  }
  assert.equal((await refresh(idle.cookie)).status, 401);
  clock.pass(5 * DAY_MS);
  assert.equal((await refresh(cookie)).status, 401);
});

test("logging out by cookie or by bearer token ends the session at once and clears the cookie", async () => {
  const byCookie = await open("admin");
  const out = await ask("POST", "/api/v1/logout", { headers: { cookie: `enlace_refresh=${byCookie.cookie}` } });
  assert.equal(out.status, 204);
  assert.match(String(out.headers["set-cookie"]), /enlace_refresh=;.*Path=\/api\/v1/);
  assert.equal(await me(byCookie.body.token), 401);
  assert.equal((await refresh(byCookie.cookie)).status, 401);
  const byToken = await open("admin");
  assert.equal((await ask("POST", "/api/v1/logout", { as: byToken.body.token })).status, 204);
  assert.equal(await me(byToken.body.token), 401);
  assert.equal((await ask("POST", "/api/v1/logout")).status, 204);
  assert.equal((await ask("POST", "/api/v1/logout", { headers: { cookie: "enlace_refresh=nonsense" } })).status, 204);
});

test("people see and end their own sessions; an admin those of the tenant, nobody else's", async () => {
  const boss = await login("admin");
  const eva = await addUser(fixture, boss, { username: "eva", role: "agent" });
  const second = await login("eva");
  const own = await ask("GET", "/api/v1/sessions", { as: eva.token });
  assert.equal(own.body.items.length, 2);
  assert.equal(own.body.items.filter((session: { is_current: boolean }) => session.is_current).length, 1);
  const other = own.body.items.find((session: { is_current: boolean }) => !session.is_current);
  assert.equal((await ask("DELETE", `/api/v1/sessions/${other.id}`, { as: eva.token })).status, 204);
  assert.equal(await me(second), 401);
  const bossSession = (await ask("GET", "/api/v1/sessions", { as: boss })).body.items[0].id;
  assert.equal((await ask("DELETE", `/api/v1/sessions/${bossSession}`, { as: eva.token })).status, 404);
  assert.equal((await ask("GET", "/api/v1/sessions?user_id=1", { as: eva.token })).status, 403);
  const seen = await ask("GET", `/api/v1/sessions?user_id=${eva.id}`, { as: boss });
  assert.equal(seen.body.items.length, 1);
  assert.equal((await ask("DELETE", `/api/v1/sessions/${seen.body.items[0].id}`, { as: boss })).status, 204);
  assert.equal(await me(eva.token), 401);
  assert.equal((await ask("DELETE", `/api/v1/sessions/${seen.body.items[0].id}`, { as: boss })).status, 404);
});

test("disabling a user and changing a role hold for tokens already given", async () => {
  const boss = await login("admin");
  const max = await addUser(fixture, boss, { username: "max", role: "admin" });
  assert.equal((await ask("GET", "/api/v1/users", { as: max.token })).status, 200);
  await ask("PATCH", `/api/v1/users/${max.id}`, { as: boss, body: { role: "viewer" } });
  assert.equal((await ask("GET", "/api/v1/users", { as: max.token })).status, 403);
  await ask("PATCH", `/api/v1/users/${max.id}`, { as: boss, body: { disabled: true } });
  assert.equal(await me(max.token), 401);
  await ask("PATCH", `/api/v1/users/${max.id}`, { as: boss, body: { disabled: false } });
  assert.equal(await me(max.token), 401);
});

test("tokens of another key, algorithm, issuer or shape are no credential", async () => {
  const { sub, tenant, sid } = decodeJwt(await login("admin"));
  const key = deriveKey("a secret of at least thirty-two characters", "access-token");
  const make = (change: { claims?: object; key?: Uint8Array; alg?: string; issuer?: string; subject?: string }) =>
    new SignJWT({ tenant, sid, ...change.claims })
      .setProtectedHeader({ alg: change.alg ?? "HS256" })
      .setIssuer(change.issuer ?? "enlace")
      .setSubject(change.subject ?? String(sub))
      .setExpirationTime(Math.floor(clock.now().getTime() / 1000) + 60)
      .sign(change.key ?? key);
  assert.equal(await me(await make({})), 200);
  const none = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub, tenant, sid, iss: "enlace", exp: 9e9 }))}.`;
  const forged = [
    none.replaceAll("=", ""),
    await make({ key: deriveKey("another secret", "access-token") }),
    await make({ alg: "HS512", key: Buffer.concat([key, key]) }),
    await make({ issuer: "somebody" }),
    await make({ claims: { tenant: 2 } }),
    await make({ claims: { tenant: "1" } }),
    await make({ claims: { sid: undefined } }),
    await make({ subject: "2" }),
    await make({ subject: "1 or true" }),
    "nonsense",
    "a.b.c",
  ];
  for (const token of forged) assert.equal(await me(token), 401, token);
});

test("a user's sessions are bounded: the one used longest ago makes room", async () => {
  const many = await login("admin").then((boss) => addUser(fixture, boss, { username: "many", role: "agent" }));
  clock.pass(1_000);
  await sql`
    insert into sessions (tenant_id, id, user_id, token_hash, created_at, used_at, expires_at)
    select tenant_id, 'made-' || n, user_id, token_hash, ${clock.now()}, ${clock.now()}, expires_at
      from sessions, generate_series(1, 99) n where user_id = ${many.id}`.execute(database.sql);
  assert.equal(await me(many.token), 200);
  await login("many");
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from sessions where user_id = ${many.id}`.execute(database.sql);
  assert.equal(rows[0]?.count, 100);
  assert.equal(await me(many.token), 401);
});
