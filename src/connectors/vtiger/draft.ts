import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { CallSubject, ConnectorContext, Run } from "../connector.ts";
import type { ContactLookup, LookupResult } from "./contact-lookup.ts";
import type { ModuleCache } from "./describe.ts";
import { type LinkedContact, toKey, toOutsideParty, toRecord } from "./mapping.ts";
import type { OwnerLookup } from "./owner.ts";
import type { VtigerSettings } from "./schema.ts";
import { say } from "./words.ts";
import type { Writable } from "./write.ts";

/** A call made ready to be written: its fields, whom it is linked to, and what a person should look at. */
export interface Draft extends Writable {
  /** Value of the layout's key field. */
  key: string;
  /** Of the party outside, when it is one that can be looked up. */
  number: PhoneNumber | null;
  contact: LinkedContact | null;
  reviews: readonly Sentence[];
}

export interface DraftSources {
  context: ConnectorContext<VtigerSettings>;
  modules: ModuleCache;
  contacts: ContactLookup;
  owners: OwnerLookup;
}

/** Asks the CRM for all a record needs: fields, contact, owner. */
export async function createDraft(sources: DraftSources, subject: CallSubject, run: Run): Promise<Draft> {
  const { context, modules, contacts, owners } = sources;
  const { call, callUuid } = subject;
  const { language } = context.tenant;
  const layout = await modules.loadLayout(run);
  const party = toOutsideParty(call);
  const number = party?.kind === "number" ? party.number : null;
  const lookup: LookupResult = number === null ? { contact: null } : await contacts.find(number, run);
  const { owner, review: ownerReview } = await owners.find(call.agentExtension, run);
  const { contact, review } = lookup;
  const mapped = toRecord({ call, callUuid, layout, language, contact, owner });
  const unlinked = party?.kind === "withheld" ? say("withheld") : review;
  const reviews = [unlinked, ownerReview, ...mapped.notes].filter((sentence) => sentence !== undefined);
  const { creation, revision } = mapped;
  return { layout, key: toKey(callUuid), number, contact, reviews, creation, revision };
}
