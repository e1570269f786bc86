import { parsePhoneNumber } from "../../core/phone-number.ts";
import type { ConnectorContext, CrmContact, Responsible, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { ContactLookup } from "./contact-lookup.ts";
import { toRecordUrl, toText, type VtigerSettings } from "./schema.ts";
import { toLiteral } from "./vtql.ts";

export interface ResponsibleOptions {
  context: ConnectorContext<VtigerSettings>;
  client: VtigerClient;
  contacts: ContactLookup;
}

/** What is known of a user or group: its name and, of users only, their CRM Phone Extension. */
interface OwnerFacts {
  name: string;
  extension: string;
}

const KEPT_MS = 10 * 60_000;
const EXTENSION = /^\d{2,10}$/;

/**
 * The extension of whoever a contact is assigned to: the user's own CRM Phone Extension, else the one that the static map
 * gives to this user or group. A map that gives one owner several extensions means the first.
 */
export function createResponsible({ context, client, contacts }: ResponsibleOptions) {
  const { settings, memory, tenant } = context;

  async function findOwner(id: string, run: Run): Promise<OwnerFacts | "denied"> {
    const value = toLiteral(id);
    const queries = [
      [`select id,user_name,phone_crm_extension from Users where id=${value};`, "user_name"],
      [`select id,groupname from Groups where id=${value};`, "groupname"],
    ] as const;
    let isDenied = false;
    for (const [statement, field] of queries) {
      try {
        const [row] = await client.query(statement, run);
        if (row) return { name: toText(row, field), extension: toText(row, "phone_crm_extension").trim() };
      } catch (error) {
        if (!(error instanceof VtigerFailure)) throw error;
        if (error.kind === "denied") isDenied = true;
        else if (error.kind !== "reference") throw error; // an id of another kind of record than this query asks for
      }
    }
    return isDenied ? "denied" : { name: "", extension: "" }; // nobody: an inactive user
  }

  function findMapped(id: string, name: string): string | null {
    const mapped = Object.entries(settings.ownerByExtension).find(([, owner]) => owner === id || owner === name);
    return mapped?.[0] ?? null;
  }

  async function loadExtension(id: string, run: Run): Promise<Pick<Responsible, "extension" | "owner">> {
    const facts = await findOwner(id, run);
    if (facts === "denied") {
      const extension = findMapped(id, id);
      return { extension, owner: `${id}, whom the API user may not see` };
    }
    if (facts.name === "") return { extension: null, owner: `${id}, who is not active` };
    const own = EXTENSION.test(facts.extension) ? facts.extension : null;
    return { extension: own ?? findMapped(id, facts.name), owner: facts.name };
  }

  /** Owners are few and change rarely, while every ringing call asks for one. */
  async function rememberExtension(id: string, run: Run): Promise<Pick<Responsible, "extension" | "owner">> {
    const key = `extension:${id}`;
    const kept = await memory.load(key);
    const [extension, ...owner] = kept?.split(" ") ?? [];
    if (extension !== undefined) return { extension: extension === "-" ? null : extension, owner: owner.join(" ") };
    const found = await loadExtension(id, run);
    await memory.save(key, `${found.extension ?? "-"} ${found.owner}`, KEPT_MS);
    return found;
  }

  return async (text: string, run: Run): Promise<Responsible | null> => {
    const number = parsePhoneNumber(text, tenant.country);
    if (number === undefined) return null;
    const { contact } = await contacts.find(number, run);
    if (contact === null) return null;
    const crmContact = toCrmContact(settings, contact);
    if (contact.owner === undefined) return { contact: crmContact, extension: null, owner: "nobody that we may see" };
    return { contact: crmContact, ...(await rememberExtension(contact.owner, run)) };
  };
}

/** A found contact as other rooms get it. */
export function toCrmContact(
  settings: VtigerSettings,
  { id, name, module }: { id: string; name: string; module: string },
): CrmContact {
  return { id, name, kind: module, url: toRecordUrl(settings, module, id) };
}
