// The older dialer's single calls: who may ask for them, what the log says, the blacklist and the limits.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialingFigures } from "../../src/dialer/dialing/figures.ts";
import { createJournal } from "../../src/dialer/dialing/journal.ts";
import type { LiveCall } from "../../src/dialer/dialing/live-call.ts";
import { loadById } from "../../src/dialer/dialing/store.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import type { Json } from "../api-client.ts";
import { silentLog } from "../database.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({
  env: { ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "ES", ENLACE_TRUST_PROXY: "" },
});
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const NUMBER = "+34600000001";
// It is not connected, so that what is asked for stays in the queue.
await api.post("/api/v1/pbxs", { name: "main", host: "192.0.2.1", username: "enlace", secret: "x", enabled: false });
await api.post(`${OLDER}/troncales`, { nombre: "troncal-1", activo: true });
for (const id of [100, 200]) {
  const made = await api.post(`${OLDER}/proyectos`, { id, nombre: `P${id}`, troncal_salida: "troncal-1" });
  assert.equal(made.status, 200, JSON.stringify(made.body));
}

const call = (body: unknown, headers: Record<string, string> = {}) =>
  enlace.as({ authorization: `Bearer ${token}`, ...headers }).post(`${OLDER}/call`, body);
const { token } = (await enlace.as({}).post(`${OLDER}/login`, { username: "admin", password: ADMIN_PASSWORD })).body;
const logs = async (query = ""): Promise<Json> => (await api.get(`${OLDER}/logs?${query}`)).body;

test("D.A 21: a call that is asked for is told with its id, and is in the log as being dialled", async () => {
  const answer = await call({ proyecto_id: 100, telefono: NUMBER });
  const { call_id, ...rest } = answer.body;
  assert.deepEqual(
    [answer.status, rest],
    [202, { success: true, proyecto_id: 100, telefono: NUMBER, message: "Llamada encolada correctamente" }],
  );
  const { logs: found } = await logs(`call_id=${call_id}`);
  assert.deepEqual(
    found.map(({ id, status, disposition }: Json) => [id, status, disposition]),
    [[call_id, "DIALING", null]],
  );
});

test("D.A 22, 27: what is missing, what is unknown and what must not be called is refused, in that order", async () => {
  assert.equal((await call("{")).status, 400);
  assert.deepEqual(await call({ proyecto_id: 100 }).then(({ status, body }) => [status, body]), [
    400,
    "proyecto_id y telefono son requeridos",
  ]);
  assert.equal((await call({ proyecto_id: 999, telefono: NUMBER })).status, 404);
  assert.equal((await call({ proyecto_id: "9".repeat(19), telefono: NUMBER })).status, 400, "no id is so large");
  assert.equal((await call({ proyecto_id: 100, telefono: "1\nApplication: System" })).status, 400);
  const entry = { proyecto_id: 100, telefono: "+34600000099", razon: "pidió no ser llamado" };
  assert.deepEqual((await api.post(`${OLDER}/blacklist`, entry)).body, { success: true });
  const refused = await call({ proyecto_id: 100, telefono: "+34600000099" });
  assert.deepEqual([refused.status, refused.body], [403, "Número en lista negra"]);
  assert.equal(
    (await call({ proyecto_id: 200, telefono: "+34600000099" })).status,
    202,
    "it is another project's list",
  );
});

test("D.A 23, 24: only addresses of the list may ask, whatever a header claims", async () => {
  await api.put(`${OLDER}/proyectos`, { id: 200, ips_autorizadas: "192.0.2.0/24" });
  const refused = await call({ proyecto_id: 200, telefono: NUMBER }, { "x-forwarded-for": "192.0.2.9" });
  assert.deepEqual([refused.status, refused.body], [403, "IP no autorizada"]);
  await api.post(`${OLDER}/blacklist`, { proyecto_id: 200, telefono: "+34600000098" });
  const listed = { proyecto_id: 200, telefono: "+34600000098" };
  assert.equal((await call(listed)).body, "IP no autorizada", "D.A 22: the address is asked about first");
  await api.put(`${OLDER}/proyectos`, { id: 200, ips_autorizadas: "127.0.0.0/8" });
  assert.equal((await call(listed)).body, "Número en lista negra");
  await api.post(`${OLDER}/blacklist/clear?proyecto_id=200`, {});
  assert.equal((await call({ proyecto_id: 200, telefono: NUMBER })).status, 202);
  await api.put(`${OLDER}/proyectos`, { id: 200, ips_autorizadas: "*" });
  assert.equal((await call({ proyecto_id: 200, telefono: NUMBER })).status, 202);
});

test("D.A 23: what a proxy says of the address counts only if the proxy is trusted", async () => {
  const env = { ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "ES", ENLACE_TRUST_PROXY: "127.0.0.1" };
  const behind = await startTestEnlace({ database: enlace.database, env });
  await api.put(`${OLDER}/proyectos`, { id: 200, ips_autorizadas: "192.0.2.0/24" });
  const from = (address: string) =>
    behind
      .as({ authorization: `Bearer ${token}`, "x-forwarded-for": address })
      .post(`${OLDER}/call`, { proyecto_id: 200, telefono: "+34600000003" });
  assert.equal((await from("198.51.100.7")).status, 403);
  assert.equal((await from("192.0.2.9")).status, 202);
  await behind.stop();
  await api.put(`${OLDER}/proyectos`, { id: 200, ips_autorizadas: "" });
  assert.equal((await call({ proyecto_id: 200, telefono: NUMBER })).status, 202, "D.A 24: empty is everybody");
});

test("D.A 26: the same key twice is one call", async () => {
  const asked = { proyecto_id: 100, telefono: "+34600000002" };
  const [first, second] = [
    await call(asked, { "idempotency-key": "one" }),
    await call(asked, { "idempotency-key": "one" }),
  ];
  assert.deepEqual([second.status, second.body.call_id], [202, first.body.call_id]);
  assert.equal(
    (await logs("proyecto_id=100")).logs.filter(({ telefono }: Json) => telefono === "34600000002").length,
    1,
  );
});

test("D.A 25: a full queue is said so, with how long to wait, and leaves nothing in the log", async () => {
  const { total } = await logs();
  assert.equal((await api.put(`${OLDER}/config`, { key: "queue_size", value: String(total) })).status, 200);
  let tries = 0; // the limit holds within seconds
  const { refused, telefono } = await eventually(async () => {
    const number = `+346000010${String(tries++).padStart(2, "0")}`;
    const answer = await call({ proyecto_id: 100, telefono: number });
    assert.equal(answer.status, 503);
    return { refused: answer, telefono: number.slice(1) };
  });
  assert.equal((await logs("limit=1000")).logs.filter((each: Json) => each.telefono === telefono).length, 0);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await api.put(`${OLDER}/config`, { key: "queue_size", value: 10_000 })).status, 200);
});

test("D.A 55: the log is paged and counted, and knows its filters", async () => {
  const all = await logs("limit=100000");
  assert.equal(all.limit, 1000);
  const page = await logs("proyecto_id=100&limit=2&offset=1");
  assert.deepEqual([page.limit, page.offset, page.logs.length <= 2], [2, 1, true]);
  const first = await logs("proyecto_id=100&limit=2");
  assert.equal(first.logs[1].id, page.logs[0].id, "the pages follow each other");
  assert.equal((await logs("disposition=B")).total, 0);
  assert.equal((await logs("status=DIALING")).total, all.total);
  assert.equal((await logs("campaign_id=1")).total, 0, "works alone");
  const today = new Date().toISOString().slice(0, 10);
  assert.equal((await logs("from_date=2020-01-01&to_date=2020-01-02")).total, 0);
  assert.ok((await logs(`from_date=${today.slice(0, 8)}01`)).total > 0);
  assert.equal((await api.get(`${OLDER}/logs?disposition=NADA`)).status, 400);
});

test("D.A 42: of two changes in one batch the last is kept, and a key is kept letter by letter", async () => {
  const { call_id } = (await call({ proyecto_id: 100, telefono: "+34600000052" })).body;
  const attempt = (await loadById(enlace.database, call_id)) ?? assert.fail("it is in the queue");
  const metrics = createMetrics({ includeProcess: false });
  const journal = createJournal({
    ...{ database: enlace.database, clock: systemClock, log: silentLog },
    figures: { flushSeconds: metrics.histogram("flush", "One write of many attempts.") } as DialingFigures,
    conclude: async () => undefined,
  });
  const live = { attempt, isTold: false } as LiveCall;
  const keys = ["5", "1", "');--"];
  for (const digit of keys) {
    Object.assign(attempt, { state: "talking", digit });
    journal.note(live);
  }
  assert.equal(journal.waiting(), 1, "it is one row of one statement");
  await journal.stop();
  const [row] = (await logs(`call_id=${call_id}`)).logs;
  assert.deepEqual([row.status, row.dtmf_marcado], ["CONNECTED", "');--"]);
});

test("a dialplan's word on a call is taken for calls that are there, and only as DIALSTATUS", async () => {
  const { call_id } = (await call({ proyecto_id: 100, telefono: "+34600000051" })).body;
  const tell = async (body: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" };
    const response = await fetch(`${enlace.url}${OLDER}/logs/status`, { method: "POST", headers, body });
    return `${response.status} ${await response.text()}`;
  };
  assert.equal(await tell(`id=${call_id}&status=BUSY`), "200 OK");
  assert.equal(await tell(`id=${call_id}&status=NONSENSE`), "400 status inválido");
  assert.equal(await tell("status=BUSY"), "400 id y status son requeridos");
  assert.match(await tell(`id=d${"0".repeat(24)}&status=BUSY`), /^404 /);
  assert.match(await tell("id=7&status=BUSY"), /^400 /);
});

test("D.A 6: a supervisor reads only the log of own projects", async () => {
  const password = ADMIN_PASSWORD;
  await api.post(`${OLDER}/users`, { username: "sonia", password, role: "supervisor" });
  const [user] = (await api.get(`${OLDER}/users`)).body.filter(({ username }: Json) => username === "sonia");
  const [project] = (await api.get("/api/v1/projects?number=100")).body.items;
  await api.put(`/api/v1/projects/${project.id}/users`, { user_ids: [String(user.id)] });
  const supervisor = await enlace.logIn("sonia", password);
  assert.deepEqual(
    (await supervisor.get(`${OLDER}/proyectos`)).body.map(({ id }: Json) => id),
    [100],
  );
  assert.equal((await supervisor.get(`${OLDER}/logs?proyecto_id=200`)).status, 403);
  const own = (await supervisor.get(`${OLDER}/logs`)).body;
  assert.ok(own.total > 0 && own.logs.every(({ proyecto_id }: Json) => proyecto_id === 100));
});

test("a blacklist is listed, filled from a file, and emptied", async () => {
  const path = `${OLDER}/blacklist?proyecto_id=200`;
  const form = new FormData();
  form.set("file", new Blob(["telefono;razon\n+34600000011;x\n+34600000012;y\n+34600000011;z\n"]), "lista.csv");
  form.set("proyecto_id", "200");
  const headers = { authorization: `Bearer ${token}` };
  const uploaded = await fetch(`${enlace.url}${OLDER}/blacklist/upload`, { method: "POST", headers, body: form });
  const report = await uploaded.text();
  assert.equal(uploaded.status, 200, report);
  assert.deepEqual(JSON.parse(report), { success: true, imported: 2, total: 3 });
  const { entries, total } = (await api.get(path)).body;
  assert.deepEqual([total, entries.map(({ telefono }: Json) => telefono).sort()], [2, ["34600000011", "34600000012"]]);
  assert.deepEqual((await api.delete(`${OLDER}/blacklist/delete?id=${entries[0].id}`)).body, { ok: true });
  assert.deepEqual((await api.post(`${OLDER}/blacklist/clear?proyecto_id=200`, {})).body, { ok: true });
  assert.equal((await api.get(path)).body.total, 0);
  assert.equal((await api.get(`${OLDER}/blacklist`)).status, 400);
});

test("D.A 57: only settings that exist are set, to what they can be, and they stay", async () => {
  assert.equal((await api.put(`${OLDER}/config`, { key: "max_cps", value: "abc" })).status, 400);
  assert.equal((await api.put(`${OLDER}/config`, { key: "max_cps", value: "0" })).status, 400);
  assert.equal((await api.put(`${OLDER}/config`, { key: "shell", value: "1" })).status, 400);
  assert.deepEqual((await api.put(`${OLDER}/config`, { key: "max_cps", value: "12" })).body, { success: true });
  const config: Json[] = (await api.get(`${OLDER}/config`)).body;
  assert.equal(config.find(({ key }) => key === "max_cps")?.value, "12");
  assert.equal((await api.get("/api/v1/dialer/limits")).body.per_second, 12);
  const restarted = await startTestEnlace({ database: enlace.database, env: { ENLACE_API_RATE: "1000000" } });
  const after: Json[] = (await restarted.api.get(`${OLDER}/config`)).body;
  assert.equal(after.find(({ key }) => key === "max_cps")?.value, "12", "another start changes nothing");
});
