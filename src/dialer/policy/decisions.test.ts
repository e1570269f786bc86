import assert from "node:assert/strict";
import { test } from "node:test";
import type { RowId } from "../../core/ids.ts";
import type { NotedAttempt } from "./attempt-store.ts";
import type { Decision, DecisionRequest } from "./decision.ts";
import { createDecisions } from "./decisions.ts";
import { createFakePolicyRoom, toRequest } from "./fake-policy-room.ts";

/** A Monday, 12:00 in Madrid. */
const NOON = new Date("2026-11-23T11:00:00Z");
const HOUR_MS = 3_600_000;
const room = await createFakePolicyRoom(NOON);
const { decisions } = room;
const spain = await room.addProject({ template: "es-marketing", changes: { consent: "none" } });

async function decide(request: DecisionRequest, now = NOON): Promise<Decision> {
  const [decision] = await decisions.decideMany([request], now);
  return decision as Decision;
}

async function ruleOf(request: DecisionRequest, now = NOON): Promise<string> {
  const decision = await decide(request, now);
  return decision.allowed ? "allowed" : decision.rule;
}

const toNoted = (request: DecisionRequest, more: Partial<NotedAttempt> = {}): NotedAttempt => ({
  ...{ ...request, id: request.attemptId, callerId: null, dialedAt: NOON, answeredAt: null, disposition: "no_answer" },
  ...more,
});

test("a campaign may not call under no policy, nor under one that nobody has put their name to; a program may call under none", async () => {
  const none = await room.addProject(null);
  assert.equal(await ruleOf(toRequest(none, "+34600000001")), "policy_missing");
  assert.equal(await ruleOf(toRequest(none, "+34600000001", { source: "api", campaignId: null })), "allowed");
  const unread = await room.addProject(null);
  const policy = await room.policies.create(room.doer, { name: "unread", template: "es-marketing", changes: {} });
  room.projects.set(unread.id, { ...unread, policyId: policy.id });
  assert.equal(await ruleOf(toRequest(unread, "+34600000001")), "policy_unacknowledged");
});

test("calls that people placed by hand count for the caps, and a talk of theirs is a talk", async () => {
  const cap = { per: "number", max: 1, within: { days: 7 } } as const;
  const weekly = await room.addProject({ template: "zz-service", changes: { caps: [cap] } });
  const placed = { callUuid: "hand-1", at: new Date(NOON.getTime() - 48 * HOUR_MS), wasAnswered: true };
  const number = "+34600000021";
  assert.equal(await ruleOf(toRequest(weekly, "+34600000022")), "allowed");
  room.callsByHand.set(number, [placed]);
  const decision = await decide(toRequest(weekly, number));
  assert.ok(!decision.allowed && decision.rule === "cap");
  assert.equal(decision.nextAt?.getTime(), placed.at.getTime() + 7 * 24 * HOUR_MS);
  const debtCap = { per: "debt", max: 1, within: { days: 7 } } as const;
  const debts = await room.addProject({ template: "zz-service", changes: { caps: [debtCap] } });
  const about = toRequest(debts, number, { variables: { debt_id: "D-77" } });
  assert.equal(await ruleOf(about), "debt_cap", "nobody knows about which debt it was");
  const quiet = await room.addProject({ template: "zz-service", changes: { afterConversationDays: 7 } });
  assert.equal(await ruleOf(toRequest(quiet, number)), "conversation");
  room.callsByHand.set(number, [{ ...placed, wasAnswered: false }]);
  assert.equal(await ruleOf(toRequest(quiet, number)), "allowed");
});

test("who is on the do-not-call list is never called, not even by a test", async () => {
  const entry = { id: "5" as RowId, projectId: null, campaignId: null, source: "opt_out", createdAt: NOON };
  room.suppressed.set("+34600000002", entry);
  const decision = await decide(toRequest(spain, "+34600000002", { source: "test", campaignId: null }));
  assert.deepEqual(decision, {
    ...{ allowed: false, rule: "suppressed", final: true, nextAt: null, policyVersion: null },
    inputs: { suppression_id: "5", scope: "global", source: "opt_out", since: NOON.toISOString() },
  });
});

test("a number of another country and a contact without grounds are out for good", async () => {
  assert.equal(await ruleOf(toRequest(spain, "+12125550100")), "jurisdiction");
  const strict = await room.addProject({ template: "es-marketing" });
  const own = toRequest(strict, "+34600000003", { variables: { consent_basis: "legitimate interest" } });
  const decision = await decide(own);
  assert.ok(!decision.allowed && decision.rule === "consent" && decision.final);
  const unsaid = await decide(toRequest(strict, "+34600000003"));
  assert.ok(!unsaid.allowed && unsaid.rule === "consent" && !unsaid.final, "the project may still state it");
  await room.policies.stateConsent(room.doer, strict.id, { basis: "express", evidence: "web form" });
  room.forget();
  assert.equal(await ruleOf(toRequest(strict, "+34600000003")), "allowed");
});

test("outside the window the first instant inside it is told, and at that instant the call is allowed", async () => {
  const night = new Date("2026-11-23T21:30:00Z");
  const decision = await decide(toRequest(spain, "+34600000004"), night);
  assert.ok(!decision.allowed && decision.rule === "window" && !decision.final);
  assert.equal(
    decision.nextAt?.toISOString(),
    "2026-11-24T09:05:00.000Z",
    "09:05 on the Canary Islands, 10:05 in Madrid",
  );
  assert.equal(await ruleOf(toRequest(spain, "+34600000004"), decision.nextAt ?? night), "allowed");
});

test("a cap counts over all campaigns and projects, and says when there is room again", async () => {
  const other = await room.addProject({ template: "es-marketing", changes: { consent: "none" } });
  assert.equal(await ruleOf(toRequest(spain, "+34600000005")), "allowed");
  assert.equal(await ruleOf(toRequest(other, "+34600000005", { campaignId: "8" as RowId })), "allowed");
  const third = await decide(toRequest(spain, "+34600000005"));
  assert.ok(!third.allowed && third.rule === "cap");
  assert.equal(third.nextAt?.toISOString(), new Date(NOON.getTime() + 24 * HOUR_MS).toISOString());
});

test("one batch with the same number three times allows two of them", async () => {
  const requests = [1, 2, 3].map(() => toRequest(spain, "+34600000006"));
  const answers = await decisions.decideMany(requests, NOON);
  assert.deepEqual(
    answers.map(({ allowed }) => allowed),
    [true, true, false],
  );
});

test("eight processes that ask for one number at the same instant get two allowances between them", async () => {
  const processes = Array.from({ length: 8 }, () => createDecisions({ ...room.options, metrics: room.newMetrics() }));
  const answers = await Promise.all(
    processes.map(({ decideMany }) =>
      decideMany([toRequest(spain, "+34600000007"), toRequest(spain, "+34600000008")], NOON),
    ),
  );
  const allowed = [0, 1].map((index) => answers.filter((answer) => answer[index]?.allowed).length);
  assert.deepEqual(allowed, [2, 2]);
});

test("the same attempt asked about again after a crash is allowed again and counts once", async () => {
  const request = toRequest(spain, "+34600000009");
  assert.equal(await ruleOf(request), "allowed");
  assert.equal(await ruleOf(request), "allowed");
  assert.equal(await ruleOf(toRequest(spain, "+34600000009")), "allowed");
  assert.equal(await ruleOf(toRequest(spain, "+34600000009")), "cap");
  assert.equal(await ruleOf(request), "allowed");
});

test("a call that no trunk took is no attempt at the person", async () => {
  const failed = [toRequest(spain, "+34600000010"), toRequest(spain, "+34600000010")];
  await decisions.decideMany(failed, NOON);
  assert.equal(await ruleOf(toRequest(spain, "+34600000010")), "cap");
  await decisions.noteAttempts([
    toNoted(failed[0] as DecisionRequest, { disposition: "congestion" }),
    toNoted(failed[1] as DecisionRequest, { dialedAt: null, disposition: null }),
  ]);
  assert.equal(await ruleOf(toRequest(spain, "+34600000010")), "allowed");
});

test("a call that somebody made without asking counts like any other, told once or twice", async () => {
  const manual = toRequest(spain, "+34600000011", { source: "api", campaignId: null });
  await decisions.noteAttempts([toNoted(manual)]);
  await decisions.noteAttempts([toNoted(manual), toNoted(manual)]);
  assert.equal(await ruleOf(toRequest(spain, "+34600000011")), "allowed");
  assert.equal(await ruleOf(toRequest(spain, "+34600000011")), "cap");
});

test("about one debt there are seven calls in seven days at whatever number, and none for seven days after a talk", async () => {
  const us = await room.addProject({
    template: "us-debt",
    changes: { consent: "none", caps: [{ per: "debt", max: 7, within: { days: 7 } }] },
  });
  const noonThere = new Date("2026-11-23T17:00:00Z");
  const about = (number: string, debt_id: string) => toRequest(us, number, { variables: { debt_id } });
  for (let count = 0; count < 7; count++)
    assert.equal(await ruleOf(about(`+1212555010${count % 3}`, "A-1"), noonThere), "allowed");
  assert.equal(await ruleOf(about("+12125550109", "A-1"), noonThere), "debt_cap");
  const other = about("+12125550101", "B-2");
  assert.equal(await ruleOf(other, noonThere), "allowed");
  await decisions.noteAttempts([
    toNoted(other, { disposition: "answered", answeredAt: noonThere, dialedAt: noonThere }),
  ]);
  const after = await decide(about("+12125550102", "B-2"), noonThere);
  assert.ok(!after.allowed && after.rule === "conversation");
  assert.equal(after.nextAt?.toISOString(), "2026-11-30T17:00:00.000Z");
});

test("a phone that would ring shorter than the policy asks is not rung", async () => {
  const hasty = await room.addProject(
    { template: "es-marketing", changes: { consent: "none", ringSecondsMin: 30 } },
    { ringSeconds: 20 },
  );
  assert.equal(await ruleOf(toRequest(hasty, "+34600000012")), "ring");
});

test("in Spain no mobile number is shown, and where there is no other, nobody is called", async () => {
  const mobile = await room.addProject(
    { template: "es-marketing", changes: { consent: "none" } },
    { callerId: "+34600000099" as never },
  );
  assert.equal(await ruleOf(toRequest(mobile, "+34600000013")), "caller_id");
});
