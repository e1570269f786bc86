import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Project } from "../project.ts";
import { say } from "../words.ts";

/** A row of `projects` with its trunks. */
export interface StoredProject extends Project {
  sealedWebhookSecret: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export type NewProject = Omit<StoredProject, "id" | "createdAt" | "updatedAt" | "trunks">;

const COLUMNS = sql.raw(
  `p.tenant_id as "tenantId", p.id, p.number, p.name, p.time_zone as "timeZone", p.language, p.prefix,
   p.caller_id as "callerId", p.uses_caller_id_pool as "usesCallerIdPool", p.channels_max as "channelsMax",
   p.ring_seconds as "ringSeconds", p.mode, p.ivr, p.amd, p.retry, p.agents,
   p.allowed_addresses as "allowedAddresses", p.webhook_url as "webhookUrl",
   p.sealed_webhook_secret as "sealedWebhookSecret", p.policy_id as "policyId", p.disabled_at as "disabledAt",
   p.created_at as "createdAt", p.updated_at as "updatedAt",
   coalesce((select jsonb_agg(jsonb_build_object('trunkId', t.trunk_id::text, 'weight', t.weight) order by t.trunk_id)
               from project_trunks t where t.tenant_id = p.tenant_id and t.project_id = p.id), '[]') as trunks`,
);

/** Whose projects are listed: `null` shows them all, a user's id those the user is assigned to. */
export type Assignee = RowId | null;

const onlyOf = (assignee: Assignee) =>
  assignee === null
    ? sql``
    : sql`and exists (select from project_users u
                       where u.tenant_id = p.tenant_id and u.project_id = p.id and u.user_id = ${assignee})`;

export interface ProjectPage {
  afterId: string;
  rowsMax: number;
  assignee: Assignee;
  /** Only the one with this number. */
  number?: string | null;
}

export async function loadProjects(from: Sql, tenantId: TenantId, page: ProjectPage): Promise<StoredProject[]> {
  const { rows } = await sql<StoredProject>`
    select ${COLUMNS} from projects p
     where p.tenant_id = ${tenantId} and p.id > ${page.afterId} ${onlyOf(page.assignee)}
       ${page.number ? sql`and p.number = ${page.number}` : sql``}
     order by p.id limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadProject(from: Sql, tenantId: TenantId, id: string): Promise<StoredProject | null> {
  const { rows } = await sql<StoredProject>`
    select ${COLUMNS} from projects p where p.tenant_id = ${tenantId} and p.id = ${id}`.execute(from);
  return rows[0] ?? null;
}

export async function loadProjectByNumber(
  from: Sql,
  tenantId: TenantId,
  number: string,
): Promise<StoredProject | null> {
  const { rows } = await sql<StoredProject>`
    select ${COLUMNS} from projects p where p.tenant_id = ${tenantId} and p.number = ${number}`.execute(from);
  return rows[0] ?? null;
}

/** The largest number in use, 0 when there is none. */
export async function loadLastNumber(from: Sql, tenantId: TenantId): Promise<bigint> {
  const { rows } = await sql<{ last: string }>`
    select coalesce(max(number), 0)::text as last from projects where tenant_id = ${tenantId}`.execute(from);
  return BigInt(rows[0]?.last ?? 0);
}

export async function countProjects(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from projects where tenant_id = ${tenantId}`.execute(from);
  return rows[0]?.count ?? 0;
}

/** Returns its id; `null` when the number is taken. */
export async function saveNewProject(on: Sql, project: NewProject, at: Date): Promise<RowId | null> {
  const { rows } = await sql<{ id: RowId }>`
    insert into projects (tenant_id, number, name, time_zone, language, prefix, caller_id, uses_caller_id_pool,
                          channels_max, ring_seconds, mode, ivr, amd, retry, agents, allowed_addresses, webhook_url,
                          sealed_webhook_secret, policy_id, disabled_at, created_at, updated_at)
    values (${project.tenantId}, ${project.number}, ${project.name}, ${project.timeZone}, ${project.language},
            ${project.prefix}, ${project.callerId}, ${project.usesCallerIdPool}, ${project.channelsMax},
            ${project.ringSeconds}, ${project.mode}, ${toJson(project.ivr)}::jsonb, ${toJson(project.amd)}::jsonb,
            ${toJson(project.retry)}::jsonb, ${toJson(project.agents)}::jsonb, ${[...project.allowedAddresses]},
            ${project.webhookUrl}, ${project.sealedWebhookSecret}, ${project.policyId}, ${project.disabledAt}, ${at}, ${at})
    on conflict (tenant_id, number) do nothing returning id`.execute(on);
  return rows[0]?.id ?? null;
}

export async function saveProject(on: Sql, project: StoredProject, at: Date): Promise<void> {
  await sql`
    update projects
       set name = ${project.name}, time_zone = ${project.timeZone}, language = ${project.language},
           prefix = ${project.prefix}, caller_id = ${project.callerId},
           uses_caller_id_pool = ${project.usesCallerIdPool}, channels_max = ${project.channelsMax},
           ring_seconds = ${project.ringSeconds}, mode = ${project.mode}, ivr = ${toJson(project.ivr)}::jsonb,
           amd = ${toJson(project.amd)}::jsonb, retry = ${toJson(project.retry)}::jsonb,
           agents = ${toJson(project.agents)}::jsonb, allowed_addresses = ${[...project.allowedAddresses]},
           webhook_url = ${project.webhookUrl}, sealed_webhook_secret = ${project.sealedWebhookSecret},
           policy_id = ${project.policyId}, disabled_at = ${project.disabledAt}, updated_at = ${at}
     where tenant_id = ${project.tenantId} and id = ${project.id}`.execute(on);
}

/** Its trunks are these and no others. */
export async function saveProjectTrunks(on: Sql, project: Pick<Project, "tenantId" | "id" | "trunks">): Promise<void> {
  const { tenantId, id, trunks } = project;
  await sql`delete from project_trunks where tenant_id = ${tenantId} and project_id = ${id}`.execute(on);
  await sql`
    insert into project_trunks (tenant_id, project_id, trunk_id, weight)
    select ${tenantId}, ${id}, trunk_id, weight
      from unnest(${trunks.map(({ trunkId }) => trunkId)}::bigint[], ${trunks.map(({ weight }) => weight)}::int[])
        as t (trunk_id, weight)`.execute(on);
}

/** Why it cannot be removed yet, in words; `null`: it can. */
export async function findObstacle(from: Sql, tenantId: TenantId, id: string): Promise<Sentence | null> {
  const { rows } = await sql<{ campaigns: boolean; calls: boolean }>`
    select exists (select from campaigns where tenant_id = ${tenantId} and project_id = ${id}) as campaigns,
           exists (select from dial_attempts
                    where tenant_id = ${tenantId} and project_id = ${id}
                      and state in ('queued', 'dialing', 'talking')) as calls`.execute(from);
  if (rows[0]?.campaigns) return say("projectHasCampaigns");
  return rows[0]?.calls ? say("projectHasCalls") : null;
}

export async function removeProject(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql`delete from projects where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

/** Users assigned to it. */
export async function loadProjectUsers(from: Sql, tenantId: TenantId, id: string): Promise<RowId[]> {
  const { rows } = await sql<{ userId: RowId }>`
    select user_id as "userId" from project_users
     where tenant_id = ${tenantId} and project_id = ${id} order by user_id`.execute(from);
  return rows.map(({ userId }) => userId);
}

/** The users of it are these and no others. Returns the one that the tenant does not have, and then changes nothing. */
export async function saveProjectUsers(
  on: Sql,
  project: { tenantId: TenantId; id: string; userIds: readonly RowId[] },
): Promise<RowId | null> {
  const { tenantId, id, userIds } = project;
  const { rows } = await sql<{ id: RowId }>`
    select id from users where tenant_id = ${tenantId} and id = any(${[...userIds]}::bigint[])`.execute(on);
  const stranger = userIds.find((each) => !rows.some((row) => row.id === each));
  if (stranger !== undefined) return stranger;
  await sql`delete from project_users where tenant_id = ${tenantId} and project_id = ${id}`.execute(on);
  await sql`
    insert into project_users (tenant_id, project_id, user_id)
    select distinct ${tenantId}::int, ${id}::bigint, unnest(${[...userIds]}::bigint[])`.execute(on);
  return null;
}

export async function isAssigned(
  from: Sql,
  { tenantId, projectId, userId }: { tenantId: TenantId; projectId: string; userId: RowId },
): Promise<boolean> {
  const { rows } = await sql`
    select from project_users
     where tenant_id = ${tenantId} and project_id = ${projectId} and user_id = ${userId}`.execute(from);
  return rows.length > 0;
}

const toJson = (value: object): string => JSON.stringify(value);

/** Projects that the user is assigned to. */
export async function loadAssigned(from: Sql, tenantId: TenantId, userId: RowId): Promise<RowId[]> {
  const { rows } = await sql<{ id: RowId }>`
    select project_id as id from project_users
     where tenant_id = ${tenantId} and user_id = ${userId} order by project_id`.execute(from);
  return rows.map(({ id }) => id);
}

/** Which projects each person of the tenant is assigned to. */
export async function loadAssignments(from: Sql, tenantId: TenantId): Promise<Map<RowId, Set<RowId>>> {
  const { rows } = await sql<{ userId: RowId; projectIds: RowId[] }>`
    select user_id as "userId", array_agg(project_id::text) as "projectIds" from project_users
     where tenant_id = ${tenantId} group by user_id`.execute(from);
  return new Map(rows.map(({ userId, projectIds }) => [userId, new Set(projectIds)]));
}

/** Projects whose calls go to people, and who these are. */
export async function loadAgentProjects(
  from: Sql,
  tenantId: TenantId,
): Promise<{ id: RowId; name: string; extensions: string[] }[]> {
  const { rows } = await sql<{ id: RowId; name: string; extensions: string[] }>`
    select id, name, coalesce(agents -> 'extensions', '[]') as extensions from projects
     where tenant_id = ${tenantId} and mode = 'agents' and disabled_at is null order by id`.execute(from);
  return rows;
}
