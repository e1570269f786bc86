import type { FastifyReply, FastifyRequest } from "fastify";
import type { Histogram } from "prom-client";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { findCaller } from "./admission.ts";
import type { App } from "./app-instance.ts";

/** Asked for all day by machines; seen at level debug. */
const QUIET = new Set(["/health", "/ready", "/metrics"]);

/** A closed set: routes, and what they can answer. */
interface Labels {
  method: string;
  route: string;
  status: number;
}

/** One wide line and one observation per request: what was asked, by whom, how it ended. Never a body, never a query. */
export function installRequestLog(app: App, { log, metrics }: { log: Log; metrics: Metrics }): void {
  const duration = metrics.histogram("enlace_http_request_duration_seconds", "Time from request to answer.", {
    labels: ["method", "route", "status"],
  });
  /** Found once: the registry would put the labels in order and hash them with every request. */
  const series = new Map<string, Histogram.Internal<keyof Labels>>();
  const findSeries = (labels: Labels): Histogram.Internal<keyof Labels> => {
    const key = `${labels.method} ${labels.status} ${labels.route}`;
    const known = series.get(key) ?? duration.labels(labels);
    series.set(key, known);
    return known;
  };
  app.decorateRequest("logFields", null);
  app.decorateRequest("logEvent", null);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unmatched";
    const method = request.is404 ? "any" : request.method;
    findSeries({ method, route, status: reply.statusCode }).observe(reply.elapsedTime / 1000);
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
