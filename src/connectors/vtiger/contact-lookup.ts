import { createHash } from "node:crypto";
import { z } from "zod";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { ConnectorContext, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { ModuleCache } from "./describe.ts";
import type { LinkedContact } from "./mapping.ts";
import { isSameNumber, toNationalDigits } from "./phone-match.ts";
import {
  isRecordId,
  LOOKUP_MODULES,
  type LookupModule,
  parseKept,
  recordId,
  toText,
  type VtigerRecord,
  type VtigerSettings,
} from "./schema.ts";
import { toDigitsPattern, toName } from "./vtql.ts";
import { say } from "./words.ts";

/** `review` says why nobody was linked, for a person to decide. */
export interface LookupResult {
  contact: LinkedContact | null;
  review?: Sentence;
}

export interface ContactLookup {
  /** The one contact with this number; nobody when there is none or more than one. Remembered for a while. */
  find(number: PhoneNumber, run: Run): Promise<LookupResult>;
  /** What is remembered of this number is wrong. */
  forget(number: PhoneNumber): Promise<void>;
}

export interface ContactLookupOptions {
  context: ConnectorContext<VtigerSettings>;
  client: VtigerClient;
  modules: ModuleCache;
}

const FOUND_TTL_MS = 10 * 60_000;
const NOT_FOUND_TTL_MS = 60_000;
/** Vtiger gives 100 rows at most; a pattern that matches more than this many pages is not worth following. */
const PAGE_ROWS = 100;
const PAGES_MAX = 5;

const OWNER_FIELD = "assigned_user_id";
const PHONE_FIELDS: Readonly<Record<LookupModule, readonly string[]>> = {
  Contacts: ["phone", "mobile", "homephone", "otherphone", "assistantphone"],
  Leads: ["phone", "mobile"],
  Accounts: ["phone", "otherphone"],
};
const NAME_FIELDS: Readonly<Record<LookupModule, readonly string[]>> = {
  Contacts: ["firstname", "lastname"],
  Leads: ["firstname", "lastname", "company"],
  Accounts: ["accountname"],
};

const keptSentence = z.object({
  ...{ text: z.string(), code: z.string() },
  values: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
});
const remembered = z.object({
  contact: z
    .object({ id: recordId, module: z.enum(LOOKUP_MODULES), name: z.string(), owner: recordId.optional() })
    .nullable(),
  review: keptSentence.optional(),
});

/**
 * Finds people by number although every number is stored as somebody typed it: a wildcard between all digits finds each
 * spelling (and too much), then `isSameNumber` compares digit by digit.
 */
export function createContactLookup({ context, client, modules }: ContactLookupOptions): ContactLookup {
  const { settings, memory, tenant, log } = context;

  async function findIn(module: LookupModule, number: PhoneNumber, run: Run): Promise<LinkedContact[] | "too many"> {
    const seen = new Set((await modules.load(module, run)).fields.map(({ name }) => name));
    const phones = PHONE_FIELDS[module].filter((field) => seen.has(field)).map(toName);
    const names = NAME_FIELDS[module].filter((field) => seen.has(field)).map(toName);
    const owner = [OWNER_FIELD].filter((field) => seen.has(field));
    if (phones.length === 0) return [];
    const pattern = toDigitsPattern(toNationalDigits(number));
    const where = phones.map((field) => `${field} like ${pattern}`).join(" or ");
    const found: LinkedContact[] = [];
    for (let page = 0; page < PAGES_MAX; page++) {
      const columns = ["id", ...names, ...owner, ...phones].join(",");
      const limit = `limit ${page * PAGE_ROWS}, ${PAGE_ROWS}`;
      const rows = await client.query(`select ${columns} from ${module} where ${where} ${limit};`, run);
      const matches = rows.filter((row) =>
        phones.some((field) => isSameNumber(toText(row, field), number, tenant.country)),
      );
      found.push(...matches.map((row) => toContact(module, row, names)));
      if (rows.length < PAGE_ROWS) return found;
    }
    return found.length > 0 ? found : "too many";
  }

  async function search(number: PhoneNumber, run: Run): Promise<LookupResult> {
    for (const module of settings.lookupModules) {
      const found = await findIn(module, number, run).catch((error: unknown) => {
        if (!(error instanceof VtigerFailure) || error.kind !== "denied") throw error;
        log.warn({ module, reason: error.message }, "vtiger.lookup_denied"); // the other modules may still be open to us
        return [];
      });
      if (found === "too many") return { contact: null, review: say("tooMany", { module }) };
      const [first, second] = found;
      if (first !== undefined && second === undefined) return { contact: first };
      if (first !== undefined) {
        const ids = found.slice(0, 5).map(({ id }) => id);
        return { contact: null, review: say("ambiguous", { count: found.length, module, ids }) };
      }
    }
    return { contact: null, review: say("nobody") };
  }

  return {
    find: async (number, run) => {
      const known = parseKept(remembered, await memory.load(toMemoryKey(number)));
      if (known !== undefined) {
        return { contact: known.contact, ...(known.review !== undefined && { review: known.review }) };
      }
      const result = await search(number, run);
      await memory.save(toMemoryKey(number), JSON.stringify(result), result.contact ? FOUND_TTL_MS : NOT_FOUND_TTL_MS);
      return result;
    },
    forget: (number) => memory.forget(toMemoryKey(number)),
  };
}

/** Keys of the memory are not sealed, so they do not show the number. */
const toMemoryKey = (number: PhoneNumber): string =>
  `contact:${createHash("sha256").update(number).digest("hex").slice(0, 32)}`;

function toContact(module: LookupModule, row: VtigerRecord, names: readonly string[]): LinkedContact {
  const owner = toText(row, OWNER_FIELD);
  return { id: row.id, module, name: toDisplayName(row, names), ...(isRecordId(owner) && { owner }) };
}

function toDisplayName(row: VtigerRecord, fields: readonly string[]): string {
  const parts = fields.map((field) => toText(row, field).trim()).filter((part) => part !== "");
  return parts.join(" ").slice(0, 200);
}
