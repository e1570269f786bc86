import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { newSecret, type Random } from "../../kit/random.ts";
import { toSecretHash } from "../../kit/same-secret.ts";
import type { User } from "../users/store.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { loadSessionUser, lockSession, type RefreshRow, revokeSession, type Session, saveRotation } from "./store.ts";

/** Who asks, for the list of sessions. */
export interface Origin {
  address: string;
  userAgent: string;
  /** How long the first access token is good, for clients that know no refresh; ten minutes unless said otherwise. */
  tokenSeconds?: number;
}

/** What a login or a refresh gives. */
export interface Opened {
  user: User;
  accessToken: string;
  accessExpiresAt: Date;
  /** `<session id>.<secret>`; only its hash is kept. `null`: the one the browser has by now stays. */
  refreshToken: string | null;
  refreshExpiresAt: Date;
}

const DAY_MS = 86_400_000;
/** A session ends this long after its last refresh … */
export const IDLE_MS = 7 * DAY_MS;
/** … and this long after its login in any case. */
const LIFE_MS = 30 * DAY_MS;
export const REFRESH_SECRET_BYTES = 32;

export interface Rotation {
  refreshToken: string;
  from: Origin;
  clock: Clock;
  random: Random;
  log: Log;
  tokens: AccessTokens;
}

/** Two tabs of one browser that renew in the same moment come this close together. */
const SAME_MOMENT_MS = 10_000;

/**
 * Changes a good refresh token for the next one; `undefined` when it is not good. The token before the present one ends
 * the session: somebody has a copy. Unless it comes from the same address within moments of the change, as from a second
 * tab: then it still gives an access token, but the refresh token stays the one that the first tab was given.
 * Returns rather than throws, so that an end is committed.
 */
export async function rotateSession(transaction: Sql, rotation: Rotation): Promise<Opened | undefined> {
  const { refreshToken, from, clock, random, log, tokens } = rotation;
  const given = parseRefreshToken(refreshToken);
  const now = clock.now();
  const session = given && (await lockSession(transaction, given.sessionId, now));
  if (!given || !session?.isGood) return undefined;
  const place = placeOf(session, given.hash);
  const isSecondTab =
    place === "previous" &&
    session.address === from.address &&
    now.getTime() - session.usedAt.getTime() <= SAME_MOMENT_MS;
  if (place === "previous" && !isSecondTab) {
    await revokeSession(transaction, session.id, now);
    log.warn({ tenantId: session.tenantId, userId: session.userId, address: from.address }, "session.token_reused");
  }
  const user = place === "current" || isSecondTab ? await loadSessionUser(transaction, session, now) : null;
  if (!user) return undefined;
  if (isSecondTab) return toOpened(tokens, { user, session, secret: null });
  const secret = newSecret(random, REFRESH_SECRET_BYTES);
  const expiresAt = new Date(Math.min(now.getTime() + IDLE_MS, session.createdAt.getTime() + LIFE_MS));
  const { address } = from;
  await saveRotation(transaction, session.id, { tokenHash: toSecretHash(secret), at: now, expiresAt, address });
  return toOpened(tokens, { user, session: { ...session, expiresAt }, secret });
}

export async function toOpened(
  tokens: AccessTokens,
  {
    user,
    session,
    secret,
    tokenSeconds,
  }: { user: User; session: Session; secret: string | null; tokenSeconds?: number },
): Promise<Opened> {
  const { tenantId, id: userId, role } = user;
  const { token, expiresAt } = await tokens.create({ tenantId, userId, sessionId: session.id, role }, tokenSeconds);
  return {
    user,
    accessToken: token,
    accessExpiresAt: expiresAt,
    refreshToken: secret === null ? null : `${session.id}.${secret}`,
    refreshExpiresAt: session.expiresAt,
  };
}

/** `undefined` for text that cannot be a refresh token. */
export function parseRefreshToken(token: string): { sessionId: string; hash: Buffer } | undefined {
  const [, sessionId, secret] = /^([\w-]{1,60})\.([\w-]{1,100})$/.exec(token) ?? [];
  return sessionId && secret ? { sessionId, hash: toSecretHash(secret) } : undefined;
}

export function placeOf(session: RefreshRow, hash: Buffer): "current" | "previous" | "neither" {
  const { tokenHash, previousTokenHash } = session;
  if (timingSafeEqual(tokenHash, hash)) return "current";
  return previousTokenHash !== null && timingSafeEqual(previousTokenHash, hash) ? "previous" : "neither";
}
