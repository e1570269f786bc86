import { type Authenticate, type Caller, SCOPES } from "../http/access.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import { type ApiKeys, KEY_START } from "./api-keys/api-keys.ts";
import type { ApiKey } from "./api-keys/store.ts";
import type { AccessTokens } from "./sessions/access-tokens.ts";
import { loadSessionUser } from "./sessions/store.ts";
import type { User } from "./users/store.ts";

export interface AuthenticateOptions {
  database: Database;
  clock: Clock;
  tokens: AccessTokens;
  apiKeys: Pick<ApiKeys, "authenticate">;
}

/**
 * Reads who calls: `X-API-KEY`, or `Authorization: Bearer` with an access token or a key. Every request asks the store (one
 * look-up by key), so a revoked session or key, a disabled user or tenant and a changed role hold at once.
 */
export function createAuthenticate({ database, clock, tokens, apiKeys }: AuthenticateOptions): Authenticate {
  async function byKey(text: string): Promise<Caller | undefined> {
    const key = await apiKeys.authenticate(text);
    return key && toKeyCaller(key);
  }

  async function byToken(text: string): Promise<Caller | undefined> {
    const claims = await tokens.parse(text);
    if (!claims) return undefined;
    const session = { tenantId: claims.tenantId, id: claims.sessionId, userId: claims.userId };
    const user = await loadSessionUser(database.sql, session, clock.now());
    return user ? toUserCaller(user, claims.sessionId) : undefined;
  }

  return async ({ headers }) => {
    const key = headers["x-api-key"];
    if (typeof key === "string") return byKey(key);
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (bearer === undefined) return undefined;
    return bearer.startsWith(KEY_START) ? byKey(bearer) : byToken(bearer);
  };
}

function toUserCaller(user: User, sessionId: string): Caller {
  return {
    tenantId: user.tenantId,
    actor: `user:${user.id}`,
    name: user.username,
    role: user.role,
    scopes: [],
    isOperator: user.isOperator,
    userId: user.id,
    sessionId,
    mustChangePassword: user.mustChangePassword,
  };
}

function toKeyCaller(key: ApiKey): Caller {
  return {
    tenantId: key.tenantId,
    actor: `key:${key.id}`,
    name: key.name,
    role: null,
    // The key of this machine's command line may everything, also what did not exist yet when it was made.
    scopes: key.isOperator ? SCOPES : key.scopes,
    isOperator: key.isOperator,
    userId: null,
    sessionId: null,
    mustChangePassword: false,
  };
}
