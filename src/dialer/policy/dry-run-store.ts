import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { PLACE_DIGITS } from "./number-zones.ts";

/** What a dry run reads of a campaign's contacts; it changes nothing. */
export interface DryRunScope {
  tenantId: TenantId;
  campaignId: RowId;
  projectId: RowId;
  /** Older calls count for no rule. */
  since: Date;
  /** Whom people called by hand since. */
  numbersByHand: readonly string[];
}

/** Contacts that every rule sees alike: nobody has called them lately, and what their numbers and columns say is the same. */
export interface ContactGroup {
  /** One of their numbers. */
  number: PhoneNumber;
  contacts: number;
  variables: Record<string, string>;
}

const pending = ({ tenantId, campaignId }: DryRunScope) =>
  sql`campaign_contacts c where c.tenant_id = ${tenantId} and c.campaign_id = ${campaignId} and c.state = 'pending'`;

const isSuppressed = ({ tenantId, campaignId, projectId }: DryRunScope) => sql`exists (
  select from suppressions s where s.tenant_id = ${tenantId} and s.number = c.number
     and (s.project_id is null or s.project_id = ${projectId}) and (s.campaign_id is null or s.campaign_id = ${campaignId}))`;

const wasCalled = ({
  tenantId,
  since,
  numbersByHand,
}: DryRunScope) => sql`(c.number = any(${[...numbersByHand]}::text[]) or exists (
  select from number_attempts a where a.tenant_id = ${tenantId} and a.number = c.number and a.at > ${since} and a.counted))`;

const debtWasCalled = ({ tenantId, since }: DryRunScope) => sql`exists (
  select from number_attempts a
   where a.tenant_id = ${tenantId} and a.debt = nullif(left(trim(c.variables ->> 'debt_id'), 100), '') and a.at > ${since} and a.counted)`;

export async function countPending(from: Sql, scope: DryRunScope): Promise<{ contacts: number; suppressed: number }> {
  const { rows } = await sql<{ contacts: number; suppressed: number }>`
    select (select count(*)::int from ${pending(scope)}) as contacts,
           (select count(*)::int from ${pending(scope)} and ${isSuppressed(scope)}) as suppressed`.execute(from);
  return rows[0] ?? { contacts: 0, suppressed: 0 };
}

/** Those who are not suppressed and have no history, in at most `rowsMax` groups, the largest first. */
export async function loadGroups(from: Sql, scope: DryRunScope, rowsMax: number): Promise<ContactGroup[]> {
  const { rows } = await sql<ContactGroup>`
    select min(c.number) as number, count(*)::int as contacts,
           jsonb_strip_nulls(jsonb_build_object('consent_basis', c.variables ->> 'consent_basis', 'time_zone', c.variables ->> 'time_zone')) as variables
      from ${pending(scope)} and not ${isSuppressed(scope)} and not ${wasCalled(scope)} and not ${debtWasCalled(scope)}
     group by left(c.number, ${1 + PLACE_DIGITS}::int), length(c.number), c.variables ->> 'consent_basis', c.variables ->> 'time_zone'
     order by 2 desc limit ${rowsMax}`.execute(from);
  return rows;
}

export interface KnownContact {
  number: PhoneNumber;
  variables: Record<string, string>;
}

/** Those who are not suppressed and have a history, at most `rowsMax` at a time until there are none; in a transaction. */
export async function openKnown(on: Sql, scope: DryRunScope, rowsMax: number): Promise<() => Promise<KnownContact[]>> {
  await sql`
    declare known no scroll cursor for
    select c.number, c.variables from ${pending(scope)}
       and not ${isSuppressed(scope)} and (${wasCalled(scope)} or ${debtWasCalled(scope)})`.execute(on);
  return async () => (await sql<KnownContact>`fetch ${sql.raw(String(rowsMax))} from known`.execute(on)).rows;
}

/**
 * Whatever the store knows of the tables' sizes, lists are compared whole: after an import it knows nothing yet, and would look
 * for each contact in all of the other list.
 */
export async function compareWhole(on: Sql): Promise<void> {
  await sql`set local enable_nestloop = off`.execute(on);
}

/** Columns of a campaign's contact; empty where the campaign does not have the number. */
export async function loadContactVariables(
  from: Sql,
  { tenantId, campaignId, number }: { tenantId: TenantId; campaignId: RowId; number: PhoneNumber },
): Promise<Record<string, string>> {
  const { rows } = await sql<{ variables: Record<string, string> }>`
    select variables from campaign_contacts
     where tenant_id = ${tenantId} and campaign_id = ${campaignId} and number = ${number}`.execute(from);
  return rows[0]?.variables ?? {};
}
