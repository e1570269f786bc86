import { sql } from "kysely";
import { AppError } from "../../core/errors.ts";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Administer, Doer } from "../administer.ts";
import type { ContactState } from "../campaign.ts";
import { say } from "../words.ts";
import { noSuchCampaign } from "./campaign-changes.ts";
import { loadContacts, type StoredContact } from "./contact-store.ts";
import { loadCampaign, loadCounts, type StoredCampaign } from "./store.ts";

/** Somebody to call, as a program names them. */
export interface NewContact {
  number: string;
  variables: Readonly<Record<string, string>>;
}

export interface AddedContacts {
  inserted: number;
  /** Numbers that the campaign had already, and those that came twice. */
  duplicates: number;
  /** `line` counts what was sent, from 1. */
  invalid: { line: number; value: string; reason: string }[];
}

/**
 * Contacts one by one, while the campaign waits or runs: no list, no file. Each throws `AppError`: `not_found`, `conflict` with
 * what stands in the way.
 */
export interface ContactChanges {
  /** To a campaign in draft, active or paused. Again, it changes nothing: a number is in a campaign once. */
  add(doer: Doer, campaignId: string, contacts: readonly NewContact[]): Promise<AddedContacts>;
  /** Not to be called; of one who waits. One who is skipped already stays so. */
  skip(doer: Doer, campaignId: string, contactId: string): Promise<StoredContact>;
  /** Out of the campaign and its figures, unless being called now. Calls that were made stay in the log. */
  remove(doer: Doer, campaignId: string, contactId: string): Promise<void>;
}

export interface ContactChangeOptions {
  administer: Administer;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

const OPEN: readonly StoredCampaign["state"][] = ["draft", "active", "paused"];
const CONTACTS_MAX = 10_000_000;

export function createContactChanges({ administer, loadTenant }: ContactChangeOptions): ContactChanges {
  return {
    add: async (doer, campaignId, contacts) => {
      const country = (await loadTenant(doer.tenantId))?.country ?? "";
      const { good, invalid } = readContacts(contacts, country);
      return administer(doer, async (on, at) => {
        const campaign = await loadOpen(on, doer.tenantId, campaignId);
        await refuseBeyondRoom(on, campaign, good.length);
        const inserted = await insertContacts(on, campaign, good, at);
        if (inserted > 0) await touch(on, campaign, at);
        const deed = { action: "campaign.contacts", target: `campaign:${campaignId}`, detail: { inserted } };
        const value = { inserted, duplicates: good.length - inserted, invalid };
        return { value, deed: inserted > 0 ? deed : null };
      });
    },
    skip: (doer, campaignId, contactId) =>
      administer(doer, async (on) => {
        const contact = await lockContact(on, doer.tenantId, { campaignId, contactId });
        if (contact.state === "skipped") return { value: contact, deed: null };
        if (contact.state !== "pending")
          throw new AppError("conflict", say("contactState", { state: say(contact.state) }));
        await moveContact(on, contact, "skipped");
        return { value: { ...contact, state: "skipped" }, deed: toDeed("skip", contact) };
      }),
    remove: (doer, campaignId, contactId) =>
      administer(doer, async (on) => {
        const contact = await lockContact(on, doer.tenantId, { campaignId, contactId });
        if (contact.state === "dialing") throw new AppError("conflict", say("contactCalled"));
        await moveContact(on, contact, null);
        return { value: undefined, deed: toDeed("remove", contact) };
      }),
  };
}

const toDeed = (what: "skip" | "remove", { campaignId, id, number }: StoredContact) => ({
  ...{ action: `campaign.contact_${what}`, target: `campaign:${campaignId}` },
  detail: { contact: id, number },
});

function readContacts(contacts: readonly NewContact[], country: string) {
  const good: { number: PhoneNumber; variables: string }[] = [];
  const invalid: AddedContacts["invalid"] = [];
  for (const [index, { number: text, variables }] of contacts.entries()) {
    const number = parsePhoneNumber(text, country);
    if (number) good.push({ number, variables: JSON.stringify(variables) });
    else invalid.push({ line: index + 1, value: text, reason: FIELD_SENTENCES.phone });
  }
  return { good, invalid };
}

async function loadOpen(on: Sql, tenantId: TenantId, id: string): Promise<StoredCampaign> {
  const campaign = await loadCampaign(on, tenantId, id);
  if (!campaign) throw noSuchCampaign();
  if (!OPEN.includes(campaign.state))
    throw new AppError("conflict", say("campaignOver", { state: say(campaign.state) }));
  return campaign;
}

async function refuseBeyondRoom(on: Sql, { tenantId, id }: StoredCampaign, more: number): Promise<void> {
  const counts = (await loadCounts(on, tenantId, [id])).get(id) ?? [];
  const there = counts.reduce((sum, { contacts }) => sum + contacts, 0);
  if (there + more > CONTACTS_MAX) throw new AppError("conflict", say("contactsMax", { max: CONTACTS_MAX }));
}

async function insertContacts(
  on: Sql,
  { tenantId, id }: StoredCampaign,
  contacts: readonly { number: PhoneNumber; variables: string }[],
  at: Date,
): Promise<number> {
  const numbers = contacts.map(({ number }) => number);
  const variables = contacts.map((contact) => contact.variables);
  const { rows } = await sql<{ inserted: number }>`
    with taken as (
      insert into campaign_contacts (tenant_id, campaign_id, number, variables, next_at, created_at)
      select ${tenantId}, ${id}, number, variables::jsonb, ${at}, ${at}
        from unnest(${numbers}::text[], ${variables}::text[]) as g(number, variables)
      on conflict (tenant_id, campaign_id, number) do nothing
      returning 1
    ) select count(*)::int as inserted from taken`.execute(on);
  const inserted = rows[0]?.inserted ?? 0;
  if (inserted > 0) await changeCount(on, { tenantId, campaignId: id, state: "pending", disposition: null }, inserted);
  return inserted;
}

/** So that nobody who looked before this was committed ends the campaign; see `completeDone`. */
async function touch(on: Sql, { tenantId, id }: StoredCampaign, at: Date): Promise<void> {
  const { rows } = await sql`
    update campaigns set updated_at = greatest(${at}::timestamptz, updated_at + interval '1 microsecond')
     where tenant_id = ${tenantId} and id = ${id} and state in ('draft', 'active', 'paused') returning 1`.execute(on);
  if (rows.length === 0) throw new AppError("conflict", say("campaignCompleted"));
}

async function lockContact(
  on: Sql,
  tenantId: TenantId,
  { campaignId, contactId }: { campaignId: string; contactId: string },
): Promise<StoredContact> {
  if (!(await loadCampaign(on, tenantId, campaignId))) throw noSuchCampaign();
  await sql`
    select from campaign_contacts
     where tenant_id = ${tenantId} and campaign_id = ${campaignId} and id = ${contactId} for update`.execute(on);
  const afterId = String(BigInt(contactId) - 1n);
  const [contact] = await loadContacts(on, { tenantId, id: campaignId }, { afterId, rowsMax: 1 });
  if (contact?.id !== contactId) throw new AppError("not_found", say("noContact"));
  return contact;
}

/** `null`: out of the campaign. */
async function moveContact(on: Sql, contact: StoredContact, to: ContactState | null): Promise<void> {
  const { tenantId, campaignId, id, disposition } = contact;
  const key = sql`tenant_id = ${tenantId} and campaign_id = ${campaignId} and id = ${id}`;
  if (to === null) await sql`delete from campaign_contacts where ${key}`.execute(on);
  else await sql`update campaign_contacts set state = ${to} where ${key}`.execute(on);
  await changeCount(on, contact, -1);
  if (to !== null) await changeCount(on, { tenantId, campaignId, disposition, state: to }, 1);
}

interface CountKey extends Pick<StoredContact, "tenantId" | "state" | "disposition"> {
  campaignId: RowId;
}

async function changeCount(on: Sql, { tenantId, campaignId, state, disposition }: CountKey, by: number): Promise<void> {
  await sql`
    insert into campaign_counts as n (tenant_id, campaign_id, state, disposition, contacts)
    values (${tenantId}, ${campaignId}, ${state}, ${disposition ?? ""}, ${by})
    on conflict (tenant_id, campaign_id, state, disposition) do update set contacts = n.contacts + excluded.contacts`.execute(
    on,
  );
}
