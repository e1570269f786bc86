import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Caller } from "../../http/access.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { SecretBox } from "../../kit/secret-box.ts";
import type { Administer, Doer } from "../administer.ts";
import type { Project } from "../project.ts";
import { say } from "../words.ts";
import { createProjectChanges, type NewProjectFields, type ProjectFields } from "./changes.ts";
import {
  type Assignee,
  findObstacle,
  isAssigned,
  loadAssigned,
  loadProject,
  loadProjectByNumber,
  loadProjects,
  loadProjectUsers,
  type ProjectPage,
  removeProject,
  type StoredProject,
  saveProjectUsers,
} from "./store.ts";

/** How the automatic calls of a tenant behave, and who may steer them. It never dials. */
export interface Projects {
  /** For the dialer: remembered, and read anew after every change of the tenant's settings. `null`: there is no such project. */
  load(tenantId: TenantId, id: RowId): Promise<Project | null>;
  /** Whom to tell at the end of a call; `null`: nobody. Throws `SealError` with another ENLACE_SECRET. */
  loadWebhook(tenantId: TenantId, id: RowId): Promise<{ url: string; secret: string } | null>;
  /** Whether the caller may see and, if the role changes anything at all, steer it. Supervisors: only what is theirs. */
  mayUse(caller: Pick<Caller, "tenantId" | "role" | "userId">, projectId: string): Promise<boolean>;
  /** The project, or `not_found` for one that is not there or not the caller's to see. */
  loadFor(caller: Pick<Caller, "tenantId" | "role" | "userId">, projectId: string): Promise<StoredProject>;
  list(tenantId: TenantId, page: ProjectPage): Promise<StoredProject[]>;
  /** What the caller is assigned to; `null` for whoever sees every project. */
  listOwn(caller: Pick<Caller, "tenantId" | "role" | "userId">): Promise<RowId[] | null>;
  find(tenantId: TenantId, id: string): Promise<StoredProject | null>;
  /** By the number that people and older programs call it by. */
  findByNumber(tenantId: TenantId, number: string): Promise<StoredProject | null>;
  create(doer: Doer, fields: NewProjectFields): Promise<StoredProject>;
  update(doer: Doer, id: string, fields: Partial<ProjectFields>): Promise<StoredProject>;
  /** With all that hangs on it. Throws `conflict` while calls or campaigns need it. */
  remove(doer: Doer, id: string): Promise<void>;
  listUsers(tenantId: TenantId, id: string): Promise<RowId[]>;
  setUsers(doer: Doer, id: string, userIds: readonly RowId[]): Promise<RowId[]>;
  stop(): void;
}

export interface ProjectsOptions {
  database: Database;
  clock: Clock;
  box: SecretBox;
  listener: Pick<Listener, "on">;
  administer: Administer;
  /** Zone, language and country of those that do not say their own. */
  loadTenant(id: TenantId): Promise<{ timeZone: string; language: Project["language"]; country: string } | null>;
  /** The first of the audios that the tenant does not have. */
  findUnknownAudio?(on: Sql, tenantId: TenantId, ids: readonly RowId[]): Promise<RowId | null>;
  hasPolicy?(on: Sql, tenantId: TenantId, id: RowId): Promise<boolean>;
}

const CACHE = { ttlMs: 30_000, keysMax: 10_000 };

/** Of supervisors only what they are assigned to; keys act for the whole tenant. */
export function toAssignee({ role, userId }: Pick<Caller, "role" | "userId">): Assignee {
  return role === "supervisor" ? userId : null;
}

export function createProjects(options: ProjectsOptions): Projects {
  const { database, clock, box, listener, administer } = options;
  const changes = createProjectChanges(options);
  const known = createCache<string, Project | null>({
    ...{ ...CACHE, clock },
    load: async (key) => {
      const [tenantId = "", id = ""] = key.split(" ");
      return loadProject(database.sql, Number(tenantId) as TenantId, id);
    },
  });
  const unsubscribe = listener.on("settings", () => known.forgetAll());

  const mayUse: Projects["mayUse"] = async ({ tenantId, role, userId }, projectId) => {
    if (role === "agent") return false;
    if (role !== "supervisor") return true;
    return userId !== null && isAssigned(database.sql, { tenantId, projectId, userId });
  };

  return {
    load: (tenantId, id) => known.get(`${tenantId} ${id}`),
    loadWebhook: async (tenantId, id) => {
      const project = await loadProject(database.sql, tenantId, id);
      if (!project?.webhookUrl || !project.sealedWebhookSecret) return null;
      return {
        url: project.webhookUrl,
        secret: box.open(project.sealedWebhookSecret, { tenantId, field: changes.SECRET_FIELD }),
      };
    },
    mayUse,
    loadFor: async (caller, projectId) => {
      const project = await loadProject(database.sql, caller.tenantId, projectId);
      if (!project || !(await mayUse(caller, projectId))) throw noSuchProject();
      return project;
    },
    list: (tenantId, page) => loadProjects(database.sql, tenantId, page),
    listOwn: async (caller) => {
      const assignee = toAssignee(caller);
      return assignee === null ? null : loadAssigned(database.sql, caller.tenantId, assignee);
    },
    find: (tenantId, id) => loadProject(database.sql, tenantId, id),
    findByNumber: (tenantId, number) => loadProjectByNumber(database.sql, tenantId, number),
    create: (doer, fields) => administer(doer, (on, at) => changes.insert(on, doer.tenantId, { fields, at })),
    update: (doer, id, fields) =>
      administer(doer, async (on, at) => {
        const old = await loadOrRefuse(on, doer.tenantId, id);
        return changes.update(on, old, { fields, at });
      }),
    remove: (doer, id) =>
      administer(doer, async (on) => {
        const { tenantId } = doer;
        const project = await loadOrRefuse(on, tenantId, id);
        const obstacle = await findObstacle(on, tenantId, id);
        if (obstacle !== null) throw new AppError("conflict", obstacle);
        await removeProject(on, tenantId, id);
        const detail = { number: project.number, name: project.name };
        return { value: undefined, deed: { action: "project.remove", target: `project:${id}`, detail } };
      }),
    listUsers: async (tenantId, id) => {
      await loadOrRefuse(database.sql, tenantId, id);
      return loadProjectUsers(database.sql, tenantId, id);
    },
    setUsers: (doer, id, userIds) =>
      administer(doer, async (on) => {
        const { tenantId } = doer;
        await loadOrRefuse(on, tenantId, id);
        const stranger = await saveProjectUsers(on, { tenantId, id, userIds });
        if (stranger !== null) throw toFieldError("user_ids", say("unknownUser", { id: stranger }));
        const value = await loadProjectUsers(on, tenantId, id);
        return { value, deed: { action: "project.users", target: `project:${id}`, detail: { user_ids: value } } };
      }),
    stop: () => {
      unsubscribe();
      known.stop();
    },
  };
}

async function loadOrRefuse(from: Sql, tenantId: TenantId, id: string): Promise<StoredProject> {
  const project = await loadProject(from, tenantId, id);
  if (!project) throw noSuchProject();
  return project;
}

const noSuchProject = (): AppError => new AppError("not_found", say("noProject"));
