// The older dialer's campaigns: lists, states, schedules and recycling with its names and statuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disposition } from "../../src/core/disposition.ts";
import { type RowId, toTenantId } from "../../src/core/ids.ts";
import { createCampaigns } from "../../src/dialer/campaigns/campaigns.ts";
import { systemClock } from "../../src/kit/clock.ts";
import type { Json } from "../api-client.ts";
import { silentLog } from "../database.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000", ENLACE_COUNTRY: "US" } });
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const credentials = { username: "admin", password: ADMIN_PASSWORD };
const { token } = (await enlace.as({}).post(`${OLDER}/login`, credentials)).body;
const pbx = { name: "main", host: "192.0.2.1", username: "enlace", secret: "x", enabled: false };
await api.post("/api/v1/pbxs", pbx);
await api.post(`${OLDER}/troncales`, { nombre: "troncal-1", activo: true });
const policy = (await api.post("/api/v1/dialer/policies", { name: "None", template: "zz-service" })).body;
const acknowledged = { version: policy.version, name: "Ana Reviewer", reviewed: true };
assert.equal((await api.post(`/api/v1/dialer/policies/${policy.id}/acknowledge`, acknowledged)).status, 200);
await api.post(`${OLDER}/proyectos`, { id: 100, nombre: "Cobranza", troncal_salida: "troncal-1" });

async function createCampaign(nombre: string): Promise<number> {
  const { status, body } = await api.post(`${OLDER}/campaigns`, { nombre, proyecto_id: 100 });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.estado, body.proyecto_id, body.total_contactos], ["draft", 100, 0]);
  return body.id;
}

async function upload(campaign: number, text: string): Promise<{ status: number; text: string; body: Json }> {
  const form = new FormData();
  form.set("file", new Blob([text]), "lista.csv");
  const response = await fetch(`${enlace.url}${OLDER}/campaigns/upload?campaign_id=${campaign}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  const answer = await response.text();
  return { status: response.status, text: answer, body: answer.startsWith("{") ? JSON.parse(answer) : {} };
}

const numbers = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `+57300000${String(from + at).padStart(4, "0")}`).join("\n");
const show = async (id: number): Promise<Json> =>
  (await api.get(`${OLDER}/campaigns`)).body.find((campaign: Json) => campaign.id === id);
const act = (campaign_id: number, action: string) => api.post(`${OLDER}/campaigns/action`, { campaign_id, action });

/** As the dial pipeline does: takes contacts and says what became of them. */
async function settle(campaign: number, outcomes: readonly (readonly [Disposition, "completed" | "failed"])[]) {
  const campaigns = createCampaigns({ database: enlace.database, clock: systemClock, log: silentLog });
  const now = new Date();
  const campaignId = String(campaign) as RowId;
  const quotas = [{ tenantId: toTenantId(1), campaignId, most: outcomes.length }];
  const taken = await campaigns.claim({ quotas, limit: outcomes.length, now, owner: "test" });
  const settled = taken.map(({ tenantId, id: contactId }, at) => {
    const [disposition, state] = outcomes[at] ?? assert.fail();
    return { tenantId, campaignId, contactId, state, disposition, attempts: 1, nextAt: null };
  });
  assert.equal(await campaigns.settle(settled, now), outcomes.length);
}

test("D.A 43: a list with names of columns, a number twice and a line that is none is told apart", async () => {
  const campaign = await createCampaign("Primera");
  const { status, body } = await upload(campaign, "telefono,nombre\n+1 000-000-0001,Ana\nabc\n10000000001\n");
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, {
    ...{ success: true, inserted: 1, duplicates: 1, total: 3 },
    invalid: [{ line: 3, value: "abc" }],
  });
  const { items } = (await api.get(`/api/v1/campaigns/${campaign}/contacts`)).body;
  assert.deepEqual(
    items.map(({ variables }: Json) => variables),
    [{ nombre: "Ana" }],
  );
});

test("D.A 44: semicolons, a byte order mark and Windows lines are read the same, and a list without numbers is refused", async () => {
  const campaign = await createCampaign("Segunda");
  const { body } = await upload(campaign, "\uFEFFtelefono;nombre\r\n+573000000001;Ana\r\n+573000000002;Eva\r\n");
  assert.equal(body.inserted, 2);
  const none = await upload(await createCampaign("Vacía"), "telefono,nombre\nabc,Ana\n");
  assert.equal(`${none.status} ${none.text}`, "400 No se encontraron números válidos en el archivo");
  assert.equal((await upload(999_999, numbers(1))).status, 404);
});

test("D.A 45: a second list adds to the first", async () => {
  const campaign = await createCampaign("Dos listas");
  await upload(campaign, numbers(5));
  await upload(campaign, numbers(10, 100));
  assert.equal((await show(campaign)).total_contactos, 15);
});

test("D.A 46: a campaign goes only where its state leads", async () => {
  const campaign = await createCampaign("Estados");
  assert.equal((await act(campaign, "start")).status, 409, "nobody to call");
  assert.equal((await act(999_999, "start")).status, 404);
  await upload(campaign, numbers(1));
  assert.deepEqual((await act(campaign, "start")).body, { success: true, new_state: "active" });
  assert.deepEqual((await act(campaign, "pause")).body, { success: true, new_state: "paused" });
  assert.deepEqual((await act(campaign, "start")).body, { success: true, new_state: "active" });
  assert.equal((await api.delete(`${OLDER}/campaigns/delete?id=${campaign}`)).status, 409, "it is active");
  const changed = await api.put(`${OLDER}/campaigns`, { id: campaign, nombre: "Otro nombre", estado: "stopped" });
  assert.deepEqual([changed.body.nombre, changed.body.estado], ["Otro nombre", "stopped"]);
  assert.equal((await act(campaign, "start")).status, 409);
  await enlace.rows("update campaigns set state = 'completed', ended_at = now() where id = $1", [campaign]);
  assert.equal((await act(campaign, "start")).status, 409, "it is completed");
  assert.equal((await api.put(`${OLDER}/campaigns`, { id: campaign, estado: "draft" })).status, 409);
  assert.deepEqual((await api.delete(`${OLDER}/campaigns/delete?id=${campaign}`)).body, { ok: true });
});

test("D.A 47: schedules are written whole, one row a day, and none means never", async () => {
  const campaign = await createCampaign("Horarios");
  const path = `${OLDER}/campaigns/schedules?campaign_id=${campaign}`;
  assert.deepEqual((await api.get(path)).body, []);
  const stats = (await api.get(`${OLDER}/campaigns/stats?campaign_id=${campaign}`)).body;
  assert.equal(stats.in_schedule, false);
  const night = { dia_semana: 1, hora_inicio: "22:00:00", hora_fin: "06:00:00", activo: true };
  assert.deepEqual((await api.put(path, [night])).body, [night]);
  assert.equal((await api.post(path, [{ ...night, dia_semana: 7 }])).status, 400);
  assert.equal((await api.post(path, [night, night])).status, 400);
  const always = [0, 1, 2, 3, 4, 5, 6].map((dia_semana) => ({
    ...{ dia_semana, hora_inicio: "00:00:00", hora_fin: "24:00:00", activo: true },
  }));
  assert.equal((await api.put(path, always)).body.length, 7);
  assert.equal((await api.get(`${OLDER}/campaigns/stats?campaign_id=${campaign}`)).body.in_schedule, true);
});

test("D.A 53: counts, dispositions and recycling speak in the older codes", async () => {
  const campaign = await createCampaign("Resultados");
  await upload(campaign, numbers(4));
  await act(campaign, "start");
  await settle(campaign, [
    ["no_answer", "failed"],
    ["busy", "failed"],
    ["transferred", "completed"],
  ]);
  const codes = (await api.get(`${OLDER}/campaigns/dispositions?campaign_id=${campaign}`)).body;
  const byCode = Object.fromEntries(codes.map(({ resultado, count }: Json) => [resultado, count]));
  assert.deepEqual(byCode, { NA: 1, B: 1, XFER: 1, PENDING: 1 });
  const { campaign: shown, counts } = (await api.get(`${OLDER}/campaigns/stats?campaign_id=${campaign}`)).body;
  assert.deepEqual(counts, { pending: 1, dialing: 0, completed: 1, failed: 2, skipped: 0 });
  assert.deepEqual([shown.contactos_procesados, shown.contactos_exitosos, shown.contactos_fallidos], [3, 1, 2]);

  const recycle = { campaign_id: campaign, nombre: "De nuevo", dispositions: ["NA", "B"] };
  assert.equal((await api.post(`${OLDER}/campaigns/recycle`, recycle)).status, 409, "it is not over");
  await act(campaign, "stop");
  const recycled = await api.post(`${OLDER}/campaigns/recycle`, recycle);
  assert.deepEqual([recycled.body.success, recycled.body.contacts_copied], [true, 2]);
  const again = await show(recycled.body.new_campaign_id);
  assert.deepEqual([again.estado, again.total_contactos, again.contactos_procesados], ["draft", 2, 0]);
});
