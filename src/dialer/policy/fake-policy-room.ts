import { createTestDatabase, silentLog } from "../../../test/database.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { createMetrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Administer } from "../administer.ts";
import type { Project } from "../project.ts";
import { DEFAULT_AGENTS, DEFAULT_AMD, DEFAULT_IVR, DEFAULT_RETRY } from "../projects/defaults.ts";
import type { DecisionRequest } from "./decision.ts";
import { createDecisions, type DecisionsOptions } from "./decisions.ts";
import type { PolicyPack } from "./pack.ts";
import type { CallByHand } from "./past-calls.ts";
import { createPolicies } from "./policies.ts";
import { createWindows } from "./windows.ts";

/** The policy part on a database of its own, with one tenant, its projects in memory and in their table. */
export async function createFakePolicyRoom(now: Date) {
  const database = await createTestDatabase(now);
  const clock = createSetClock(now);
  const { rows } = await database.pool.query<{ id: TenantId }>(
    `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
     values ('policy', 'Policy', 'Europe/Madrid', 'ES', 'es', $1, $1) returning id`,
    [now],
  );
  const tenantId = rows[0]?.id as TenantId;
  const administer: Administer = (_doer, work) =>
    database.sql.transaction().execute(async (on) => (await work(on, clock.now())).value);
  const settings = new Set<() => void>();
  const policies = createPolicies({
    ...{ database, clock, administer },
    listener: {
      on: (_channel, listener) => {
        settings.add(() => listener(null));
        return () => undefined;
      },
    },
  });
  const projects = new Map<string, Project>();
  const suppressed = new Map<
    string,
    { id: RowId; projectId: null; campaignId: null; source: string; createdAt: Date }
  >();
  const callsByHand = new Map<string, CallByHand[]>();
  const options: DecisionsOptions = {
    ...{ database, clock, log: silentLog, metrics: createMetrics({ includeProcess: false }), windows: createWindows() },
    random: { fraction: () => 0.5, bytes: (size) => Buffer.alloc(size), uuid: () => "" },
    loadProject: async (_tenantId, id) => projects.get(id) ?? null,
    loadPolicy: policies.load,
    loadConsent: policies.loadBasis,
    findSuppressions: async (questions) => questions.map(({ number }) => suppressed.get(number) ?? null),
    loadCallsByHand: async (numbers) => numbers.map(({ number }) => callsByHand.get(number) ?? []),
  };
  const doer = { tenantId, actor: "user:1", address: "192.0.2.1" };
  return {
    ...{ database, clock, tenantId, policies, projects, suppressed, callsByHand, options, doer },
    decisions: createDecisions(options),
    newMetrics: () => createMetrics({ includeProcess: false }),
    forget: () => {
      for (const forget of settings) forget();
    },
    /** A project under a policy that somebody has acknowledged; `null`: under none. */
    addProject: async (
      pack: { template: string; changes?: Partial<PolicyPack> } | null,
      fields: Partial<Project> = {},
    ) => {
      const id = await insertProject(database, tenantId, { number: projects.size + 1, at: clock.now() });
      let policyId: RowId | null = null;
      if (pack) {
        const made = { name: `for ${id}`, template: pack.template, changes: pack.changes ?? {} };
        const policy = await policies.create(doer, made);
        await policies.acknowledge(doer, policy.id, { version: 1, name: "Ana Counsel" });
        policyId = policy.id;
      }
      const project = { ...toProject(tenantId, id), policyId, ...fields };
      projects.set(id, project);
      return project;
    },
  };
}

async function insertProject(
  { pool }: Database,
  tenantId: TenantId,
  { number, at }: { number: number; at: Date },
): Promise<RowId> {
  const { rows } = await pool.query<{ id: RowId }>(
    `insert into projects (tenant_id, number, name, time_zone, language, ring_seconds, ivr, amd, retry, agents, created_at, updated_at)
     values ($1, $2, $3, 'Europe/Madrid', 'es', 45, '{}', '{}', '{}', '{}', $4, $4) returning id`,
    [tenantId, number, `project ${number}`, at],
  );
  return rows[0]?.id as RowId;
}

function toProject(tenantId: TenantId, id: RowId): Project {
  return {
    ...{ tenantId, id, number: "1", name: "Winter", timeZone: "Europe/Madrid", language: "es", trunks: [], prefix: "" },
    ...{
      callerId: "+34910000001" as PhoneNumber,
      usesCallerIdPool: false,
      channelsMax: null,
      ringSeconds: 45,
      mode: "ivr",
    },
    ...{ ivr: DEFAULT_IVR, amd: DEFAULT_AMD, retry: DEFAULT_RETRY, agents: DEFAULT_AGENTS, allowedAddresses: [] },
    ...{ webhookUrl: null, policyId: null, disabledAt: null },
  };
}

let attempts = 0;

/** One more call of a campaign. */
export function toRequest(
  { tenantId, id }: Pick<Project, "tenantId" | "id">,
  number: string,
  more: Partial<DecisionRequest> = {},
): DecisionRequest {
  attempts++;
  return {
    ...{ tenantId, projectId: id, campaignId: "7" as RowId, contactId: String(attempts) as RowId, source: "campaign" },
    ...{ attemptId: `d${String(attempts).padStart(24, "0")}`, number: number as PhoneNumber, variables: {}, ...more },
  };
}

function createSetClock(start: Date) {
  let nowMs = start.getTime();
  return {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs,
    sleep: async () => undefined,
    after: () => () => undefined,
    set: (at: Date) => {
      nowMs = at.getTime();
    },
  };
}
