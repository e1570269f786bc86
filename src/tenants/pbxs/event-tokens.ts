import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { deriveKey } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { say } from "../words.ts";
import { loadPbx } from "./store.ts";
import {
  expireTokens,
  type FoundToken,
  findTokenOwner,
  loadEnvironmentToken,
  loadTokenOwner,
  saveNewToken,
  type TokenOwner,
} from "./token-store.ts";

/**
 * The tokens that PBXs show with the events they post. Shown once and kept as HMAC under the installation's secret, so that
 * they are found by what nobody outside can compute, and a stolen table opens nothing.
 */
export interface EventTokens {
  /** Whose token it is; `null` if nobody's, or not good any more. */
  find(token: string): Promise<TokenOwner | null>;
  /** The same of a PBX that is known by its id, switched off or not; `null` when it was removed. */
  loadOwner(tenantId: TenantId, pbxId: string): Promise<TokenOwner | null>;
  /** Makes a new token, or takes the given one; those before it stay good for `overlapSeconds`. Throws `not_found`, `conflict`. */
  rotate(doer: Doer, pbxId: string, given: Rotation): Promise<{ token: string; othersExpireAt: Date }>;
  /** Ends every token of the PBX now: it posts no more. */
  revoke(doer: Doer, pbxId: string): Promise<void>;
  /**
   * Keeps the PBX's token in step with PBX_TOKEN: a changed one becomes current and what was before it stays good for a
   * day; an unchanged one does nothing, so a rotation by API is not undone by a restart. Tells whether anything changed.
   */
  applyEnvironmentToken(tenantId: TenantId, pbxId: string, token: string): Promise<boolean>;
  stop(): void;
}

export interface Rotation {
  overlapSeconds: number;
  /** One that the PBX has already; else one is made. */
  token?: string | undefined;
}

export interface EventTokensOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  /** ENLACE_SECRET, and those before it: what they hashed is still found. */
  secret: string;
  previousSecrets?: readonly string[];
}

const CACHE = { ttlMs: 60_000, keysMax: 10_000 };
const ENVIRONMENT_OVERLAP_SECONDS = 86_400;
const TOKEN_LENGTH_MAX = 200;

export function createEventTokens(options: EventTokensOptions): EventTokens {
  const { database, listener, clock, random, secret, previousSecrets = [] } = options;
  const keys = [secret, ...previousSecrets].map((each) => createSecretKey(deriveKey(each, "pbx.event_token")));
  const toHashes = (token: string): Buffer[] =>
    keys.map((key) => createHmac("sha256", key).update(token, "utf8").digest());
  const toHash = (token: string): Buffer => toHashes(token)[0] ?? Buffer.alloc(0);

  /** By the hash, so that no token lies in memory. Nobody's tokens are not remembered: they would crowd out the good ones. */
  const found = createCache<string, FoundToken | null>({
    ...CACHE,
    clock,
    load: async (hashes) => {
      const owner = await findTokenOwner(database.sql, hashes.split(" ").map(fromHex));
      if (owner === null) found.forget(hashes);
      return owner;
    },
  });
  const unsubscribe = listener.on("settings", () => found.forgetAll());

  async function save(on: Sql, doer: Doer, given: Parameters<typeof saveNewToken>[1]): Promise<void> {
    if (!(await saveNewToken(on, given))) throw new AppError("conflict", say("tokenUnusable"));
    const { pbxId, origin, at, othersExpireAt } = given;
    const detail = { origin, others_expire_at: othersExpireAt.toISOString() };
    await writeAudit(on, doer, { action: "pbx.event_token", target: `pbx:${pbxId}`, detail, at });
    await notifySettings(on, doer.tenantId);
  }

  /** Runs `work` with the tenant locked and the PBX known to be its own. */
  const locked = async <T>(tenantId: TenantId, pbxId: string, work: (on: Sql, at: Date) => Promise<T>): Promise<T> => {
    const result = await database.sql.transaction().execute(async (on) => {
      await lockTenant(on, tenantId);
      if (!(await loadPbx(on, tenantId, pbxId))) throw new AppError("not_found", say("noPbx"));
      return work(on, clock.now());
    });
    found.forgetAll();
    return result;
  };

  return {
    find: async (token) => {
      if (token === "" || token.length > TOKEN_LENGTH_MAX) return null;
      const hashes = toHashes(token);
      const owner = await found.get(hashes.map((hash) => hash.toString("hex")).join(" "));
      const isGood = owner !== null && hashes.map((hash) => timingSafeEqual(hash, owner.tokenHash)).includes(true);
      return isGood && (owner.expiresAt === null || owner.expiresAt > clock.now()) ? owner : null;
    },
    loadOwner: (tenantId, pbxId) => loadTokenOwner(database.sql, tenantId, pbxId),
    rotate: (doer, pbxId, { overlapSeconds, token = newSecret(random) }) =>
      locked(doer.tenantId, pbxId, async (on, at) => {
        const othersExpireAt = new Date(at.getTime() + overlapSeconds * 1000);
        const { tenantId } = doer;
        await save(on, doer, { tenantId, pbxId, tokenHash: toHash(token), origin: "api", at, othersExpireAt });
        return { token, othersExpireAt };
      }),
    revoke: (doer, pbxId) =>
      locked(doer.tenantId, pbxId, async (on, at) => {
        await expireTokens(on, { tenantId: doer.tenantId, pbxId, at });
        await writeAudit(on, doer, { action: "pbx.event_token_revoke", target: `pbx:${pbxId}`, at });
        await notifySettings(on, doer.tenantId);
      }),
    applyEnvironmentToken: (tenantId, pbxId, token) =>
      locked(tenantId, pbxId, async (on, at) => {
        const last = await loadEnvironmentToken(on, tenantId, pbxId);
        if (last && toHashes(token).some((hash) => timingSafeEqual(hash, last))) return false;
        const othersExpireAt = new Date(at.getTime() + ENVIRONMENT_OVERLAP_SECONDS * 1000);
        const doer = { tenantId, actor: "enlace", address: "" };
        await save(on, doer, { tenantId, pbxId, tokenHash: toHash(token), origin: "environment", at, othersExpireAt });
        return true;
      }),
    stop: () => {
      unsubscribe();
      found.stop();
    },
  };
}

const fromHex = (hex: string): Buffer => Buffer.from(hex, "hex");
