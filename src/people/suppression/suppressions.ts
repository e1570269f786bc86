import type { Counter } from "prom-client";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import {
  findSuppressions,
  loadSuppression,
  loadSuppressions,
  removeSuppression,
  type Suppression,
  type SuppressionFilter,
  type SuppressionQuestion,
  type SuppressionScope,
  type SuppressionSource,
  saveSuppressions,
} from "./store.ts";
import { say } from "./words.ts";

// Owns the list of those who are not to be called or written to. Asked before every call, on whatever channel. It never
// forgets by itself: an entry goes only when an administrator takes it away, and that is written down.

export interface Suppressions {
  /** Puts a number on the list. It may stand there already. Idempotent. */
  suppress(entry: NewEntry): Promise<{ isNew: boolean }>;
  /** For each question the entry that forbids it, or `null`; one statement. */
  findMany(questions: readonly SuppressionQuestion[]): Promise<(Suppression | null)[]>;
  /** Whether an entry forbids to call this number; by default only one of the whole tenant. */
  isSuppressed(
    question: Pick<SuppressionQuestion, "tenantId" | "number"> & Partial<SuppressionQuestion>,
  ): Promise<boolean>;
  list(tenantId: TenantId, filter: SuppressionFilter): Promise<Suppression[]>;
  find(tenantId: TenantId, id: string): Promise<Suppression | null>;
  /** By a person or program, written into the log of changes. `null`: it stood there already. */
  add(doer: SuppressionDoer, entry: Omit<NewEntry, "tenantId">): Promise<Suppression | null>;
  /** A list at once; returns how many were not there before. */
  addMany(doer: SuppressionDoer, entries: NewNumbers): Promise<number>;
  /** Writes down that a list was taken in. */
  noteImport(doer: SuppressionDoer, what: { scope: SuppressionScope; lines: number; inserted: number }): Promise<void>;
  /** Throws `not_found`. Why it may go is kept in the log of changes. */
  remove(doer: SuppressionDoer, id: string, reason: string): Promise<void>;
}

export interface NewEntry {
  tenantId: TenantId;
  number: PhoneNumber;
  scope: SuppressionScope;
  /** At most 500 characters, for people. */
  reason: string;
  source: SuppressionSource;
}

export interface NewNumbers {
  numbers: readonly PhoneNumber[];
  scope: SuppressionScope;
  reason: string;
  source: SuppressionSource;
}

export interface SuppressionDoer {
  tenantId: TenantId;
  actor: string;
  address: string;
}

export interface SuppressionsOptions {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** One change in one transaction, with its line in the log of changes. */
  administer<T>(
    doer: SuppressionDoer,
    work: (on: Sql, at: Date) => Promise<{ value: T; deed: SuppressionDeed | null }>,
  ): Promise<T>;
}

export interface SuppressionDeed {
  action: string;
  target: string;
  detail?: Record<string, unknown>;
}

const REASON_MAX = 500;

export function createSuppressions({ database, clock, log, metrics, administer }: SuppressionsOptions): Suppressions {
  const counted = metrics.counter("enlace_suppressions_added_total", "Numbers put on the do-not-call list", ["source"]);
  const note = createNote(log, counted);
  return {
    suppress: async (entry) => {
      const row = toRow(entry, "enlace", clock.now());
      const [added] = await saveSuppressions(database.sql, [row]);
      if (added) note(entry.tenantId, entry.source, 1);
      return { isNew: added !== undefined };
    },
    findMany: (questions) => findSuppressions(database, questions),
    isSuppressed: async (question) => {
      const [found = null] = await findSuppressions(database, [{ projectId: null, campaignId: null, ...question }]);
      return found !== null;
    },
    list: (tenantId, filter) => loadSuppressions(database.sql, tenantId, filter),
    find: (tenantId, id) => loadSuppression(database.sql, tenantId, id),
    add: async (doer, entry) => {
      const added = await administer(doer, async (on, at) => {
        const row = toRow({ ...entry, tenantId: doer.tenantId }, doer.actor, at);
        const [value = null] = await saveSuppressions(on, [row]);
        return {
          value,
          deed: value && { action: "suppression.add", target: `suppression:${value.id}`, detail: toDetail(value) },
        };
      });
      if (added) note(doer.tenantId, entry.source, 1);
      return added;
    },
    addMany: async (doer, { numbers, ...entry }) => {
      const at = clock.now();
      const rows = numbers.map((number) => toRow({ ...entry, number, tenantId: doer.tenantId }, doer.actor, at));
      const { length } = await saveSuppressions(database.sql, rows);
      note(doer.tenantId, entry.source, length);
      return length;
    },
    noteImport: (doer, { scope: { kind, ...of }, lines, inserted }) =>
      administer(doer, async () => {
        const target = kind === "global" ? "suppressions" : `${kind}:${Object.values(of)[0]}`;
        return { value: undefined, deed: { action: "suppression.import", target, detail: { lines, inserted } } };
      }),
    remove: (doer, id, reason) =>
      administer(doer, async (on) => {
        const entry = await loadSuppression(on, doer.tenantId, id);
        if (!entry) throw new AppError("not_found", say("none"));
        await removeSuppression(on, doer.tenantId, id);
        const detail = { ...toDetail(entry), reason };
        return { value: undefined, deed: { action: "suppression.remove", target: `suppression:${id}`, detail } };
      }),
  };
}

function createNote(log: Log, counted: Counter<"source">) {
  return (tenantId: TenantId, source: SuppressionSource, count: number): void => {
    if (count === 0) return;
    counted.inc({ source }, count);
    log.info({ tenantId, source, count }, "suppression.added");
  };
}

function toRow({ scope, reason, ...entry }: NewEntry, createdBy: string, createdAt: Date) {
  return {
    ...entry,
    ...{ createdBy, createdAt, reason: reason.slice(0, REASON_MAX) },
    projectId: scope.kind === "project" ? scope.projectId : null,
    campaignId: scope.kind === "campaign" ? scope.campaignId : null,
  };
}

function toDetail({ number, projectId, campaignId, source }: Suppression): Record<string, unknown> {
  return { number, project_id: projectId, campaign_id: campaignId, source };
}
