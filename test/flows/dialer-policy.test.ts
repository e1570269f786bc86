// Rules as a tenant meets them: copy, read, acknowledge, state the grounds, try it dry, and ask afterwards why.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const { api, rows, logIn, postCall } = await startTestEnlace({ env: { ENLACE_COUNTRY: "ES", ENLACE_ROLES: "api" } });
const policies = "/api/v1/dialer/policies";
const alwaysOpen = [{ from: "00:00", to: "24:00" }];
const everyDay = Object.fromEntries(
  ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => [day, alwaysOpen]),
);
const closed = Object.fromEntries(Object.keys(everyDay).map((day) => [day, []]));
const reviewed = (version: number) => ({ version, name: "Ana Counsel", reviewed: true });

const project = await (async () => {
  const made = await api.post("/api/v1/projects", { name: "Winter" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id as string;
})();
const campaign = await (async () => {
  const made = await api.post("/api/v1/campaigns", { project_id: project, name: "November" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await rows(
    `insert into campaign_contacts (tenant_id, campaign_id, number, variables, next_at, created_at)
     select 1, $1::bigint, n, v::jsonb, now(), now() from (values
       ('+34600000001', '{}'), ('+34600000002', '{"consent_basis": "none"}'), ('+34600000003', '{}'),
       ('+34600000004', '{}'), ('+12125550100', '{}')) as t(n, v)`,
    [made.body.id],
  );
  return made.body.id as string;
})();
const policy = await (async () => {
  const pack = { windows: everyDay, holidays: { dates: [], windows: [], known_until: null }, margin_minutes: 0 };
  const made = await api.post(policies, { name: "Spain, ours", template: "es-marketing", pack });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
})();

test("there are templates for every land that was promised, each marked as reviewed by nobody", async () => {
  const { body } = await api.get("/api/v1/dialer/policy-templates");
  const lands = new Set(body.items.map(({ pack }: { pack: { jurisdiction: string } }) => pack.jurisdiction));
  for (const land of ["US", "GB", "ES", "MX", "CO", "PE", "EC", "BR", "RU"]) assert.ok(lands.has(land), land);
  assert.ok(body.items.every(({ status }: { status: string }) => status === "unreviewed"));
});

test("a copy keeps what was changed and is in force only when somebody puts their name to the version they read", async () => {
  assert.deepEqual(
    [policy.status, policy.version, policy.pack.margin_minutes, policy.pack.consent],
    ["unreviewed", 1, 0, "express"],
  );
  assert.equal((await api.post(policies, { name: "SPAIN, ours", template: "es-marketing" })).status, 409);
  assert.equal((await api.post(policies, { name: "x", template: "atlantis" })).status, 422);
  assert.equal((await api.post(`${policies}/${policy.id}/acknowledge`, reviewed(2))).status, 409);
  assert.equal(
    (await api.post(`${policies}/${policy.id}/acknowledge`, { ...reviewed(1), reviewed: false })).status,
    422,
  );
  const done = await api.post(`${policies}/${policy.id}/acknowledge`, reviewed(1));
  assert.deepEqual(
    [done.body.status, done.body.acknowledged_name, done.body.acknowledged_by],
    ["acknowledged", "Ana Counsel", "user:1"],
  );
});

test("a changed pack is another version that nobody has acknowledged, and the old one stays to be read", async () => {
  const changed = await api.patch(`${policies}/${policy.id}`, { pack: { windows: closed } });
  assert.deepEqual([changed.body.version, changed.body.status], [2, "unreviewed"]);
  const same = await api.patch(`${policies}/${policy.id}`, { pack: { windows: closed } });
  assert.equal(same.body.version, 2, "nothing was changed");
  const back = await api.patch(`${policies}/${policy.id}`, { pack: { windows: everyDay } });
  assert.equal(back.body.version, 3);
  const old = await api.get(`${policies}/${policy.id}/versions/2`);
  assert.deepEqual([old.body.version, old.body.pack.windows.monday], [2, []]);
  assert.equal((await api.get(`${policies}/${policy.id}/versions/9`)).status, 404);
});

test("hours that end before they begin and caps of no window are refused", async () => {
  const refused = async (pack: object) => (await api.patch(`${policies}/${policy.id}`, { pack })).status;
  assert.equal(await refused({ windows: { ...closed, monday: [{ from: "21:00", to: "08:00" }] } }), 422);
  assert.equal(await refused({ caps: [{ per: "number", max: 1 }] }), 422);
  assert.equal(await refused({ caps: [{ per: "number", max: 1, within_days: 60 }] }), 422);
  assert.equal(await refused({ countries: [] }), 422);
});

test("a campaign begins under an acknowledged policy only, and a policy in use is not removed", async () => {
  const dry = await api.post(`/api/v1/campaigns/${campaign}/dry-run`);
  assert.equal(dry.status, 409);
  assert.equal((await api.patch(`/api/v1/projects/${project}`, { policy_id: "999999" })).status, 422);
  assert.equal((await api.patch(`/api/v1/projects/${project}`, { policy_id: policy.id })).status, 200);
  const refusal = await api.post(`/api/v1/campaigns/${campaign}/start`);
  assert.equal(refusal.status, 409);
  assert.equal((await api.delete(`${policies}/${policy.id}`)).status, 409);
});

test("a dry run tells who is kept out by which rule, and when the others may first be called", async () => {
  const windows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
  await api.put(`/api/v1/campaigns/${campaign}/schedule`, { windows });
  await api.post(`${policies}/${policy.id}/acknowledge`, reviewed(3));
  await api.post("/api/v1/suppressions", { number: "+34600000003" });
  const before = (await api.post(`/api/v1/campaigns/${campaign}/dry-run`)).body;
  assert.deepEqual([before.contacts, before.allowed_now], [5, 0], "nobody has stated any grounds yet");
  const said = await api.put(`/api/v1/projects/${project}/consent`, { basis: "express", evidence: "web form of 2026" });
  assert.equal(said.status, 200, JSON.stringify(said.body));
  const { body } = await api.post(`/api/v1/campaigns/${campaign}/dry-run`);
  assert.deepEqual([body.contacts, body.allowed_now, body.never, body.unexamined], [5, 2, 3, 0]);
  const blocked = Object.fromEntries(body.blocked.map((b: { rule: string; contacts: number }) => [b.rule, b.contacts]));
  assert.deepEqual(blocked, { suppressed: 1, consent: 1, jurisdiction: 1 });
  assert.deepEqual([body.first_eligible.length, body.first_eligible[0].contacts], [1, 2]);
  assert.deepEqual([body.policy_version, body.acknowledged], [`${policy.id}@3`, true]);
});

test("why is answered in one request: every rule, what it looked at, the version, and the first instant that may be", async () => {
  const ask = async (number: string) =>
    (await api.get(`/api/v1/dialer/why?number=${encodeURIComponent(number)}&campaign_id=${campaign}`)).body;
  const allowed = await ask("600000001");
  assert.deepEqual([allowed.number, allowed.country, allowed.now.allowed], ["+34600000001", "ES", true]);
  assert.deepEqual(allowed.zones.toSorted(), ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"]);
  assert.ok(allowed.now.checks.every(({ passed }: { passed: boolean }) => passed));
  const without = await ask("600000002");
  assert.deepEqual(
    [without.now.rule, without.now.final, without.now.policy_version],
    ["consent", true, `${policy.id}@3`],
  );
  const { inputs } = without.now.checks.find(({ rule }: { rule: string }) => rule === "consent");
  assert.deepEqual(inputs, { basis: "none", required: "express", told_by: "contact" });
  const listed = await ask("600000003");
  assert.deepEqual([listed.now.rule, listed.now.checks[0].inputs.scope], ["suppressed", "global"]);
  assert.equal((await api.get("/api/v1/dialer/why?number=nobody")).status, 422);
});

test("a call that somebody placed by hand counts, once, whoever told of it and however often", async () => {
  const capped = { caps: [{ per: "number", max: 2, within_days: 7 }] };
  const changed = await api.patch(`${policies}/${policy.id}`, { pack: capped });
  await api.post(`${policies}/${policy.id}/acknowledge`, reviewed(changed.body.version));
  const ask = async () => (await api.get(`/api/v1/dialer/why?number=600000004&campaign_id=${campaign}`)).body.now;
  assert.equal((await ask()).allowed, true);
  const startedAt = new Date(Date.now() - 3_600_000);
  const placed = (call_uuid: string) => ({
    ...{ call_uuid, from: "101", to: "+34600000004", direction: "outbound", status: "no_answer", agent_ext: "101" },
    ...{ start_time: startedAt.toISOString(), end_time: new Date(startedAt.getTime() + 20_000).toISOString() },
  });
  for (const status of [202, 200, 200]) assert.equal((await postCall(placed("hand-1"))).status, status);
  assert.equal((await ask()).allowed, true, "it was one call");
  const incoming = { ...placed("hand-2"), from: "+34600000004", to: "101", direction: "inbound" };
  assert.equal((await postCall(incoming)).status, 202);
  assert.equal((await ask()).allowed, true, "they called us");
  assert.equal((await postCall(placed("hand-3"))).status, 202);
  const now = await ask();
  assert.deepEqual([now.allowed, now.rule, now.final], [false, "cap", false]);
  const { inputs } = now.checks.find(({ rule }: { rule: string }) => rule === "cap");
  assert.equal(inputs.full[0].count, 2);
  const dry = (await api.post(`/api/v1/campaigns/${campaign}/dry-run`)).body;
  assert.ok(
    dry.blocked.some(({ rule, contacts }: { rule: string; contacts: number }) => rule === "cap" && contacts === 1),
  );
});

test("numbers to show are the project's own, known once, and each with its figures", async () => {
  const path = `/api/v1/projects/${project}/caller-ids`;
  const added = await api.post(path, { number: "910 000 001", daily_cap: 100 });
  assert.deepEqual(
    [added.status, added.body.number, added.body.area_prefix, added.body.score],
    [201, "+34910000001", "+34910", 0.5],
  );
  assert.equal((await api.post(path, { number: "+34910000001" })).status, 409);
  assert.equal((await api.post(path, { number: "12" })).status, 422);
  const changed = await api.patch(`${path}/${added.body.id}`, { active: false, area_prefix: "+3491" });
  assert.deepEqual([changed.body.active, changed.body.area_prefix, changed.body.daily_cap], [false, "+3491", 100]);
  assert.equal((await api.get(path)).body.items.length, 1);
  assert.equal((await api.delete(`${path}/${added.body.id}`)).status, 204);
  assert.equal((await api.patch(`${path}/${added.body.id}`, { active: true })).status, 404);
});

test("a supervisor asks about their own projects, and sees nothing of another's", async () => {
  const made = await api.post("/api/v1/users", { username: "eva", role: "supervisor", password: ADMIN_PASSWORD });
  const eva = await logIn("eva", ADMIN_PASSWORD);
  assert.equal((await eva.post(`/api/v1/campaigns/${campaign}/dry-run`)).status, 404);
  assert.equal((await eva.get(`/api/v1/dialer/why?number=600000001&campaign_id=${campaign}`)).status, 404);
  assert.equal((await eva.get(`/api/v1/projects/${project}/caller-ids`)).status, 404);
  await api.put(`/api/v1/projects/${project}/users`, { user_ids: [made.body.id] });
  assert.equal((await eva.post(`/api/v1/campaigns/${campaign}/dry-run`)).status, 200);
  assert.equal((await eva.get(`/api/v1/dialer/why?number=600000001&campaign_id=${campaign}`)).status, 200);
});
