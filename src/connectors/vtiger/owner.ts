import type { Sentence } from "../../core/sentence.ts";
import type { ConnectorContext, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { Owner } from "./mapping.ts";
import { isRecordId, type VtigerSettings } from "./schema.ts";
import { toLiteral, UncarriableValue } from "./vtql.ts";
import { say } from "./words.ts";

export interface OwnerResult {
  owner: Owner;
  review?: Sentence;
}

export interface OwnerLookup {
  /**
   * Who gets the record: the CRM user with this extension, else the static map's, else the fallback owner, else we
   * ourselves. Never fails for want of an owner.
   */
  find(extension: string | null, run: Run): Promise<OwnerResult>;
  /** The id of a user or group given by id or name, if there is exactly one; `null` if not; asks every time. */
  resolve(nameOrId: string, run: Run): Promise<string | null>;
  /** The user with this CRM Phone Extension; `"denied"` when we may not look. */
  findByExtension(extension: string, run: Run): Promise<string | null | "denied">;
}

const KNOWN_TTL_MS = 10 * 60_000;
const UNKNOWN_TTL_MS = 60_000;

export function createOwnerLookup(context: ConnectorContext<VtigerSettings>, client: VtigerClient): OwnerLookup {
  const { settings, memory } = context;

  async function queryIds(statement: string, run: Run): Promise<readonly string[]> {
    try {
      return (await client.query(statement, run)).map(({ id }) => id);
    } catch (error) {
      // an id of another kind of record than the query asks for
      if (error instanceof VtigerFailure && error.kind === "reference") return [];
      throw error;
    }
  }

  async function resolve(nameOrId: string, run: Run): Promise<string | null> {
    const value = toLiteralOrNull(nameOrId);
    if (value === null) return null;
    const [user, group] = isRecordId(nameOrId) ? ["id", "id"] : ["user_name", "groupname"];
    for (const statement of [
      `select id from Users where ${user}=${value};`,
      `select id from Groups where ${group}=${value};`,
    ]) {
      const ids = await queryIds(statement, run).catch((error: unknown) => {
        // a user without the right to see users: Vtiger itself checks the owner of what such a user creates
        if (error instanceof VtigerFailure && error.kind === "denied") return isRecordId(nameOrId) ? [nameOrId] : [];
        throw error;
      });
      if (ids.length === 1) return ids[0] ?? null;
    }
    return null;
  }

  async function findByExtension(extension: string, run: Run): Promise<string | null | "denied"> {
    const value = toLiteralOrNull(extension);
    if (value === null) return null;
    try {
      const ids = await queryIds(`select id from Users where phone_crm_extension=${value};`, run);
      return ids.length === 1 ? (ids[0] ?? null) : null;
    } catch (error) {
      if (error instanceof VtigerFailure && error.kind === "denied") return "denied";
      throw error;
    }
  }

  /** `find` is asked for every call, so its answers are kept, the empty ones for a shorter time. */
  async function remember(key: string, find: () => Promise<string | null>): Promise<string | null> {
    const kept = await memory.load(key);
    if (kept !== null) return kept === "" ? null : kept;
    const found = await find();
    await memory.save(key, found ?? "", found === null ? UNKNOWN_TTL_MS : KNOWN_TTL_MS);
    return found;
  }

  async function findAgent(extension: string, run: Run): Promise<string | null> {
    const user = await findByExtension(extension, run);
    if (user !== null && user !== "denied") return user;
    const mapped = settings.ownerByExtension[extension];
    return mapped === undefined ? null : resolve(mapped, run);
  }

  const rememberAgent = (extension: string, run: Run): Promise<string | null> =>
    remember(`owner:${extension.slice(0, 50)}=${settings.ownerByExtension[extension] ?? ""}`, () =>
      findAgent(extension, run),
    );

  return {
    resolve,
    findByExtension,
    find: async (extension, run) => {
      const { userId } = await client.identity(run);
      const agent = extension === null ? null : await rememberAgent(extension, run);
      if (agent !== null) return { owner: { id: agent, isAgent: true, isUser: toPrefix(agent) === toPrefix(userId) } };
      const wanted = settings.fallbackOwner;
      const fallback = wanted === "" ? null : await remember(`owner=${wanted}`, () => resolve(wanted, run));
      if (fallback !== null) return { owner: { id: fallback, isAgent: false, isUser: false } };
      const review = wanted === "" ? {} : { review: say("noFallback", { owner: wanted }) };
      return { owner: { id: userId, isAgent: false, isUser: true }, ...review };
    },
  };
}

/** The part of an id that names the sort of record. */
const toPrefix = (id: string): string => id.split("x")[0] ?? "";

function toLiteralOrNull(text: string): string | null {
  try {
    return toLiteral(text);
  } catch (error) {
    if (error instanceof UncarriableValue) return null; // nothing over there can be called that
    throw error;
  }
}
