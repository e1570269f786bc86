import { isDeepStrictEqual } from "node:util";
import { hasEnded, type Told, toExpectedRecord, toWrittenCertainty } from "./oracle.ts";
import type { Pbx } from "./pbx.ts";
import { toTold } from "./pbx.ts";
import type { PlannedPost } from "./scenario.ts";
import type { StoredCall } from "./stored.ts";

/** A rule that did not hold, and whom the trace should be searched for. */
export interface Violation {
  rule: string;
  detail: string;
  about: readonly string[];
}

/** The CRM at the end of a run. */
export interface CrmFacts {
  records: readonly CrmRecord[];
  /** In the order in which the CRM made them. */
  writes: readonly CrmWrite[];
}
export interface CrmRecord {
  id: string;
  fields: Readonly<Record<string, string | null>>;
}
export interface CrmWrite extends CrmRecord {
  operation: string;
}

export interface Evidence {
  pbx: Pick<Pbx, "acknowledged" | "unknown" | "wrongAnswers">;
  stored: readonly StoredCall[];
  crm: CrmFacts;
  /** Whether calls that still ring are written too. */
  writesInProgress: boolean;
}

/** The promises of the house, checked against what everybody holds when all is quiet. */
export function findViolations(evidence: Evidence): Violation[] {
  return [
    ...evidence.pbx.wrongAnswers().map((detail) => violation("answers are as documented", detail, [])),
    ...findLost(evidence),
    ...findUninvited(evidence),
    ...evidence.stored.flatMap((call) => [
      ...findUnfinished(call, evidence),
      ...findDoubled(call, evidence),
      ...findDifferent(call, evidence),
      ...findDisorder(call, evidence),
    ]),
  ];
}

function findLost({ pbx, stored }: Evidence): Violation[] {
  const reports = new Map(stored.map((call) => [call.callUuid, call.reports]));
  return pbx
    .acknowledged()
    .filter((post) => post.fault === "none" && !holds(reports.get(post.callUuid), post))
    .map((post) => violation("no acknowledged fact is lost", `${post.callUuid} ${toTold(post)}`, [post.callUuid]));
}

function findUninvited({ pbx, stored }: Evidence): Violation[] {
  const invited = Map.groupBy([...pbx.acknowledged(), ...pbx.unknown()], ({ callUuid }) => callUuid);
  return stored.flatMap(({ callUuid, reports }) => {
    const posts = (invited.get(callUuid) ?? []).filter(({ fault }) => fault === "none");
    const uninvited = reports.filter(
      (report) => !posts.some((post) => isDeepStrictEqual(JSON.parse(post.body), report)),
    );
    const rule = "nothing is stored of a refused request";
    return [
      ...uninvited.map((report) => violation(rule, `${callUuid} ${JSON.stringify(report)}`, [callUuid])),
      ...(reports.length === 0 ? [violation(rule, `${callUuid} is a call without a fact`, [callUuid])] : []),
    ];
  });
}

const isOwed = ({ reports }: StoredCall, { writesInProgress }: Evidence): boolean =>
  writesInProgress || hasEnded(reports);

function findUnfinished(call: StoredCall, evidence: Evidence): Violation[] {
  const { callUuid, revision, deliveries, buffer } = call;
  const rule = "every delivery ends with the call's last revision";
  if (!isOwed(call, evidence)) {
    return deliveries.length === 0 ? [] : [violation(rule, `${callUuid} has a delivery nobody asked for`, [callUuid])];
  }
  const [only, ...more] = deliveries;
  if (!only || more.length > 0) return [violation(rule, `${callUuid} has ${deliveries.length} deliveries`, [callUuid])];
  const isDone = only.state === "delivered" && only.deliveredRevision === revision && only.revision === revision;
  const said = `${only.state}, delivered ${only.deliveredRevision} of ${revision}: ${only.reason ?? ""}`;
  const isShown = buffer?.status === "sent" && buffer.vtiger_call_id === only.remoteId;
  return [
    ...(isDone ? [] : [violation(rule, `${callUuid} is ${said}`, [callUuid])]),
    ...(isShown
      ? []
      : [violation("voip_call_buffer says `sent`", `${callUuid} ${JSON.stringify(buffer)}`, [callUuid])]),
  ];
}

function findDoubled(call: StoredCall, evidence: Evidence): Violation[] {
  const ids = recordsOf(call, evidence).map(({ id }) => id);
  const expected = isOwed(call, evidence) ? 1 : 0;
  if (ids.length === expected) return [];
  const detail = `${call.callUuid} has ${ids.length} records${ids.length > 0 ? `: ${ids.join(" ")}` : ""}`;
  return [violation("a call has exactly one record in the CRM", detail, [call.callUuid, ...ids])];
}

function findDifferent(call: StoredCall, evidence: Evidence): Violation[] {
  const expected = toExpectedRecord(call.reports);
  return recordsOf(call, evidence).flatMap(({ id, fields }) => {
    const wrong = Object.entries(expected).filter(([name, value]) => fields[name] !== value);
    const detail = wrong.map(([name, value]) => `${name} is ${fields[name]}, not ${value}`).join("; ");
    const rule = "the CRM's record is the reduction of all facts";
    return wrong.length === 0 ? [] : [violation(rule, `${call.callUuid} ${id}: ${detail}`, [call.callUuid, id])];
  });
}

/** Facts only ever add up, so a record may never say less than it did; nor may an attempt carry an older revision. */
function findDisorder(call: StoredCall, { crm }: Evidence): Violation[] {
  const { callUuid } = call;
  const written = crm.writes
    .filter(({ fields }) => fields.sourceuuid === callUuid)
    .map(({ fields }) => toWrittenCertainty(fields.callstatus ?? ""));
  const revisions = call.deliveries.flatMap(({ attempts }) => attempts.map(({ revision }) => revision));
  const rule = "revisions reach the CRM in order";
  return [
    ...(isRising(written) ? [] : [violation(rule, `${callUuid} was written as ${written.join(" → ")}`, [callUuid])]),
    ...(isRising(revisions) ? [] : [violation(rule, `${callUuid} was tried as ${revisions.join(" → ")}`, [callUuid])]),
  ];
}

function recordsOf({ callUuid }: StoredCall, { crm }: Evidence): CrmRecord[] {
  return crm.records.filter(({ fields }) => fields.sourceuuid === callUuid);
}

function holds(reports: readonly Told[] | undefined, { body }: PlannedPost): boolean {
  const told = JSON.parse(body);
  return reports?.some((report) => isDeepStrictEqual(report, told)) ?? false;
}

const isRising = (values: readonly number[]): boolean =>
  values.every((value, index) => value >= (values[index - 1] ?? 0));

function violation(rule: string, detail: string, about: readonly string[]): Violation {
  return { rule, detail, about };
}

/** Counts of what happened, to see that a run was not idle. */
export function countStrain(stored: readonly StoredCall[]): Record<string, number> {
  const attempts = stored.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.attempts));
  const counts: Record<string, number> = { attempts: attempts.length };
  for (const { outcome } of attempts) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
