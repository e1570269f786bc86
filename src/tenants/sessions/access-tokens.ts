import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { type RowId, type TenantId, toTenantId } from "../../core/ids.ts";
import type { Role } from "../../http/access.ts";
import type { Clock } from "../../kit/clock.ts";
import { deriveKey } from "../../kit/secret-box.ts";

/** What an access token says: a JWT, HS256, ten minutes unless said otherwise. It names the session; whether that is still good, the store knows. */
export interface TokenClaims {
  tenantId: TenantId;
  userId: RowId;
  sessionId: string;
}

export interface AccessTokens {
  create(claims: TokenClaims & { role: Role }, lifeSeconds?: number): Promise<{ token: string; expiresAt: Date }>;
  /** `undefined` for anything but a token of ours that has not expired. */
  parse(token: string): Promise<TokenClaims | undefined>;
}

const LIFE_SECONDS = 600;
const ISSUER = "enlace";

const payloadSchema = z.object({
  sub: z.string().regex(/^[1-9]\d{0,18}$/),
  tenant: z.int().positive().max(2_147_483_647),
  sid: z.string().min(1).max(100),
});

/** `secret` is ENLACE_SECRET; the signing key is derived from it, so sealing and signing never share one. */
export function createAccessTokens(secret: string, clock: Clock): AccessTokens {
  const key = deriveKey(secret, "access-token");
  return {
    create: async ({ tenantId, userId, sessionId, role }, lifeSeconds = LIFE_SECONDS) => {
      const now = Math.floor(clock.now().getTime() / 1000);
      const token = await new SignJWT({ tenant: tenantId, role, sid: sessionId })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(ISSUER)
        .setSubject(userId)
        .setIssuedAt(now)
        .setExpirationTime(now + lifeSeconds)
        .sign(key);
      return { token, expiresAt: new Date((now + lifeSeconds) * 1000) };
    },
    parse: async (token) => {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ["HS256"],
          issuer: ISSUER,
          requiredClaims: ["sub", "exp"],
          currentDate: clock.now(),
        });
        const { sub, tenant, sid } = payloadSchema.parse(payload);
        return { tenantId: toTenantId(tenant), userId: sub as RowId, sessionId: sid };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}
