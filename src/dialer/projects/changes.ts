import { isDeepStrictEqual } from "node:util";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Deed } from "../administer.ts";
import type { Project } from "../project.ts";
import { loadTrunk } from "../trunks/store.ts";
import { say } from "../words.ts";
import { DEFAULT_AGENTS, DEFAULT_AMD, DEFAULT_IVR, DEFAULT_RETRY, DEFAULT_RING_SECONDS } from "./defaults.ts";
import type { ProjectsOptions } from "./projects.ts";
import {
  countProjects,
  loadLastNumber,
  loadProject,
  type StoredProject,
  saveNewProject,
  saveProject,
  saveProjectTrunks,
} from "./store.ts";

/** What people say of a project. The webhook's secret goes in and never comes out. */
export type ProjectFields = Omit<Project, "tenantId" | "id" | "number"> & { webhookSecret: string | null };
/** What is left out is as in defaults.ts, and the next number is taken. */
export type NewProjectFields = Pick<Project, "name"> & Partial<ProjectFields> & { number?: string };

type Change = { value: StoredProject; deed: Deed | null };

/** What happens to a project inside the transaction that changes it. */
export interface ProjectChanges {
  SECRET_FIELD: string;
  insert(on: Sql, tenantId: TenantId, given: { fields: NewProjectFields; at: Date }): Promise<Change>;
  update(on: Sql, old: StoredProject, given: { fields: Partial<ProjectFields>; at: Date }): Promise<Change>;
}

/** Of a tenant. */
const PROJECTS_MAX = 1_000;
const SECRET_FIELD = "project_webhook_secret";

export function createProjectChanges(options: ProjectsOptions): ProjectChanges {
  const { box, loadTenant } = options;
  const seal = (tenantId: TenantId, secret: string | null): string | null =>
    secret === null ? null : box.seal(secret, { tenantId, field: SECRET_FIELD });

  async function check(on: Sql, project: Omit<StoredProject, "id" | "createdAt" | "updatedAt">): Promise<void> {
    await checkTrunks(on, project);
    if (project.webhookUrl !== null && project.sealedWebhookSecret === null)
      throw toFieldError("webhook_secret", say("secretMissing"));
    const audio = await options.findUnknownAudio?.(on, project.tenantId, toAudioIds(project));
    if (audio) throw toFieldError("ivr", say("unknownAudio", { id: audio }));
    const { policyId } = project;
    if (policyId !== null && options.hasPolicy && !(await options.hasPolicy(on, project.tenantId, policyId)))
      throw toFieldError("policy_id", say("unknownPolicy"));
  }

  return {
    SECRET_FIELD,
    insert: async (on, tenantId, { fields, at }) => {
      if ((await countProjects(on, tenantId)) >= PROJECTS_MAX)
        throw new AppError("conflict", say("projectsMax", { max: PROJECTS_MAX }));
      const tenant = await loadTenant(tenantId);
      const { webhookSecret = null, ...rest } = fields;
      const number = fields.number ?? String((await loadLastNumber(on, tenantId)) + 1n);
      const project = {
        ...{ ...NEW, timeZone: tenant?.timeZone ?? "UTC", language: tenant?.language ?? "es" },
        ...withoutUndefined(rest),
        ...{ tenantId, number, name: fields.name, sealedWebhookSecret: seal(tenantId, webhookSecret) },
      };
      await check(on, project);
      const id = await saveNewProject(on, project, at);
      if (id === null) throw new AppError("conflict", say("projectNumberTaken", { number }));
      await saveProjectTrunks(on, { ...project, id });
      const detail = { number, name: project.name };
      const value = await loadSaved(on, tenantId, id);
      return { value, deed: { action: "project.create", target: `project:${id}`, detail } };
    },
    update: async (on, old, { fields, at }) => {
      const { webhookSecret, ...rest } = fields;
      const changed = Object.entries(withoutUndefined(rest)).filter(
        ([name, value]) => !isDeepStrictEqual(old[name as keyof StoredProject], value),
      );
      const names = changed.map(([name]) => name);
      const next: StoredProject = { ...old, ...Object.fromEntries(changed) };
      if (webhookSecret !== undefined) {
        next.sealedWebhookSecret = seal(old.tenantId, webhookSecret);
        names.push("webhookSecret");
      }
      if (names.length === 0) return { value: old, deed: null };
      await check(on, next);
      await saveProject(on, next, at);
      await saveProjectTrunks(on, next);
      const value = await loadSaved(on, old.tenantId, old.id);
      return { value, deed: { action: "project.update", target: `project:${old.id}`, detail: { changed: names } } };
    },
  };
}

const NEW = {
  trunks: [],
  prefix: "",
  callerId: null,
  usesCallerIdPool: false,
  channelsMax: null,
  ringSeconds: DEFAULT_RING_SECONDS,
  ivr: DEFAULT_IVR,
  amd: DEFAULT_AMD,
  retry: DEFAULT_RETRY,
  mode: "ivr" as const,
  agents: DEFAULT_AGENTS,
  allowedAddresses: [],
  webhookUrl: null,
  policyId: null,
  disabledAt: null,
};

/** They are the tenant's, and all of one PBX: the call's second leg leaves from where the first is. */
async function checkTrunks(on: Sql, { tenantId, trunks }: Pick<Project, "tenantId" | "trunks">): Promise<void> {
  const ids = trunks.map(({ trunkId }) => trunkId);
  if (new Set(ids).size < ids.length) throw toFieldError("trunks", say("trunkTwice"));
  const pbxs = new Set<RowId>();
  for (const id of ids) {
    const trunk = await loadTrunk(on, tenantId, id);
    if (!trunk) throw toFieldError("trunks", say("unknownTrunk", { id }));
    pbxs.add(trunk.pbxId);
  }
  if (pbxs.size > 1) throw toFieldError("trunks", say("trunksOfSeveral"));
}

function toAudioIds({ ivr }: Pick<Project, "ivr">): RowId[] {
  const ids = [ivr.audioId, ivr.machineAudioId, ...Object.values(ivr.prompts)];
  return [...new Set(ids.filter((id) => id !== null && id !== undefined))];
}

async function loadSaved(on: Sql, tenantId: TenantId, id: RowId): Promise<StoredProject> {
  const project = await loadProject(on, tenantId, id);
  if (!project) throw new Error(`project ${id} is gone`);
  return project;
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
