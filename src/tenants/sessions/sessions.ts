import { AppError } from "../../core/errors.ts";
import type { Caller } from "../../http/access.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { toSecretHash } from "../../kit/same-secret.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { loadTenantById } from "../store.ts";
import type { Passwords } from "../users/passwords.ts";
import { loadPassword, saveLogin, type User } from "../users/store.ts";
import { say } from "../words.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Guesses } from "./guesses.ts";
import {
  IDLE_MS,
  type Opened,
  type Origin,
  parseRefreshToken,
  placeOf,
  REFRESH_SECRET_BYTES,
  rotateSession,
  toOpened,
} from "./rotation.ts";
import { loadSession, lockSession, revokeSession, type Session, saveNewSession, trimSessions } from "./store.ts";

/**
 * A person's way in: a password opens a session; its refresh token (a cookie) buys short access tokens. Each refresh
 * changes the refresh token, so a stolen one is noticed: whoever comes second with it ends the session for both.
 *
 *   login → good → (refresh: good again, with another token) → logged out | revoked | expired | reused
 *
 * A session lasts a week after its last refresh and a month at most.
 */
export interface Sessions {
  /** Throws `unauthenticated` (the same for a wrong password, an unknown or a disabled user) or `rate_limited`. */
  login(credentials: { username: string; password: string }, from: Origin): Promise<Opened>;
  /** Throws `unauthenticated` unless the token is the session's newest. */
  refresh(refreshToken: string, from: Origin): Promise<Opened>;
  /** Ends the session of a refresh token; nothing happens when it is not good. */
  logout(refreshToken: string): Promise<void>;
  /** Ends a session of the caller, or of anybody in the tenant for an admin. Throws `not_found`. */
  end(by: { caller: Caller; doer: Doer }, sessionId: string): Promise<void>;
}

export interface SessionsOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  passwords: Passwords;
  guesses: Guesses;
  tokens: AccessTokens;
}

/** A script that logs in for each step must not put its earlier steps out. */
const SESSIONS_MAX = 100;

export function createSessions(options: SessionsOptions): Sessions {
  const { database, clock, random, log, passwords, guesses, tokens } = options;

  async function open(user: User, from: Origin): Promise<Opened> {
    const now = clock.now();
    const secret = newSecret(random, REFRESH_SECRET_BYTES);
    const session: Session = {
      tenantId: user.tenantId,
      id: newSecret(random, 16),
      userId: user.id,
      createdAt: now,
      usedAt: now,
      expiresAt: new Date(now.getTime() + IDLE_MS),
      userAgent: from.userAgent.slice(0, 300),
      address: from.address,
    };
    await database.sql.transaction().execute(async (transaction) => {
      await saveLogin(transaction, user, now);
      await trimSessions(transaction, user, { now, keep: SESSIONS_MAX - 1 });
      await saveNewSession(transaction, session, toSecretHash(secret));
    });
    return toOpened(tokens, { user, session, secret, ...(from.tokenSeconds && { tokenSeconds: from.tokenSeconds }) });
  }

  return {
    login: async ({ username, password }, from) => {
      const succeed = guesses.begin(username, from.address);
      const known = await loadPassword(database.sql, username);
      const isRight = await passwords.isRight(known?.passwordHash ?? null, password);
      const tenant = known && isRight ? await loadTenantById(database.sql, known.user.tenantId) : null;
      if (!known || !isRight || known.user.disabledAt || !tenant || tenant.disabledAt) {
        // An unknown name may be a password typed into the wrong field.
        const who = known ? { tenantId: known.user.tenantId, userId: known.user.id } : { userId: null };
        log.warn({ ...who, address: from.address }, "session.login_refused");
        throw new AppError("unauthenticated", say("loginWrong"));
      }
      succeed();
      const opened = await open(known.user, from);
      log.info({ tenantId: known.user.tenantId, userId: known.user.id, address: from.address }, "session.opened");
      return opened;
    },
    refresh: async (refreshToken, from) => {
      const opened = await database.sql
        .transaction()
        .execute((transaction) => rotateSession(transaction, { refreshToken, from, clock, random, log, tokens }));
      if (!opened) throw new AppError("unauthenticated", say("sessionOver"));
      return opened;
    },
    logout: async (refreshToken) => {
      const given = parseRefreshToken(refreshToken);
      if (!given) return;
      await database.sql.transaction().execute(async (transaction) => {
        const session = await lockSession(transaction, given.sessionId, clock.now());
        if (session && placeOf(session, given.hash) !== "neither")
          await revokeSession(transaction, session.id, clock.now());
      });
    },
    end: ({ caller, doer }, id) =>
      database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        const session = await loadSession(transaction, { tenantId: doer.tenantId, id }, at);
        if (!session || (session.userId !== caller.userId && caller.role !== "admin"))
          throw new AppError("not_found", say("noSession"));
        await revokeSession(transaction, id, at);
        if (session.userId === caller.userId) return;
        const detail = { user: `user:${session.userId}` };
        await writeAudit(transaction, doer, { action: "session.end", target: `session:${id}`, detail, at });
      }),
  };
}
