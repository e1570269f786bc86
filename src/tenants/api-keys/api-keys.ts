import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type Caller, SCOPES, type Scope } from "../../http/access.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { toSecretHash } from "../../kit/same-secret.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { say } from "../words.ts";
import { type ApiKey, loadGoodKey, revokeKey, saveNewKey, saveUse } from "./store.ts";

/**
 * Keys of programs: `enl_` and 32 random bytes, shown once, stored as SHA-256 (full entropy needs no slow hash). What a key
 * may is its scopes, never more than whoever made it may.
 */
export interface ApiKeys {
  create(by: { caller: Caller; doer: Doer }, request: KeyRequest): Promise<{ stored: ApiKey; key: string }>;
  /** Throws `not_found`. */
  revoke(doer: Doer, id: RowId): Promise<void>;
  /** The key if it is good. Notes its use at most once a minute. */
  authenticate(key: string): Promise<ApiKey | undefined>;
  /** A key that may everything, operators' work included: for the command line of the machine Enlace runs on. */
  createOperatorKey(tenantId: TenantId, name: string): Promise<string>;
}

export interface KeyRequest {
  name: string;
  scopes: readonly Scope[];
  expiresAt: Date | null;
}

export interface ApiKeysOptions {
  database: Database;
  clock: Clock;
  random: Random;
}

export const KEY_START = "enl_";
const KEY = /^enl_[A-Za-z0-9_-]{43}$/;
const PREFIX_LENGTH = 12;
const USE_EVERY_MS = 60_000;

export function createApiKeys({ database, clock, random }: ApiKeysOptions): ApiKeys {
  async function save(transaction: Sql, doer: Doer, request: KeyRequest & { isOperator: boolean }) {
    const at = clock.now();
    const key = KEY_START + newSecret(random, 32);
    const { tenantId, actor } = doer;
    const row = {
      ...request,
      tenantId,
      createdBy: actor,
      prefix: key.slice(0, PREFIX_LENGTH),
      keyHash: toSecretHash(key),
    };
    const stored = await saveNewKey(transaction, row, at);
    const detail = { name: stored.name, scopes: stored.scopes, is_operator: stored.isOperator };
    await writeAudit(transaction, doer, { action: "api_key.create", target: `api_key:${stored.id}`, detail, at });
    return { stored, key };
  }

  return {
    create: ({ caller, doer }, request) => {
      const missing = request.scopes.filter((scope) => !mayGrant(caller, scope));
      if (missing.length > 0) throw new AppError("forbidden", say("grantTooMuch", { scopes: missing }));
      return database.sql
        .transaction()
        .execute((transaction) => save(transaction, doer, { ...request, isOperator: false }));
    },
    revoke: (doer, id) =>
      database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        const revoked = await revokeKey(transaction, { tenantId: doer.tenantId, id }, at);
        if (!revoked) throw new AppError("not_found", say("noKey"));
        const detail = { name: revoked.name };
        await writeAudit(transaction, doer, { action: "api_key.revoke", target: `api_key:${id}`, detail, at });
      }),
    authenticate: async (text) => {
      if (!KEY.test(text)) return undefined;
      const now = clock.now();
      const key = await loadGoodKey(database.sql, toSecretHash(text), now);
      if (!key) return undefined;
      if (key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() >= USE_EVERY_MS)
        await saveUse(database.sql, key, now);
      return key;
    },
    createOperatorKey: async (tenantId, name) => {
      const request = { name, scopes: SCOPES, expiresAt: null, isOperator: true };
      const doer = { tenantId, actor: "enlace", address: "" };
      return (await database.sql.transaction().execute((transaction) => save(transaction, doer, request))).key;
    },
  };
}

/** An admin grants anything in the tenant, a key what it has itself; others make no keys. */
function mayGrant(caller: Caller, scope: Scope): boolean {
  return caller.role === "admin" || caller.scopes.includes(scope);
}
