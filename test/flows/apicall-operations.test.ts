// What whoever runs the older dialer relies on: its health, its trunks on the PBX, limits that change at once, campaigns that end.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const originate = pbx.ami.onAction;
const reloads: string[] = [];
pbx.ami.onAction = (action) => {
  const name = action.get("Action");
  if (name === "Reload") reloads.push(action.get("Module") ?? "");
  if (name !== "Reload" && name !== "PJSIPShowEndpoint") return originate(action);
  action.answer({ Response: "Success", Message: "Following are Events for each object" });
  return true;
};
const enlace = await startTestEnlace({
  env: {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.ami.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
    ...{ ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "ES" },
  },
});
after(() => pbx.ami.stop()); // Enlace ends before it
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const house = await createDialerFixture(enlace);
await house.createTrunk("troncal-1");
const credentials = { username: "admin", password: ADMIN_PASSWORD };
const { token } = (await enlace.as({}).post(`${OLDER}/login`, credentials)).body;
const made = await api.post(`${OLDER}/proyectos`, { id: 100, nombre: "Cobranza", troncal_salida: "troncal-1" });
assert.equal(made.status, 200, JSON.stringify(made.body));

/** A campaign of these numbers that is open all week, and dialling. */
async function startCampaign(nombre: string, numbers: readonly string[]): Promise<number> {
  const { id } = (await api.post(`${OLDER}/campaigns`, { nombre, proyecto_id: 100 })).body;
  const form = new FormData();
  form.set("file", new Blob([numbers.join("\n")]), "lista.csv");
  const headers = { authorization: `Bearer ${token}` };
  const path = `${enlace.url}${OLDER}/campaigns/upload?campaign_id=${id}`;
  assert.equal((await fetch(path, { method: "POST", headers, body: form })).status, 200);
  const always = [0, 1, 2, 3, 4, 5, 6].map((dia_semana) => ({
    ...{ dia_semana, hora_inicio: "00:00:00", hora_fin: "24:00:00", activo: true },
  }));
  await api.put(`${OLDER}/campaigns/schedules?campaign_id=${id}`, always);
  const started = await api.post(`${OLDER}/campaigns/action`, { campaign_id: id, action: "start" });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  return id;
}

const completed = (id: number): Promise<Json> =>
  eventually(async () => {
    const found = (await api.get(`${OLDER}/campaigns`)).body.find((each: Json) => each.id === id);
    assert.equal(found.estado, "completed", JSON.stringify(found));
    return found;
  });

test("D.A 29: a higher max_cps holds for what waits already, without a restart", async () => {
  const setCps = async (value: number) =>
    assert.equal((await api.put(`${OLDER}/config`, { key: "max_cps", value: String(value) })).status, 200);
  pbx.fateOf = () => ({ does: "fail", cause: 17 });
  await setCps(1);
  await eventually(async () => {
    assert.equal((await api.get("/api/v1/dialer/limits")).body.per_second, 1);
    await enlace.rows("select pg_notify('settings', '')");
  });
  const numbers = Array.from({ length: 60 }, (_, index) => `+346000060${String(index).padStart(2, "0")}`);
  for (const telefono of numbers) await api.post(`${OLDER}/call`, { proyecto_id: 100, telefono });
  await setCps(500);
  const starts = await eventually(async () => {
    const found = (await house.attempts()).filter(({ number, ordinal }) => numbers.includes(number) && ordinal === 1);
    const begun = found.flatMap(({ dialed_at }) => (dialed_at === null ? [] : [Date.parse(dialed_at)]));
    assert.equal(begun.length, numbers.length);
    return begun.sort((a, b) => a - b);
  });
  const most = Math.max(...starts.map((at) => starts.filter((other) => other >= at && other < at + 1_000).length));
  assert.ok(most > 10, `at most ${most} calls began in a second`);
});

test("D.A 48: with its last contact a campaign is completed, and says when", async () => {
  pbx.fateOf = () => ({ does: "answer", talkMs: 5 });
  const id = await startCampaign("Corta", ["+34600007001", "+34600007002"]);
  const { fecha_inicio, fecha_fin, contactos_procesados, contactos_exitosos } = await completed(id);
  assert.deepEqual([contactos_procesados, contactos_exitosos], [2, 2]);
  assert.ok(Date.parse(fecha_fin) >= Date.parse(fecha_inicio), `${fecha_inicio} to ${fecha_fin}`);
});

test("D.A 49: a contact on the blacklist is skipped as DNC, not dialled, and counts as processed", async () => {
  const telefono = "+34600007100";
  await api.post(`${OLDER}/blacklist`, { proyecto_id: 100, telefono, razon: "lo pidió" });
  const id = await startCampaign("Con lista negra", [telefono]);
  const { contactos_procesados, contactos_exitosos } = await completed(id);
  assert.deepEqual([contactos_procesados, contactos_exitosos], [1, 0]);
  const codes = (await api.get(`${OLDER}/campaigns/dispositions?campaign_id=${id}`)).body;
  assert.deepEqual(codes, [{ resultado: "DNC", count: 1 }]);
  assert.equal((await api.get(`${OLDER}/campaigns/stats?campaign_id=${id}`)).body.counts.skipped, 1);
  assert.deepEqual(
    pbx.calls.filter(({ number }) => telefono.endsWith(number)),
    [],
  );
});

test("D.A 47: whether a campaign is in its schedule goes by the project's wall clock, past midnight too", async () => {
  const { id } = (await api.post(`${OLDER}/campaigns`, { nombre: "Noche", proyecto_id: 100 })).body;
  const inSchedule = async (fromHours: number, toHours: number): Promise<boolean> => {
    const window = toBogotaWindow(fromHours, toHours);
    const { status, body } = await api.put(`${OLDER}/campaigns/schedules?campaign_id=${id}`, [window]);
    assert.equal(status, 200, JSON.stringify(body));
    return (await api.get(`${OLDER}/campaigns/stats?campaign_id=${id}`)).body.in_schedule;
  };
  assert.equal(await inSchedule(-6, 8), true);
  assert.equal(await inSchedule(6, 14), false);
  assert.equal(await inSchedule(-14, -6), false);
});

/** From so many hours before or after now; more than half of them last past midnight, whenever this is run. */
function toBogotaWindow(fromHours: number, toHours: number): Json {
  const wall = (hours: number): Date => new Date(Date.now() + (hours - 5) * 3_600_000); // UTC-5 all year
  const clock = (at: Date): string => `${String(at.getUTCHours()).padStart(2, "0")}:00:00`;
  const from = wall(fromHours);
  return { dia_semana: from.getUTCDay(), hora_inicio: clock(from), hora_fin: clock(wall(toHours)), activo: true };
}

test("D.A 15: an active trunk is a section with its host and port, one reload a change; an inactive one is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "enlace-troncales-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = `/api/v1/pbxs/${house.pbxId}/trunk-file`;
  const { file, state, problem } = (await api.put(path, { folder })).body;
  assert.equal(state, "settled", problem);
  const written = (): string => readFileSync(join(folder, file), "utf8");
  const before = reloads.length;
  const trunk = { host: "sip.example.test", puerto: 5070, usuario: "u", password: "a secret" };
  const { body } = await api.post(`${OLDER}/troncales`, { nombre: "activa", ...trunk, activo: true });
  await eventually(() => assert.deepEqual(reloads.slice(before), ["res_pjsip"]));
  assert.match(written(), /\[activa\][\s\S]*sip\.example\.test:5070/);
  await api.post(`${OLDER}/troncales`, { nombre: "inactiva", ...trunk });
  assert.doesNotMatch(written(), /inactiva/);
  const deleted = reloads.length;
  assert.deepEqual((await api.delete(`${OLDER}/troncales/delete?id=${body.id}`)).body, { ok: true });
  await eventually(() => assert.equal(reloads.length, deleted + 1));
  assert.doesNotMatch(written(), /activa/);
});

test("D.A 1: health is ok while store and PBX answer, and names ami when the PBX is not heard", async () => {
  const ask = () => enlace.as({}).get("/apicall/health");
  const up = await ask();
  assert.deepEqual([up.status, up.body], [200, { status: "ok" }]);
  await pbx.ami.stop();
  await eventually(async () => {
    const { status, body } = await ask();
    assert.deepEqual([status, body], [503, { status: "error", ami: "down" }]);
  });
  assert.deepEqual((await enlace.as({}).get("/health")).body.status, "ok", "the process itself lives");
});
