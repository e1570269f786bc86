import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { systemClock } from "../../kit/clock.ts";
import type { CampaignContact } from "../campaign.ts";
import { createCampaigns } from "./campaigns.ts";
import { recountOne } from "./completion.ts";
import { createContactChanges } from "./contact-changes.ts";
import type { ContactOutcome } from "./contact-queue.ts";
import { addCampaign, addProject, addTenant } from "./fake-campaign.ts";
import { loadCampaign, loadCounts } from "./store.ts";

const at = new Date("2026-11-23T10:00:00Z");
const database = await createTestDatabase(at);
const campaigns = createCampaigns({ database, clock: systemClock, log: silentLog });
const tenantId = await addTenant(database, "one", at);
const projectId = await addProject(database, tenantId, { at });
const add = (contacts: number) => addCampaign(database, { tenantId, projectId, contacts, at });
const claim = (campaignIds: readonly RowId[], limit: number, owner = "here") =>
  campaigns.claim({
    quotas: campaignIds.map((campaignId) => ({ tenantId, campaignId, most: limit })),
    limit,
    now: at,
    owner,
  });
const toOutcome = (contact: CampaignContact, outcome: Partial<ContactOutcome>): ContactOutcome => ({
  ...{ tenantId: contact.tenantId, campaignId: contact.campaignId, contactId: contact.id },
  ...{ state: "completed", disposition: "answered", attempts: contact.attempts + 1, nextAt: null, ...outcome },
});
const countsOf = async (id: RowId, tenant: TenantId = tenantId) =>
  (await loadCounts(database.sql, tenant, [id])).get(id)?.map((c) => [c.state, c.disposition, c.contacts]) ?? [];
/** What the counts must be: the contacts themselves, counted. */
const trueCountsOf = async (id: RowId) => {
  const { rows } = await sql<{ state: string; disposition: string | null; contacts: number }>`
    select state, disposition, count(*)::int as contacts from campaign_contacts where campaign_id = ${id}
     group by 1, 2 order by state, coalesce(disposition, '')`.execute(database.sql);
  return rows.map((row) => [row.state, row.disposition, row.contacts]);
};

test("contacts are claimed once each, the longest due first, by however many at once", async () => {
  const id = await add(100);
  const claims = await Promise.all([1, 2, 3, 4].map((n) => claim([id], 30, `process-${n}`)));
  const numbers = claims.flat().map(({ number }) => number);
  assert.equal(numbers.length, 100);
  assert.equal(new Set(numbers).size, 100);
  assert.deepEqual(await claim([id], 30), []);
  assert.deepEqual(await countsOf(id), [["dialing", null, 100]]);
});

test("a contact's id is looked up by no index but that of ids, whatever the planner believes of a young table", async () => {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    select i.indexrelid::regclass::text as name, array_agg(a.attname::text order by k.place) as columns
      from pg_index i cross join lateral unnest(i.indkey) with ordinality k(column_id, place)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.column_id
     where i.indrelid = 'campaign_contacts'::regclass and i.indpred is null
     group by i.indexrelid`.execute(database.sql);
  const fitting = rows.filter(({ columns }) => ["tenant_id", "campaign_id", "id"].includes(columns[0] ?? ""));
  assert.deepEqual(
    fitting.map(({ name }) => name),
    ["campaign_contacts_pkey"],
  );
});

test("a contact is not claimed before it is due, in a paused campaign, or of another tenant", async () => {
  const id = await add(3);
  await sql`update campaign_contacts set next_at = ${new Date(at.getTime() + 1)} where campaign_id = ${id} and number = '+34600000001'`.execute(
    database.sql,
  );
  assert.deepEqual(
    (await claim([id], 10)).map(({ number }) => number),
    ["+34600000000", "+34600000002"],
  );
  const paused = await add(1);
  await sql`update campaigns set state = 'paused' where id = ${paused}`.execute(database.sql);
  assert.deepEqual(await claim([paused], 10), []);
  const stranger = await addTenant(database, "stranger", at);
  const quotas = [{ tenantId: stranger, campaignId: await add(1), most: 1 }];
  assert.deepEqual(await campaigns.claim({ quotas, limit: 1, now: at, owner: "x" }), []);
});

test("a tenant with many campaigns gets no more than one with a single campaign, and nobody's share is wasted", async () => {
  const other = await addTenant(database, "other", at);
  const theirs = await addCampaign(database, {
    tenantId: other,
    projectId: await addProject(database, other, { at }),
    contacts: 1_000,
    at,
  });
  const mine = [await add(1_000), await add(2), await add(1_000)];
  const quotas = [
    ...mine.map((campaignId) => ({ tenantId, campaignId, most: 1_000 })),
    { tenantId: other, campaignId: theirs, most: 1_000 },
  ];
  const got = await campaigns.claim({ quotas, limit: 120, now: at, owner: "here" });
  const countOf = (id: RowId | undefined) => got.filter(({ campaignId }) => campaignId === id).length;
  assert.equal(got.length, 120);
  assert.ok(Math.abs(countOf(theirs) - 60) <= 12, `${countOf(theirs)} of 120`);
  assert.equal(countOf(mine[1]), 2);
  assert.ok(Math.abs(countOf(mine[0]) - countOf(mine[2])) <= 1);
});

test("what became of contacts is written in one statement, and counts follow it exactly", async () => {
  const id = await add(6);
  const [a, b, c, d] = await claim([id], 4);
  assert.ok(a && b && c && d);
  const nextAt = new Date(at.getTime() + 300_000);
  const outcomes = [
    toOutcome(a, {}),
    toOutcome(b, { state: "pending", disposition: "busy", nextAt }),
    toOutcome(c, { state: "skipped", disposition: "suppressed", attempts: 0 }),
  ];
  assert.equal(await campaigns.settle(outcomes, at), 3);
  assert.deepEqual(await countsOf(id), [
    ["completed", "answered", 1],
    ["dialing", null, 1],
    ["pending", null, 2],
    ["pending", "busy", 1],
    ["skipped", "suppressed", 1],
  ]);
  assert.equal(await campaigns.settle(outcomes, at), 0, "told twice, it changes nothing");
  assert.equal(await campaigns.release([{ tenantId, campaignId: id, contactId: d.id }], at), 1);
  assert.deepEqual(await countsOf(id), await trueCountsOf(id));
  const again = await claim([id], 10);
  assert.deepEqual(
    again.map(({ attempts }) => attempts),
    [0, 0, 0],
    "released and fresh ones; the busy one waits",
  );
  const later = await campaigns.claim({
    quotas: [{ tenantId, campaignId: id, most: 9 }],
    limit: 9,
    now: nextAt,
    owner: "x",
  });
  assert.deepEqual(
    later.map(({ number, attempts, disposition }) => [number, attempts, disposition]),
    [[b.number, 1, "busy"]],
  );
});

test("D.A 52: an outcome in one campaign does not alter the same number in another", async () => {
  const [one, two] = [await add(1), await add(1)];
  const [contact] = await claim([one], 1);
  assert.ok(contact);
  await campaigns.settle([toOutcome(contact, { disposition: "invalid_number", state: "failed" })], at);
  assert.deepEqual(await countsOf(two), [["pending", null, 1]]);
});

test("a campaign is completed when nobody is pending or being dialled, and not before", async () => {
  const id = await add(2);
  const got = await claim([id], 2);
  const isDone = async () => (await campaigns.finishDone(at)).some((done) => done.id === id);
  assert.equal(await isDone(), false);
  await campaigns.settle(
    got.slice(0, 1).map((contact) => toOutcome(contact, {})),
    at,
  );
  assert.equal(await isDone(), false);
  await campaigns.settle(
    got.slice(1).map((contact) => toOutcome(contact, { state: "failed", disposition: "no_answer" })),
    at,
  );
  assert.equal(await isDone(), true);
  const campaign = await loadCampaign(database.sql, tenantId, id);
  assert.deepEqual([campaign?.state, campaign?.endedAt], ["completed", at]);
  assert.equal(await isDone(), false, "once");
});

test("a campaign that gets a contact in the moment in which it seems to be done goes on", async () => {
  const id = await add(0);
  const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
  const { promise: isAdded, resolve: onAdded } = Promise.withResolvers<void>();
  const contacts = createContactChanges({
    loadTenant: async () => ({ country: "ES" }),
    administer: (_doer, work) =>
      database.sql.transaction().execute(async (on) => {
        const { value } = await work(on, at);
        onAdded();
        await mayCommit;
        return value;
      }),
  });
  const doer = { tenantId, actor: "user:1", address: "127.0.0.1" };
  const added = contacts.add(doer, id, [{ number: "600000001", variables: {} }]);
  await isAdded;
  const done = campaigns.finishDone(at);
  await eventually(async () => {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
      database.sql,
    );
    assert.equal(rows.length, 1, "it waits for the campaign's row");
  });
  commit();
  assert.equal((await added).inserted, 1);
  assert.deepEqual(
    (await done).map((each) => each.id).filter((each) => each === id),
    [],
  );
  assert.equal((await loadCampaign(database.sql, tenantId, id))?.state, "active");
  assert.deepEqual(await countsOf(id), await trueCountsOf(id));
});

test("counts that went wrong are set right after the campaign's end", async () => {
  const id = await add(1);
  await campaigns.settle(
    (await claim([id], 1)).map((contact) => toOutcome(contact, {})),
    at,
  );
  await sql`update campaign_counts set contacts = 17 where campaign_id = ${id}`.execute(database.sql);
  await campaigns.finishDone(at);
  while (await recountOne(database, at));
  assert.deepEqual(await countsOf(id), [["completed", "answered", 1]]);
});

test("contacts that a lost process was dialling are found, page by page", async () => {
  const id = await add(5);
  const got = await claim([id], 5, "lost");
  const ask = { owner: "lost", claimedBefore: new Date(at.getTime() + 1), rowsMax: 3 };
  const first = await campaigns.listDialing({ ...ask, after: null });
  const last = first.at(-1);
  assert.ok(last);
  const rest = await campaigns.listDialing({ ...ask, after: { tenantId, campaignId: id, contactId: last.id } });
  assert.deepEqual(
    [...first, ...rest].map((contact) => contact.id),
    got.map((contact) => contact.id),
  );
});

test("settling from several sides at once loses no count", async () => {
  const [one, two] = [await add(200), await add(200)];
  const got = await claim([one, two], 400);
  const parts = [0, 1, 2, 3].map((part) => got.filter((_, index) => index % 4 === part));
  await Promise.all(
    parts.map((part) =>
      campaigns.settle(
        part.map((contact) => toOutcome(contact, {})),
        at,
      ),
    ),
  );
  assert.deepEqual(await countsOf(one), [["completed", "answered", 200]]);
  assert.deepEqual(await countsOf(two), [["completed", "answered", 200]]);
});
