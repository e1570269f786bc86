import assert from "node:assert/strict";
import { test } from "node:test";
import type { RowId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { findSuppressions } from "../../people/suppression/store.ts";
import { ALWAYS } from "../campaigns/fake-campaign.ts";
import { saveHolidays } from "../campaigns/holiday-store.ts";
import { saveSchedule } from "../campaigns/schedule-store.ts";
import { createDecisions } from "./decisions.ts";
import { createDryRun } from "./dry-run.ts";
import { createFakePolicyRoom, toRequest } from "./fake-policy-room.ts";

/** A Monday, half past eight in the evening in Madrid: some may be called for half an hour, some no more. */
const EVENING = new Date("2026-11-23T19:30:00Z");
const HOUR_MS = 3_600_000;
const room = await createFakePolicyRoom(EVENING);
const { pool } = room.database;
const around = {
  ...room.options,
  findSuppressions: (questions: Parameters<typeof findSuppressions>[1]) => findSuppressions(room.database, questions),
};
const runDry = createDryRun({ ...around, listNumbersByHand: async () => [...room.callsByHand.keys()] });
const { decideMany, noteAttempts } = createDecisions({ ...around, metrics: room.newMetrics() });
const project = await room.addProject({
  template: "es-marketing",
  changes: {
    ...{ consent: "legitimate_interest", countries: ["ES", "MX", "US"], afterConversationDays: 3 },
    caps: [
      { per: "number", max: 1, within: { calendar: "day" } },
      { per: "debt", max: 2, within: { days: 7 } },
    ],
  },
});
const { rows } = await pool.query<{ id: RowId }>(
  "insert into campaigns (tenant_id, project_id, name, created_at, updated_at) values ($1, $2, 'November', $3, $3) returning id",
  [room.tenantId, project.id, EVENING],
);
const campaignId = rows[0]?.id as RowId;

await saveSchedule(room.database.sql, { tenantId: room.tenantId, campaignId, windows: ALWAYS });

interface Contact {
  number: string;
  variables: Record<string, string>;
}
const BASES = ["express", "none", "legitimate_interest", ""];
/** Madrid, the islands, Mexico, the two coasts, and a country that the policy does not name; with all kinds of columns. */
const contacts: Contact[] = Array.from({ length: 120 }, (_, index) => ({
  number: [
    `+34910000${100 + index}`,
    `+34922000${100 + index}`,
    `+525512340${100 + index}`,
    `+1212555${1000 + index}`,
    `+1213555${1000 + index}`,
    `+57300123${1000 + index}`,
  ][index % 6] as string,
  variables: {
    ...(index % 5 !== 0 && { consent_basis: BASES[index % 4] as string }),
    ...(index % 7 === 0 && { debt_id: `D-${index % 3}` }),
    ...(index % 11 === 0 && { time_zone: "Asia/Tokyo" }),
  },
}));

test("a dry run counts what the rules then decide, contact for contact", async () => {
  for (const { number, variables } of contacts)
    await pool.query(
      "insert into campaign_contacts (tenant_id, campaign_id, number, variables, next_at, created_at) values ($1, $2, $3, $4, $5, $5)",
      [room.tenantId, campaignId, number, variables, EVENING],
    );
  await room.policies.stateConsent(room.doer, project.id, { basis: "contract", evidence: "their contracts" });
  const earlier = contacts
    .filter((_contact, index) => index % 5 === 1)
    .map(({ number, variables }, index) => ({
      ...toRequest(project, number, { variables }),
      ...{
        id: `earlier-${index}`,
        callerId: null,
        answeredAt: null,
        dialedAt: new Date(EVENING.getTime() - (index % 5) * 9 * HOUR_MS),
      },
      disposition:
        index % 3 === 0 ? ("transferred" as const) : index % 3 === 1 ? ("abandoned" as const) : ("busy" as const),
    }));
  await noteAttempts(earlier);
  for (const { number } of contacts.filter((_contact, index) => index % 13 === 0))
    await pool.query(
      "insert into suppressions (tenant_id, number, source, created_by, created_at) values ($1, $2, 'api', 'key:1', $3)",
      [room.tenantId, number, EVENING],
    );

  for (const [index, { number }] of contacts.filter((_contact, at) => at % 7 === 2).entries())
    room.callsByHand.set(number, [
      {
        callUuid: `hand-${index}`,
        at: new Date(EVENING.getTime() - (index % 4) * HOUR_MS),
        wasAnswered: index % 2 === 0,
      },
    ]);

  const dry = await runDry({ tenantId: room.tenantId, campaignId, projectId: project.id });

  const tally = new Map<string, number>();
  const hours = new Map<number, number>();
  for (const { number, variables } of contacts) {
    // One by one, each as if it were the only one: the others must not have used up a debt's calls.
    const request = toRequest(project, number as PhoneNumber, { variables, campaignId });
    const [decision] = await decideMany([request], EVENING);
    assert.ok(decision);
    if (decision.allowed) await pool.query("delete from number_attempts where attempt_id = $1", [request.attemptId]);
    const key = decision.allowed ? "allowed" : `${decision.rule} ${decision.final}`;
    tally.set(key, (tally.get(key) ?? 0) + 1);
    const at = decision.allowed ? EVENING : decision.nextAt;
    if (at)
      hours.set(
        Math.floor(at.getTime() / HOUR_MS) * HOUR_MS,
        (hours.get(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS) ?? 0) + 1,
      );
  }
  const blocked = dry.blocked.map(({ rule, final, contacts: count }) => [`${rule} ${final}`, count] as const);
  assert.deepEqual(
    new Map([...blocked, ["allowed", dry.allowedNow] as const].toSorted()),
    new Map([...tally].toSorted()),
  );
  assert.deepEqual(
    dry.hours.map(({ from, contacts: count }) => [from.getTime(), count]),
    [...hours].toSorted(([a], [b]) => a - b),
  );
  assert.deepEqual([dry.contacts, dry.unexamined], [contacts.length, 0]);
  for (const rule of [
    "suppressed true",
    "jurisdiction true",
    "consent true",
    "conversation false",
    "abandoned false",
    "cap false",
    "window false",
    "allowed",
  ])
    assert.ok(tally.has(rule), `${rule} was not met: ${[...tally.keys()]}`);
});

test("a dry run keeps to the campaign's own hours and holidays", async () => {
  const scope = { tenantId: room.tenantId, campaignId, projectId: project.id };
  const open = await runDry(scope);
  const inMadrid = (weekday: number) => ({ weekday, starts: 10 * 3_600, ends: 12 * 3_600, enabled: true });
  await saveSchedule(room.database.sql, { ...scope, windows: [inMadrid(2), inMadrid(3)] }); // Tuesday, Wednesday
  const holiday = { tenantId: room.tenantId, projectId: null, holidays: [{ on: "2026-11-24", name: "Feria" }] };
  await saveHolidays(room.database.sql, holiday);
  const dry = await runDry(scope);
  const count = (of: typeof dry, rule: string): number => of.blocked.find((each) => each.rule === rule)?.contacts ?? 0;
  assert.deepEqual([open.allowedNow > 0, dry.allowedNow], [true, 0]);
  assert.equal(count(dry, "schedule"), open.allowedNow, "whom the rules allow waits for the campaign");
  assert.equal(count(dry, "cap"), count(open, "cap"));
  const opening = new Date("2026-11-25T09:00:00Z").getTime();
  assert.ok(
    dry.hours.every(({ from }) => from.getTime() >= opening),
    "Tuesday is a holiday",
  );
  assert.ok(dry.hours.some(({ from }) => from.getTime() === opening));
  await saveSchedule(room.database.sql, { ...scope, windows: [] });
  const closed = await runDry(scope);
  assert.deepEqual([closed.hours, closed.never], [[], contacts.length]);
  await saveSchedule(room.database.sql, { ...scope, windows: ALWAYS });
});

test("what was allowed and what was not is found again by number, with the rule and the version", async () => {
  const { loadAllowed, loadBlocks } = await import("./block-store.ts");
  const number = "+34910000999" as PhoneNumber;
  const filter = { number, projectIds: null, rowsMax: 10 };
  const request = toRequest(project, number);
  await decideMany([request], EVENING);
  await decideMany([toRequest(project, number)], EVENING);
  await decideMany([toRequest(project, number)], EVENING);
  const [call] = await loadAllowed(room.database.sql, room.tenantId, filter);
  assert.deepEqual(
    [call?.attemptId, call?.policyVersion, call?.callerId],
    [request.attemptId, `${project.policyId}@1`, "+34910000001"],
  );
  const [block, ...others] = await loadBlocks(room.database.sql, room.tenantId, filter);
  assert.deepEqual(
    [block?.rule, block?.times, block?.inputs.full, others.length],
    ["cap", 2, [{ max: 1, calendar: "day", count: 1, free_at: "2026-11-23T23:00:00.000Z" }], 0],
  );
  assert.equal((await loadBlocks(room.database.sql, room.tenantId, { ...filter, projectIds: [] })).length, 0);
});
