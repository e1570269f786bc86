// A web server with callers made up by the test: for rooms that test their routes without the tenants room.
import { after } from "node:test";
import { toTenantId } from "../src/core/ids.ts";
import type { Caller, Scope } from "../src/http/access.ts";
import type { App } from "../src/http/app-instance.ts";
import { createHttpServer, type HttpServerOptions } from "../src/http/server.ts";
import { createMetrics } from "../src/kit/metrics.ts";
import { systemRandom } from "../src/kit/random.ts";
import { silentLog } from "./database.ts";

/** Somebody who logged in: an admin of tenant 1 unless told otherwise. */
export function toPerson(given: Partial<Caller> = {}): Caller {
  return {
    tenantId: toTenantId(1),
    actor: "user:1",
    name: "ana",
    role: "admin",
    scopes: [],
    isOperator: false,
    userId: "1" as Caller["userId"],
    sessionId: "s1",
    mustChangePassword: false,
    ...given,
  };
}

/** An API key of tenant 1. */
export function toKey(scopes: readonly Scope[], given: Partial<Caller> = {}): Caller {
  return { ...toPerson(), actor: "key:1", name: "crm", role: null, scopes, userId: null, sessionId: null, ...given };
}

/**
 * A server that knows callers by name: `authorization: "Bearer ana"` is `callers.ana`. Closed when the test file ends.
 * Register routes, then use `app.inject` or `app.listen`.
 */
export async function createTestServer(
  callers: Record<string, Caller> = {},
  options: Partial<HttpServerOptions> = {},
): Promise<App> {
  const app = await createHttpServer({
    authenticate: async (request) => callers[request.headers.authorization?.replace("Bearer ", "") ?? ""],
    log: silentLog,
    metrics: createMetrics({ includeProcess: false }),
    random: systemRandom,
    version: "0.0.0-test",
    publicUrl: "http://127.0.0.1:8080",
    ...options,
  });
  after(() => app.close());
  return app;
}
