import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { publicAccess } from "../../http/access.ts";
import { perMinute } from "../../http/rate-limits.ts";
import { readOlder } from "./refusals.ts";
import type { OlderScope } from "./wire.ts";

export interface OlderLoginOptions {
  /** Opens a session whose token lasts a day, as the older dialer's did. Throws `unauthenticated` or `rate_limited`. */
  logIn(
    credentials: { username: string; password: string },
    from: { address: string; userAgent: string },
  ): Promise<{
    token: string;
    user: { username: string; role: string; name: string };
  }>;
}

const credentials = z.object({ username: z.string().max(200).trim().toLowerCase(), password: z.string().max(1000) });
const LOGINS_PER_MINUTE = 60;

export function registerOlderLogin({ app, base }: OlderScope, { logIn }: OlderLoginOptions): void {
  const config = { access: publicAccess, rateLimit: perMinute(LOGINS_PER_MINUTE) };
  app.post(`${base}/login`, { config, schema: { hide: true } }, async (request, reply) => {
    const given = readOlder(credentials, request.body, "JSON inválido");
    try {
      const from = { address: request.ip, userAgent: request.headers["user-agent"] ?? "" };
      const { token, user } = await logIn(given, from);
      return { token, user: { username: user.username, role: user.role, fullName: user.name } };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "unauthenticated") throw error;
      return reply.code(401).send({ error: "Credenciales inválidas" });
    }
  });
}
