import { isDeepStrictEqual } from "node:util";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sentence } from "../../core/sentence.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Administer, Doer } from "../administer.ts";
import type { Project } from "../project.ts";
import { say } from "../words.ts";
import type { ConsentBasis, PolicyPack } from "./pack.ts";
import { findTemplate } from "./packs/templates.ts";
import {
  acknowledgePolicy,
  changePolicy,
  findPolicyUser,
  hasPolicyNamed,
  loadConsent,
  loadPolicies,
  loadPolicy,
  loadPolicyVersion,
  type Policy,
  type ProjectConsent,
  removePolicy,
  renamePolicy,
  saveConsent,
  savePolicy,
} from "./store.ts";

/*
 * A tenant's rules, and the grounds on which it calls:
 *
 *   template ── copy ──▶ version 1, unreviewed ── acknowledge, with a name ──▶ in force
 *                            ▲                                                   │
 *                            └──────────── change: the next version ◀────────────┘
 *
 * Versions never change and never go: the ledger cites them.
 */
export interface Policies {
  /** For the dialer: remembered, and read anew after every change of the tenant's settings. `null`: there is none. */
  load(tenantId: TenantId, id: RowId): Promise<Policy | null>;
  loadBasis(tenantId: TenantId, projectId: RowId): Promise<ConsentBasis | null>;
  list(tenantId: TenantId, page: { afterId: string; rowsMax: number }): Promise<Policy[]>;
  find(tenantId: TenantId, id: string): Promise<Policy | null>;
  findVersion(tenantId: TenantId, cited: { id: string; version: number }): Promise<Policy | null>;
  /** Copies a template; `changes` are what the tenant wants otherwise. */
  create(doer: Doer, fields: { name: string; template: string; changes: Partial<PolicyPack> }): Promise<Policy>;
  /** A change of the pack makes a version that nobody has acknowledged: calls under it stop until somebody does. */
  update(
    doer: Doer,
    id: string,
    fields: { name?: string | undefined; changes?: Partial<PolicyPack> | undefined },
  ): Promise<Policy>;
  /** Throws `conflict` when it has become another version than the one that was read. */
  acknowledge(doer: Doer, id: string, said: { version: number; name: string }): Promise<Policy>;
  /** Throws `conflict` while a project uses it. */
  remove(doer: Doer, id: string): Promise<void>;
  findConsent(tenantId: TenantId, projectId: string): Promise<ProjectConsent | null>;
  stateConsent(doer: Doer, projectId: string, said: { basis: ConsentBasis; evidence: string }): Promise<ProjectConsent>;
  /** Why no campaign of the project may start; `null`: the rules do not stand in the way. */
  findStartObstacle(on: Sql, project: Pick<Project, "tenantId" | "policyId">): Promise<Sentence | null>;
  /** For those who change projects. */
  exists(on: Sql, tenantId: TenantId, id: RowId): Promise<boolean>;
  stop(): void;
}

export interface PoliciesOptions {
  database: Database;
  clock: Clock;
  listener: Pick<Listener, "on">;
  administer: Administer;
}

const CACHE = { ttlMs: 30_000, keysMax: 10_000 };
const POLICIES_MAX = 200;

export function createPolicies({ database, clock, listener, administer }: PoliciesOptions): Policies {
  const remember = <V>(load: (tenantId: TenantId, id: string) => Promise<V>) =>
    createCache<string, V>({
      ...{ ...CACHE, clock },
      load: (key) => {
        const [tenantId = "", id = ""] = key.split(" ");
        return load(Number(tenantId) as TenantId, id);
      },
    });
  const policies = remember((tenantId, id) => loadPolicy(database.sql, tenantId, id));
  const consents = remember(async (tenantId, id) => (await loadConsent(database.sql, tenantId, id))?.basis ?? null);
  const unsubscribe = listener.on("settings", () => {
    policies.forgetAll();
    consents.forgetAll();
  });
  return {
    load: (tenantId, id) => policies.get(`${tenantId} ${id}`),
    loadBasis: (tenantId, projectId) => consents.get(`${tenantId} ${projectId}`),
    list: (tenantId, page) => loadPolicies(database.sql, tenantId, page),
    find: (tenantId, id) => loadPolicy(database.sql, tenantId, id),
    findVersion: (tenantId, cited) => loadPolicyVersion(database.sql, tenantId, cited),
    findConsent: (tenantId, projectId) => loadConsent(database.sql, tenantId, projectId),
    exists: async (on, tenantId, id) => (await loadPolicy(on, tenantId, id)) !== null,
    findStartObstacle: async (on, { tenantId, policyId }) => {
      const policy = policyId === null ? null : await loadPolicy(on, tenantId, policyId);
      if (!policy) return say("policyUnchosen");
      if (policy.acknowledgedAt !== null) return null;
      return say("policyUnread", { version: policy.version, policy: policy.name });
    },
    ...createChanges(administer),
    stop: () => {
      unsubscribe();
      policies.stop();
      consents.stop();
    },
  };
}

type Changes = Pick<Policies, "create" | "update" | "acknowledge" | "remove" | "stateConsent">;

function createChanges(administer: Administer): Changes {
  return {
    create: (doer, { name, template, changes }) =>
      administer(doer, async (on, at) => {
        const { tenantId, actor } = doer;
        const pack = findTemplate(template)?.pack;
        if (!pack) throw toFieldError("template", say("noTemplate"));
        await refuseTaken(on, tenantId, { name, exceptId: null });
        if ((await loadPolicies(on, tenantId, { afterId: "0", rowsMax: POLICIES_MAX })).length >= POLICIES_MAX)
          throw new AppError("conflict", say("policiesMax", { max: POLICIES_MAX }));
        const id = await savePolicy(on, tenantId, { name, template, pack: { ...pack, ...changes }, actor, at });
        return {
          value: await loadOrRefuse(on, tenantId, id),
          deed: toDeed("create", id, { name, template, ...changes }),
        };
      }),
    update: (doer, id, { name, changes }) =>
      administer(doer, async (on, at) => {
        const { tenantId, actor } = doer;
        const old = await loadOrRefuse(on, tenantId, id);
        const next = { name: name ?? old.name, pack: { ...old.pack, ...changes } };
        await refuseTaken(on, tenantId, { name: next.name, exceptId: old.id });
        if (!isDeepStrictEqual(next.pack, old.pack)) await changePolicy(on, old, { ...next, actor, at });
        else if (next.name !== old.name) await renamePolicy(on, old, { name: next.name, at });
        else return { value: old, deed: null };
        const value = await loadOrRefuse(on, tenantId, id);
        return { value, deed: toDeed("update", id, { name: value.name, version: value.version, ...changes }) };
      }),
    acknowledge: (doer, id, { version, name }) =>
      administer(doer, async (on, at) => {
        const { tenantId, actor } = doer;
        const policy = await loadOrRefuse(on, tenantId, id);
        if (policy.version !== version) throw new AppError("conflict", say("policyMoved", { version: policy.version }));
        await acknowledgePolicy(on, policy, { actor, name, at });
        return { value: await loadOrRefuse(on, tenantId, id), deed: toDeed("acknowledge", id, { version, name }) };
      }),
    remove: (doer, id) =>
      administer(doer, async (on, at) => {
        const policy = await loadOrRefuse(on, doer.tenantId, id);
        const user = await findPolicyUser(on, policy);
        if (user !== null) throw new AppError("conflict", say("policyUsed", { project: user }));
        await removePolicy(on, policy, at);
        return { value: undefined, deed: toDeed("remove", id, { name: policy.name }) };
      }),
    stateConsent: (doer, projectId, { basis, evidence }) =>
      administer(doer, async (on, at) => {
        const value = { basis, evidence, statedBy: doer.actor, statedAt: at };
        await saveConsent(on, doer.tenantId, { projectId, ...value });
        return {
          value,
          deed: { action: "project.consent", target: `project:${projectId}`, detail: { basis, evidence } },
        };
      }),
  };
}

async function loadOrRefuse(on: Sql, tenantId: TenantId, id: string): Promise<Policy> {
  const policy = await loadPolicy(on, tenantId, id);
  if (!policy) throw new AppError("not_found", say("noPolicy"));
  return policy;
}

async function refuseTaken(on: Sql, tenantId: TenantId, { name, exceptId }: { name: string; exceptId: string | null }) {
  if (await hasPolicyNamed(on, tenantId, name, exceptId)) throw new AppError("conflict", say("policyNameTaken"));
}

const toDeed = (verb: string, id: string, detail: Record<string, unknown>) => ({
  ...{ action: `policy.${verb}`, target: `policy:${id}`, detail },
});
