import type { FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";

/**
 * Guards the few routes that act on a cookie (refresh, logout) against pages of other sites. The cookie is SameSite=Strict;
 * this is the second lock, after the algorithm of Go's http.CrossOriginProtection: a browser says where a request comes
 * from in Sec-Fetch-Site, or in Origin when it is older; what says neither is not a browser and has no victim.
 * Throws `AppError("csrf")`. `publicUrl` is the address people use, for proxies that do not pass the host on.
 */
export function refuseCrossOrigin(request: FastifyRequest, publicUrl: string): void {
  const site = request.headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none") return;
  const { origin } = request.headers;
  if (site === undefined && origin === undefined) return;
  if (origin !== undefined && isOwn(origin, request, publicUrl)) return;
  throw new AppError("csrf", "This request comes from a page of another site.");
}

function isOwn(origin: string, request: FastifyRequest, publicUrl: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, origin: whole } = new URL(origin);
  return host === request.host || (URL.canParse(publicUrl) && whole === new URL(publicUrl).origin);
}
