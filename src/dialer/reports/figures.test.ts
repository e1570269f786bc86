// What the dialer tried, counted: by project, campaign, disposition and caller id, for those who may see it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase } from "../../../test/database.ts";
import { type RowId, toTenantId } from "../../core/ids.ts";
import { addCampaign, addProject, addTenant } from "../campaigns/fake-campaign.ts";
import { type FiguresAsk, loadDialFigures } from "./figures.ts";

const NOW = new Date("2026-03-12T12:00:00Z");
const database = await createTestDatabase(NOW);
const tenantId = await addTenant(database, "100", NOW);
const [first, second] = [
  await addProject(database, tenantId, { at: NOW }),
  await addProject(database, tenantId, { at: NOW }),
];
const campaignId = await addCampaign(database, { tenantId, projectId: first, contacts: 0, at: NOW });
const userId = await addSupervisor(second);

interface Given {
  projectId?: RowId;
  campaignId?: RowId | null;
  callerId?: string | null;
  disposition?: string | null;
  state?: string;
  dialed?: boolean;
  talkSeconds?: number | null;
  at?: Date;
  tenant?: number;
}
let made = 0;
async function putAttempt(given: Given): Promise<void> {
  const { projectId = first, callerId = "+34900000001", disposition = "no_answer", state = "ended" } = given;
  const { at = NOW, talkSeconds = null, dialed = true, tenant = tenantId } = given;
  const end = new Date(at.getTime() + 60_000);
  const answeredAt = talkSeconds === null ? null : new Date(end.getTime() - talkSeconds * 1_000);
  await sql`
    insert into dial_attempts (tenant_id, id, queued_at, project_id, campaign_id, source, number, state, caller_id, disposition,
      dialed_at, answered_at, ended_at)
    values (${tenant}, ${`d${(made++).toString(16).padStart(24, "0")}`}, ${at}, ${projectId}, ${given.campaignId ?? null},
      'api', '+34600000001', ${state}, ${callerId}, ${disposition}, ${dialed ? at : null}, ${answeredAt},
      ${state === "ended" ? end : null})`.execute(database.sql);
}

async function addSupervisor(projectId: RowId): Promise<RowId> {
  const { rows } = await sql<{ id: RowId }>`
    insert into users (tenant_id, username, role, password_hash, created_at, updated_at)
    values (${tenantId}, 'sofia', 'supervisor', '', ${NOW}, ${NOW}) returning id`.execute(database.sql);
  const [{ id } = assert.fail()] = rows;
  await sql`insert into project_users (tenant_id, project_id, user_id) values (${tenantId}, ${projectId}, ${id})`.execute(
    database.sql,
  );
  return id;
}

await putAttempt({ campaignId, disposition: "transferred", talkSeconds: 30 });
await putAttempt({ campaignId, disposition: "machine", talkSeconds: 5 });
await putAttempt({ campaignId });
await putAttempt({ callerId: "+34900000002", disposition: "answered", talkSeconds: 10 });
await putAttempt({ projectId: second, callerId: "+34900000002", disposition: "busy" });
await putAttempt({ projectId: second, disposition: "suppressed", dialed: false, callerId: null });
await putAttempt({ projectId: second, disposition: null, state: "talking" });
await putAttempt({ at: new Date("2026-03-10T12:00:00Z"), disposition: "answered", talkSeconds: 1 });
await putAttempt({ tenant: 99 });

const load = (ask: Partial<FiguresAsk> = {}) =>
  loadDialFigures(database.sql, {
    ...{ tenantId, since: new Date("2026-03-12T00:00:00Z"), until: new Date("2026-03-13T00:00:00Z"), assignee: null },
    ...ask,
  });

test("attempts are counted by project and campaign: asked for, dialled, picked up, by a person, talked", async () => {
  const { attempts, dialed, answered, people, talk_seconds, projects, campaigns } = await load();
  assert.deepEqual([attempts, dialed, answered, people, talk_seconds], [7, 5, 3, 2, 45]);
  assert.deepEqual(projects, [
    { id: first, name: "Project 1", attempts: 4, dialed: 4, answered: 3, people: 2, talk_seconds: 45 },
    { id: second, name: "Project 2", attempts: 3, dialed: 1, answered: 0, people: 0, talk_seconds: 0 },
  ]);
  assert.deepEqual(
    campaigns.map(({ id, name, attempts: all, people: reached }) => [id, name, all, reached]),
    [
      [null, null, 4, 1],
      [campaignId, "Campaign", 3, 1],
    ],
  );
});

test("what is not over has no disposition, and what was never dialled counts for no caller id", async () => {
  const { dispositions, caller_ids } = await load();
  assert.deepEqual(
    new Map(dispositions.map((one) => [one.disposition, one.attempts])),
    new Map(["transferred", "machine", "no_answer", "answered", "busy", "suppressed"].map((name) => [name, 1])),
  );
  assert.deepEqual(
    caller_ids.map(({ number, dialed, answered }) => [number, dialed, answered]),
    [
      ["+34900000001", 3, 2],
      ["+34900000002", 2, 1],
    ],
  );
});

test("a filter narrows all of it, and supervisors are told of their own projects only", async () => {
  assert.deepEqual(
    (await load({ projectId: second })).projects.map(({ id }) => id),
    [second],
  );
  assert.equal((await load({ campaignId })).attempts, 3);
  const own = await load({ assignee: userId });
  assert.deepEqual([own.attempts, own.projects.map(({ id }) => id)], [3, [second]]);
  assert.equal((await load({ assignee: "999" as RowId })).attempts, 0);
});

test("a stretch without attempts, and another tenant, have none", async () => {
  const none = await load({ since: new Date("2026-02-01T00:00:00Z"), until: new Date("2026-02-02T00:00:00Z") });
  assert.deepEqual([none.attempts, none.projects, none.dispositions, none.caller_ids], [0, [], [], []]);
  assert.equal((await load({ tenantId: toTenantId(98) })).attempts, 0);
});
