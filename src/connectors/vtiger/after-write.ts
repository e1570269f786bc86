import type { Sentence } from "../../core/sentence.ts";
import type { Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { ContactLookup } from "./contact-lookup.ts";
import type { Draft } from "./draft.ts";
import type { LinkedContact } from "./mapping.ts";
import { toText, type VtigerRecord } from "./schema.ts";
import { say } from "./words.ts";

export interface AfterWriteOptions {
  client: VtigerClient;
  contacts: ContactLookup;
  findExisting(draft: Draft, run: Run): Promise<readonly VtigerRecord[]>;
}

/** What Vtiger quietly did to a record that it took: looked at afterwards, because nothing over there tells. */
export interface AfterWrite {
  /** Why the record that was just made might not be found again; nothing when it will. */
  findHidden(draft: Draft, row: VtigerRecord, run: Run): Promise<readonly Sentence[]>;
  /** Links the record to the contact that is there now, when the one we remembered is gone. */
  mendLink(draft: Draft, row: VtigerRecord, run: Run): Promise<Linked>;
}

interface Linked {
  contact: LinkedContact | null;
  reviews: readonly Sentence[];
}

const OWNERS_SEEN_MAX = 1000;

/** The record stands by now, so a failure in here is never the delivery's. */
export function createAfterWrite({ client, contacts, findExisting }: AfterWriteOptions): AfterWrite {
  const visibleOwners = new Set<string>();

  /** With private sharing a record leaves our sight by being given to its owner: then no later attempt could find it. */
  async function findHidden({ layout, key, ...rest }: Draft, row: VtigerRecord, run: Run): Promise<Sentence[]> {
    const kept = toText(row, layout.keyField);
    if (kept !== key) return [say("narrowKey", { field: layout.keyField, kept })];
    const { userId, isAdmin } = await client.identity(run);
    const ownerId = toText(row, "assigned_user_id");
    if (isAdmin === true || ownerId === userId || visibleOwners.has(ownerId)) return [];
    const visible = (await findExisting({ layout, key, ...rest }, run)).some(({ id }) => id === row.id);
    if (visible && visibleOwners.size < OWNERS_SEEN_MAX) visibleOwners.add(ownerId);
    if (visible) return [];
    return [say("unseenOwner", { owner: ownerId })];
  }

  /** A link to a deleted contact is taken without a word and reads back empty. */
  async function mendLink({ contact, layout, number, reviews }: Draft, row: VtigerRecord, run: Run): Promise<Linked> {
    const sent = contact === null ? undefined : layout.links.get(contact.module);
    if (contact === null || number === null || sent === undefined || toText(row, sent) !== "")
      return { contact, reviews };
    await contacts.forget(number);
    const again = await contacts.find(number, run);
    const field = again.contact === null ? undefined : layout.links.get(again.contact.module);
    if (again.contact === null || field === undefined || again.contact.id === contact.id) {
      return { contact: null, reviews: [...reviews, again.review ?? say("unlinkable", { contact: contact.id })] };
    }
    await client.revise(row.id, { [field]: again.contact.id }, run);
    return { contact: again.contact, reviews };
  }

  return {
    findHidden: (draft, row, run) => findHidden(draft, row, run).catch((error: unknown) => [toReview(error)]),
    mendLink: (draft, row, run) =>
      mendLink(draft, row, run).catch((error: unknown) => ({
        contact: null,
        reviews: [...draft.reviews, toReview(error)],
      })),
  };
}

/** Rethrows a bug. */
function toReview(error: unknown): Sentence {
  if (error instanceof VtigerFailure) return say("notLookedAt", { why: error.sentence });
  throw error;
}
