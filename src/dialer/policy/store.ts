import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { ConsentBasis, PolicyPack } from "./pack.ts";

/** A tenant's policy as it is now. */
export interface Policy {
  tenantId: TenantId;
  id: RowId;
  name: string;
  /** The pack it was copied from. */
  template: string;
  version: number;
  pack: PolicyPack;
  /** Who has put their name to this version, and when. */
  acknowledgedBy: string | null;
  acknowledgedName: string | null;
  acknowledgedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = sql`p.tenant_id as "tenantId", p.id, p.name, p.template, p.version, v.pack, v.acknowledged_by as "acknowledgedBy",
  v.acknowledged_name as "acknowledgedName", v.acknowledged_at as "acknowledgedAt", p.created_at as "createdAt",
  p.updated_at as "updatedAt"`;
const CURRENT = sql`policies p join policy_versions v on v.tenant_id = p.tenant_id and v.policy_id = p.id and v.version = p.version`;

export async function loadPolicy(from: Sql, tenantId: TenantId, id: string): Promise<Policy | null> {
  const { rows } = await sql<Policy>`
    select ${COLUMNS} from ${CURRENT}
     where p.tenant_id = ${tenantId} and p.id = ${id} and p.deleted_at is null`.execute(from);
  return rows[0] ?? null;
}

export async function loadPolicies(
  from: Sql,
  tenantId: TenantId,
  { afterId, rowsMax }: { afterId: string; rowsMax: number },
): Promise<Policy[]> {
  const { rows } = await sql<Policy>`
    select ${COLUMNS} from ${CURRENT}
     where p.tenant_id = ${tenantId} and p.id > ${afterId} and p.deleted_at is null order by p.id limit ${rowsMax}`.execute(
    from,
  );
  return rows;
}

/** Those in force whose hours hold for calls that people place. */
export async function loadPoliciesByHand(from: Sql, tenantId: TenantId): Promise<Policy[]> {
  const { rows } = await sql<Policy>`
    select ${COLUMNS} from ${CURRENT}
     where p.tenant_id = ${tenantId} and p.deleted_at is null and v.acknowledged_at is not null
       and v.pack -> 'holdsByHand' = 'true'::jsonb order by p.id`.execute(from);
  return rows;
}

/** One version as it was, also of a policy that is gone: what the ledger cites. */
export async function loadPolicyVersion(
  from: Sql,
  tenantId: TenantId,
  { id, version }: { id: string; version: number },
): Promise<Policy | null> {
  const { rows } = await sql<Policy>`
    select p.tenant_id as "tenantId", p.id, p.name, p.template, v.version, v.pack, v.acknowledged_by as "acknowledgedBy",
           v.acknowledged_name as "acknowledgedName", v.acknowledged_at as "acknowledgedAt", p.created_at as "createdAt",
           v.created_at as "updatedAt"
      from policies p join policy_versions v on v.tenant_id = p.tenant_id and v.policy_id = p.id
     where p.tenant_id = ${tenantId} and p.id = ${id} and v.version = ${version}`.execute(from);
  return rows[0] ?? null;
}

export interface PolicyText {
  name: string;
  template: string;
  pack: PolicyPack;
  actor: string;
  at: Date;
}

export async function savePolicy(
  on: Sql,
  tenantId: TenantId,
  { name, template, pack, actor, at }: PolicyText,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into policies (tenant_id, name, template, version, created_at, updated_at)
    values (${tenantId}, ${name}, ${template}, 1, ${at}, ${at}) returning id`.execute(on);
  const id = rows[0]?.id;
  if (!id) throw new Error("an insert without a row");
  await saveVersion(on, tenantId, { id, version: 1, pack, actor, at });
  return id;
}

/** The next version; nobody has put their name to it yet. */
export async function changePolicy(
  on: Sql,
  { tenantId, id, version }: Pick<Policy, "tenantId" | "id" | "version">,
  { name, pack, actor, at }: Omit<PolicyText, "template">,
): Promise<void> {
  await saveVersion(on, tenantId, { id, version: version + 1, pack, actor, at });
  await sql`
    update policies set name = ${name}, version = ${version + 1}, updated_at = ${at}
     where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

export async function renamePolicy(on: Sql, { tenantId, id }: Policy, { name, at }: { name: string; at: Date }) {
  await sql`update policies set name = ${name}, updated_at = ${at} where tenant_id = ${tenantId} and id = ${id}`.execute(
    on,
  );
}

async function saveVersion(
  on: Sql,
  tenantId: TenantId,
  { id, version, pack, actor, at }: { id: string; version: number; pack: PolicyPack; actor: string; at: Date },
): Promise<void> {
  await sql`
    insert into policy_versions (tenant_id, policy_id, version, pack, created_by, created_at)
    values (${tenantId}, ${id}, ${version}, ${JSON.stringify(pack)}::jsonb, ${actor}, ${at})`.execute(on);
}

export async function acknowledgePolicy(
  on: Sql,
  { tenantId, id, version }: Pick<Policy, "tenantId" | "id" | "version">,
  { actor, name, at }: { actor: string; name: string; at: Date },
): Promise<void> {
  await sql`
    update policy_versions set acknowledged_by = ${actor}, acknowledged_name = ${name}, acknowledged_at = ${at}
     where tenant_id = ${tenantId} and policy_id = ${id} and version = ${version}`.execute(on);
}

/** Kept for the ledger; nobody can choose it any more. */
export async function removePolicy(on: Sql, { tenantId, id }: Policy, at: Date): Promise<void> {
  await sql`update policies set deleted_at = ${at} where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

export async function hasPolicyNamed(
  on: Sql,
  tenantId: TenantId,
  name: string,
  exceptId: string | null,
): Promise<boolean> {
  const { rows } = await sql`
    select from policies where tenant_id = ${tenantId} and lower(name) = lower(${name}) and deleted_at is null
       and id is distinct from ${exceptId}::bigint`.execute(on);
  return rows.length > 0;
}

/** Name of a project that has chosen the policy. */
export async function findPolicyUser(on: Sql, { tenantId, id }: Policy): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select name from projects where tenant_id = ${tenantId} and policy_id = ${id} limit 1`.execute(on);
  return rows[0]?.name ?? null;
}

/** On what grounds the people of a project may be called, as its tenant states. */
export interface ProjectConsent {
  basis: ConsentBasis;
  evidence: string;
  statedBy: string;
  statedAt: Date;
}

export async function loadConsent(from: Sql, tenantId: TenantId, projectId: string): Promise<ProjectConsent | null> {
  const { rows } = await sql<ProjectConsent>`
    select basis, evidence, stated_by as "statedBy", stated_at as "statedAt" from project_consents
     where tenant_id = ${tenantId} and project_id = ${projectId}`.execute(from);
  return rows[0] ?? null;
}

export async function saveConsent(
  on: Sql,
  tenantId: TenantId,
  { projectId, ...said }: ProjectConsent & { projectId: string },
) {
  await sql`
    insert into project_consents (tenant_id, project_id, basis, evidence, stated_by, stated_at)
    values (${tenantId}, ${projectId}, ${said.basis}, ${said.evidence}, ${said.statedBy}, ${said.statedAt})
    on conflict (tenant_id, project_id) do update set basis = excluded.basis, evidence = excluded.evidence,
      stated_by = excluded.stated_by, stated_at = excluded.stated_at`.execute(on);
}
