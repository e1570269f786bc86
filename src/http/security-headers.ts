import type { App } from "./app-instance.ts";

/**
 * What browsers are told with every answer: the list of helmet 8, with a stricter policy. Written out because helmet's
 * plugin compiles the list anew for each request, which was felt at the webhook.
 */
export function installSecurityHeaders(app: App, publicUrl: string): void {
  const headers = Object.entries(toSecurityHeaders(publicUrl));
  app.addHook("onRequest", (request, reply, done) => {
    const told = request.routeOptions.config.forMachines ? FOR_EVERYBODY : headers;
    for (const [name, value] of told) reply.raw.setHeader(name, value);
    done();
  });
}

const FOR_EVERYBODY = [["x-content-type-options", "nosniff"]] as const;

/** No inline script anywhere. swagger-ui and the console set style attributes from script, which needs no exception. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:", // recordings: the console fetches them with its token and plays what it has
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Transport security is asked for only where people come by https: a LAN without it would lock itself out. */
export function toSecurityHeaders(publicUrl: string): Record<string, string> {
  return {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
    "x-download-options": "noopen",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
    "x-xss-protection": "0",
    ...(publicUrl.startsWith("https:") && { "strict-transport-security": "max-age=31536000; includeSubDomains" }),
  };
}
