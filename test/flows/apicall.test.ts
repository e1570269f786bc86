// The older dialer's clients: who gets in, projects, trunks and audios with its names, statuses and sentences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/config.ts";
import { createAccessTokens } from "../../src/tenants/sessions/access-tokens.ts";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";
import { createManualClock } from "../manual-clock.ts";

const SECRET = "a secret for this file, of 32 characters and more";
const enlace = await startTestEnlace({
  env: { ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "CO", ENLACE_SECRET: SECRET },
});
const OLDER = "/apicall/api/v1";
const admin = await logIn("admin", ADMIN_PASSWORD);
await enlace.api.post("/api/v1/pbxs", {
  name: "main",
  host: "192.0.2.1",
  username: "enlace",
  secret: "x",
  enabled: false,
});

async function logIn(username: string, password: string): Promise<ApiClient> {
  const { status, body } = await enlace.as({}).post(`${OLDER}/login`, { username, password });
  assert.equal(status, 200, JSON.stringify(body));
  return enlace.as({ authorization: `Bearer ${body.token}` });
}

async function createUser(username: string, role: string): Promise<ApiClient> {
  const made = await admin.post(`${OLDER}/users`, { username, password: ADMIN_PASSWORD, role, full_name: "Ana" });
  assert.deepEqual([made.status, made.body], [200, { success: true }]);
  return logIn(username, ADMIN_PASSWORD);
}

/** Status and body as text: refusals of the older dialer are plain. */
async function refusal(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await fetch(`${enlace.url}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return `${response.status} ${await response.text()}`;
}

test("D.A 8: an empty system has an empty list of projects", async () => {
  const answer = await admin.get(`${OLDER}/proyectos`);
  assert.deepEqual([answer.status, answer.body], [200, []]);
});

test("D.A 2: without a good token nobody gets in, and the answer is plain text", async () => {
  const expired = await signToken(new Date(Date.now() - 2 * 86_400_000));
  for (const authorization of [undefined, "Basic x", "Bearer a.b.c", `Bearer ${expired}`])
    for (const base of [OLDER, "/api/v1"]) {
      const headers = authorization === undefined ? undefined : { authorization };
      assert.equal(await refusal("GET", `${base}/proyectos`, undefined, headers), "401 No autorizado");
    }
  const fresh = enlace.as({ authorization: `Bearer ${await signToken(new Date())}` });
  assert.equal((await fresh.get(`${OLDER}/proyectos`)).status, 200, "it was the date");
});

/** Of a session that is still good, for a day from `issuedAt`. */
async function signToken(issuedAt: Date): Promise<string> {
  const { token } = (await enlace.as({}).post(`${OLDER}/login`, { username: "admin", password: ADMIN_PASSWORD })).body;
  const { tenant, sub, sid } = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  const tokens = createAccessTokens(SECRET, createManualClock(issuedAt));
  return (await tokens.create({ tenantId: tenant, userId: sub, sessionId: sid, role: "admin" }, 86_400)).token;
}

test("D.A 3: a login gives a token and who it is; a wrong one, broken JSON and a disabled user are refused", async () => {
  const credentials = { username: "admin", password: ADMIN_PASSWORD };
  const { body } = await enlace.as({}).post(`${OLDER}/login`, credentials);
  assert.deepEqual([Object.keys(body), body.user.role], [["token", "user"], "admin"]);
  const { exp, iat } = JSON.parse(Buffer.from(body.token.split(".")[1], "base64url").toString());
  assert.equal(exp - iat, 86_400, "it lasts a day");
  const wrong = await refusal("POST", `${OLDER}/login`, { ...credentials, password: "wrong" });
  assert.equal(wrong, '401 {"error":"Credenciales inválidas"}');
  assert.equal(await refusal("POST", `${OLDER}/login`, "{"), "400 JSON inválido");
  await createUser("gone", "viewer");
  const users: Json[] = (await admin.get(`${OLDER}/users`)).body;
  const gone = users.find(({ username }) => username === "gone");
  await enlace.api.patch(`/api/v1/users/${gone?.id}`, { disabled: true });
  assert.match(await refusal("POST", `${OLDER}/login`, { username: "gone", password: ADMIN_PASSWORD }), /^401 /);
});

test("nobody deletes himself, and only by DELETE", async () => {
  const [me] = (await admin.get(`${OLDER}/users`)).body.filter(({ username }: Json) => username === "admin");
  assert.equal((await admin.send("DELETE", `${OLDER}/users/delete?id=${me.id}`)).status, 409);
  assert.equal((await admin.post(`${OLDER}/users/delete?id=${me.id}`, {})).status, 405);
});

test("D.A 5: a viewer reads and changes nothing; a supervisor sees the projects assigned", async () => {
  await admin.post(`${OLDER}/proyectos`, { id: 900, nombre: "Vista" });
  const viewer = await createUser("vera", "viewer");
  const supervisor = await createUser("sonia", "supervisor");
  for (const path of ["proyectos", "troncales", "audios", "campaigns", "blacklist?proyecto_id=900", "logs"]) {
    assert.equal((await viewer.get(`${OLDER}/${path}`)).status, 200, path);
  }
  const changes: [string, string][] = [
    ["POST", "proyectos"],
    ["PUT", "proyectos"],
    ["DELETE", "proyectos/delete?id=900"],
    ["POST", "troncales"],
    ["DELETE", "troncales/delete?id=1"],
    ["DELETE", "audios/delete?name=x"],
    ["POST", "users"],
    ["GET", "users"],
    ["GET", "config"],
    ["PUT", "config"],
    ["POST", "call"],
    ["POST", "campaigns"],
    ["PUT", "campaigns"],
    ["POST", "campaigns/action"],
    ["POST", "campaigns/recycle"],
    ["PUT", "campaigns/schedules?campaign_id=1"],
    ["DELETE", "campaigns/delete?id=1"],
    ["POST", "blacklist"],
    ["DELETE", "blacklist/delete?id=1"],
    ["POST", "blacklist/clear?proyecto_id=900"],
    ["POST", "logs/status"],
  ];
  for (const [method, path] of changes)
    assert.equal(
      (await viewer.send(method, `${OLDER}/${path}`, /DELETE|GET/.test(method) ? undefined : {})).status,
      403,
      path,
    );
  assert.deepEqual((await supervisor.get(`${OLDER}/proyectos`)).body, []);
});

test("D.A 7: a method that a path does not take is refused as such", async () => {
  assert.equal((await admin.patch(`${OLDER}/proyectos`, {})).status, 405);
  assert.equal((await admin.patch("/api/v1/proyectos", {})).status, 405);
});

test("D.A 9, 10, 11: a project has the older defaults, and what was sent is read back", async () => {
  const made = await admin.post(`${OLDER}/proyectos`, { id: 100, nombre: "Cobranza", smart_cid_active: true });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { created_at, updated_at, ...rest } = made.body;
  assert.ok(Date.parse(created_at) > 0 && Date.parse(updated_at) > 0);
  assert.deepEqual(rest, {
    ...{ id: 100, nombre: "Cobranza", caller_id: "", audio: "", dtmf_esperado: "1", numero_desborde: "" },
    ...{ troncal_salida: "", prefijo_salida: "", ips_autorizadas: "", max_retries: 2, retry_time: 60 },
    ...{ amd_active: false, smart_cid_active: true, timezone: "America/Bogota" },
  });
  const again = await admin.post(`${OLDER}/proyectos`, { id: 100, nombre: "Otra" });
  assert.equal(again.status, 409);
});

test("a change touches what it names and nothing else", async () => {
  const all = { id: 110, nombre: "Todo", caller_id: "+573001234567", numero_desborde: "+576011234567", max_retries: 4 };
  const made = await admin.post("/api/v1/proyectos", {
    ...all,
    amd_active: true,
    ips_autorizadas: "192.0.2.0/24, 10.0.0.1",
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const changed = await admin.put("/api/v1/proyectos", { id: 110, prefijo_salida: "9" });
  assert.deepEqual({ ...changed.body, updated_at: 0 }, { ...made.body, prefijo_salida: "9", updated_at: 0 });
  assert.equal(made.body.caller_id, "573001234567");
  assert.equal((await admin.put("/api/v1/proyectos", { nombre: "Sin id" })).status, 400);
  assert.equal((await admin.put("/api/v1/proyectos", { id: 999, nombre: "Nadie" })).status, 404);
});

test("D.A 12, 13: zones, addresses and trunks that are none are refused, and nothing is made", async () => {
  for (const fields of [
    { timezone: "Mars/X" },
    { ips_autorizadas: "10.0.0.0/33" },
    { troncal_salida: "nadie" },
    { audio: "nada" },
  ]) {
    const { status } = await admin.post(`${OLDER}/proyectos`, { id: 120, nombre: "Mal", ...fields });
    assert.equal(status, 400, JSON.stringify(fields));
  }
  assert.equal((await admin.delete(`${OLDER}/proyectos/delete?id=120`)).status, 404);
});

test("D.A 14: a project dials over trunks by their names, and both can be deleted", async () => {
  const trunk = { nombre: "troncal-1", host: "sip.example.test", usuario: "u", password: "no se ve", activo: true };
  const made = await admin.post(`${OLDER}/troncales`, trunk);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual([made.body.puerto, made.body.contexto], [5060, "apicall_context"]);
  assert.ok(!JSON.stringify((await admin.get(`${OLDER}/troncales`)).body).includes("no se ve"));
  const project = await admin.post(`${OLDER}/proyectos`, { id: 130, nombre: "Marca", troncal_salida: "troncal-1" });
  assert.equal(project.body.troncal_salida, "troncal-1");
  assert.equal(
    (await admin.delete(`${OLDER}/troncales/delete?id=${made.body.id}`)).status,
    409,
    "a project dials over it",
  );
  assert.deepEqual((await admin.post(`${OLDER}/proyectos/delete?id=130`, {})).body, { ok: true });
  assert.deepEqual((await admin.delete(`${OLDER}/troncales/delete?id=${made.body.id}`)).body, { ok: true });
});

test("D.A 16: a trunk's name or password that could become a section is refused", async () => {
  const trunk = { nombre: "mala", host: "sip.example.test", usuario: "u", password: "x", activo: true };
  for (const fields of [{ nombre: "a\nb" }, { nombre: "a]" }, { password: "x\n[evil]" }, { password: "x]" }]) {
    assert.equal((await admin.post(`${OLDER}/troncales`, { ...trunk, ...fields })).status, 400, JSON.stringify(fields));
  }
  assert.deepEqual((await admin.get(`${OLDER}/troncales`)).body, []);
});

test("D.A 1: health is told without a token", async () => {
  assert.deepEqual((await enlace.as({}).get("/apicall/health")).body, { status: "ok" });
});

test("D.A 4: it does not start with a usual password or a short secret, and has no default of either", () => {
  const usual = { ENLACE_ADMIN_PASSWORD: "admin123", ENLACE_SECRET: "secret" };
  assert.throws(() => readConfig(usual), /ENLACE_SECRET must have[\s\S]*ENLACE_ADMIN_PASSWORD must have/);
  const none = readConfig({});
  assert.deepEqual([none.secret, none.firstStart.adminPassword], [undefined, undefined]);
});

test("an answer that takes several questions inside counts as one request", async () => {
  const slow = await startTestEnlace({ env: { ENLACE_API_RATE: "5" } });
  const login = await slow.as({}).post(`${OLDER}/login`, { username: "admin", password: ADMIN_PASSWORD });
  const client = slow.as({ authorization: `Bearer ${login.body.token}` });
  const statuses: number[] = [];
  for (let count = 0; count < 6; count++) statuses.push((await client.get(`${OLDER}/proyectos`)).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  const forged = slow.as({ authorization: `Bearer ${login.body.token}`, "x-enlace-inside": "guess" });
  assert.equal((await forged.get(`${OLDER}/proyectos`)).status, 429);
});
