import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { findCaller } from "./access.ts";
import type { App } from "./app-instance.ts";

/** Asked for all day by machines; seen at level debug. */
const QUIET = new Set(["/health", "/ready", "/metrics"]);

/** One wide line and one observation per request: what was asked, by whom, how it ended. Never a body, never a query. */
export function installRequestLog(app: App, { log, metrics }: { log: Log; metrics: Metrics }): void {
  const duration = metrics.histogram("enlace_http_request_duration_seconds", "Time from request to answer.", {
    labels: ["method", "route", "status"],
  });
  app.decorateRequest("logFields", null);
  app.decorateRequest("logEvent", null);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unmatched";
    const { method } = request;
    const labels = { method: request.is404 ? "any" : method, route, status: reply.statusCode };
    duration.observe(labels, reply.elapsedTime / 1000);
    log[QUIET.has(route) ? "debug" : "info"](toLine(request, reply, route), request.logEvent ?? "http.request");
    done();
  });
}

function toLine(request: FastifyRequest, reply: FastifyReply, route: string): Record<string, unknown> {
  const caller = findCaller(request);
  return {
    requestId: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    ...(caller && { tenantId: caller.tenantId, actor: caller.actor }),
    ...request.logFields,
  };
}
