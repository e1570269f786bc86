import type pg from "pg";
import type { Disposition } from "../../core/disposition.ts";
import { type RowId, type TenantId, toTenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { inIndexOrder } from "../../kit/postgres/index-order.ts";
import type { CampaignContact, ContactState } from "../campaign.ts";
import type { ClaimQuota } from "./share-out.ts";

/*
 *   pending ── claim ──▶ dialing ── settle ──▶ completed | failed | skipped
 *      ▲                    ├── settle, with an instant for the next try ──▶ pending
 *      └── release ─────────┘   (it was never dialled: the attempt does not count)
 *
 * Whatever moves contacts moves `campaign_counts` in the same statement. Rows that were found and locked are changed by an
 * insert that always meets its row: an UPDATE would be a join, and with the statistics of an empty table the planner reads
 * the whole table for it. Counts are changed in the order of their key, so that no two statements wait for each other.
 */

/** What became of a contact that was claimed. */
export interface ContactOutcome {
  tenantId: TenantId;
  campaignId: RowId;
  contactId: RowId;
  /** `pending`: to be tried again at `nextAt`. */
  state: Exclude<ContactState, "dialing">;
  /** `null` leaves the last one: nobody was called (a policy, a full trunk). */
  disposition: Disposition | null;
  /** Attempts at this contact so far, this one too if it counts; `null` leaves the number. */
  attempts: number | null;
  /** `null` leaves the instant: at once, or where it is over. */
  nextAt: Date | null;
}

export interface ContactRef {
  tenantId: TenantId;
  campaignId: RowId;
  contactId: RowId;
}

/** What a row of `campaign_contacts` cannot be without. */
const ROW = "tenant_id, campaign_id, id, number, next_at, created_at";

const COUNT = `insert into campaign_counts as n (tenant_id, campaign_id, state, disposition, contacts)
  select tenant_id, campaign_id, state, disposition, sum(change) from moved
   group by tenant_id, campaign_id, state, disposition having sum(change) <> 0
   order by tenant_id, campaign_id, state, disposition
  on conflict (tenant_id, campaign_id, state, disposition) do update set contacts = n.contacts + excluded.contacts`;

const CLAIM = {
  name: "campaigns.claim",
  text: `
with asked as (
  select a.tenant_id, a.campaign_id, a.most
    from unnest($1::int[], $2::bigint[], $3::int[]) as a(tenant_id, campaign_id, most)
   cross join lateral (select from campaigns c where c.tenant_id = a.tenant_id and c.id = a.campaign_id
                          and c.state = 'active' and c.deleted_at is null) c
), picked as (
  select p.* from asked a cross join lateral (
    select c.* from campaign_contacts c
     where c.tenant_id = a.tenant_id and c.campaign_id = a.campaign_id and c.state = 'pending' and c.next_at <= $4
     order by c.next_at, c.id
     limit a.most
       for update of c skip locked) p
), claimed as (
  insert into campaign_contacts as c (${ROW})
  overriding system value
  select ${ROW} from picked
  on conflict (tenant_id, campaign_id, id) do update set state = 'dialing', claimed_by = $5, claimed_at = $4
  returning c.*
), moved as (
  select tenant_id, campaign_id, 'dialing' as state, coalesce(disposition, '') as disposition, 1 as change from claimed
  union all
  select tenant_id, campaign_id, 'pending', coalesce(disposition, ''), -1 from claimed
), counted as (${COUNT})
select tenant_id, campaign_id, id, number, variables, state, attempts, disposition, next_at from claimed`,
} as const;

const SETTLE = {
  name: "campaigns.settle",
  text: `
with told as (
  select * from unnest($1::int[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::timestamptz[])
    as t(tenant_id, campaign_id, id, new_state, new_disposition, new_attempts, new_next_at)
), found as (
  select c.*, t.new_state, coalesce(t.new_disposition, c.disposition) as new_disposition, coalesce(t.new_attempts, c.attempts) as new_attempts,
         coalesce(t.new_next_at, c.next_at) as new_next_at
    from told t cross join lateral (
      select c.* from campaign_contacts c
       where c.tenant_id = t.tenant_id and c.campaign_id = t.campaign_id and c.id = t.id and c.state = 'dialing'
         for update of c) c
), settled as (
  insert into campaign_contacts as c (${ROW}, state, disposition, attempts, last_attempt_at)
  overriding system value
  select tenant_id, campaign_id, id, number, new_next_at, created_at, new_state, new_disposition, new_attempts,
         case when new_attempts > attempts then $8 else last_attempt_at end
    from found
  on conflict (tenant_id, campaign_id, id) do update
     set state = excluded.state, disposition = excluded.disposition, attempts = excluded.attempts,
         next_at = excluded.next_at, last_attempt_at = excluded.last_attempt_at, claimed_by = null, claimed_at = null
  returning c.id
), moved as (
  select tenant_id, campaign_id, 'dialing' as state, coalesce(disposition, '') as disposition, -1 as change from found
  union all
  select tenant_id, campaign_id, new_state, coalesce(new_disposition, ''), 1 from found
), counted as (${COUNT})
select id from settled`,
} as const;

const LIST_DIALING = {
  name: "campaigns.list_dialing",
  text: `
select tenant_id, campaign_id, id, number, variables, state, attempts, disposition, next_at
  from campaign_contacts
 where state = 'dialing' and ($1::text is null or claimed_by = $1) and claimed_at < $2
   and (tenant_id, campaign_id, id) > ($3::int, $4::bigint, $5::bigint)
 order by tenant_id, campaign_id, id
 limit $6`,
} as const;

/** Due contacts, at most `most` of each campaign, become `dialing`. No two claims take the same one. */
export async function claimContacts(
  database: Database,
  { quotas, now, owner }: { quotas: readonly ClaimQuota[]; now: Date; owner: string },
): Promise<CampaignContact[]> {
  if (quotas.length === 0) return [];
  const values = [
    quotas.map(({ tenantId }) => tenantId),
    quotas.map(({ campaignId }) => campaignId),
    quotas.map(({ most }) => most),
    now,
    owner,
  ];
  return inIndexOrder(database, async (client) => {
    const { rows } = await client.query<ContactRow>({ ...CLAIM, values });
    return rows.map(toContact);
  });
}

/**
 * Writes down what became of contacts, all in one statement. A contact that is not being dialled is passed over, so that
 * telling it twice changes nothing. Returns how many it changed.
 */
export async function settleContacts(
  database: Database,
  outcomes: readonly ContactOutcome[],
  now: Date,
): Promise<number> {
  if (outcomes.length === 0) return 0;
  const column = <T>(of: (outcome: ContactOutcome) => T): T[] => outcomes.map(of);
  const values = [
    column(({ tenantId }) => tenantId),
    column(({ campaignId }) => campaignId),
    column(({ contactId }) => contactId),
    column(({ state }) => state),
    column(({ disposition }) => disposition),
    column(({ attempts }) => attempts),
    column(({ nextAt }) => nextAt),
    now,
  ];
  return inIndexOrder(database, async (client) => (await client.query({ ...SETTLE, values })).rows.length);
}

/** Contacts being dialled, claimed before an instant and, where `owner` is told, by that process; in the order of their keys. */
export async function listDialing(
  database: Database,
  ask: { owner: string | null; claimedBefore: Date; after: ContactRef | null; rowsMax: number },
): Promise<CampaignContact[]> {
  const { owner, claimedBefore, after, rowsMax } = ask;
  const position = [after?.tenantId ?? 0, after?.campaignId ?? "0", after?.contactId ?? "0"];
  return inIndexOrder(database, async (client) => {
    const { rows } = await client.query<ContactRow>({
      ...LIST_DIALING,
      values: [owner, claimedBefore, ...position, rowsMax],
    });
    return rows.map(toContact);
  });
}

interface ContactRow extends pg.QueryResultRow {
  tenant_id: number;
  campaign_id: RowId;
  id: RowId;
  number: PhoneNumber;
  variables: Record<string, string>;
  state: ContactState;
  attempts: number;
  disposition: Disposition | null;
  next_at: Date;
}

function toContact(row: ContactRow): CampaignContact {
  return {
    tenantId: toTenantId(row.tenant_id),
    id: row.id,
    campaignId: row.campaign_id,
    number: row.number,
    variables: row.variables,
    state: row.state,
    attempts: row.attempts,
    disposition: row.disposition,
    nextAt: row.next_at,
  };
}
