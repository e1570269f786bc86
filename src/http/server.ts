import type { IncomingMessage } from "node:http";
import fastify, { type FastifyServerOptions } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { newSecret, type Random } from "../kit/random.ts";
import type { Authenticate } from "./access.ts";
import { installAccess } from "./admission.ts";
import type { App } from "./app-instance.ts";
import { installDrain } from "./drain.ts";
import { createErrorHandler, sendProblem, toAppError } from "./errors.ts";
import { installNotFound } from "./not-found.ts";
import { installDocs } from "./openapi.ts";
import { DEFAULT_RATE_LIMITS, installAddressLimit, installCallerLimit, type RateLimits } from "./rate-limits.ts";
import { installRequestLog } from "./request-log.ts";
import { installSecurityHeaders } from "./security-headers.ts";
import { BODY_MS_MAX, installBodyTime } from "./uploads.ts";

export interface HttpServerOptions {
  /** Reads the credential of a request; the tenants room does it. */
  authenticate: Authenticate;
  log: Log;
  metrics: Metrics;
  random: Random;
  /** Of Enlace, for the OpenAPI document. */
  version: string;
  /** Where people reach Enlace, without a trailing slash. `https:` switches Strict-Transport-Security on. */
  publicUrl: string;
  /** Which proxies in front may name the client (`X-Forwarded-*`): none, all, or their addresses. */
  trustProxy?: boolean | string | readonly string[];
  rateLimits?: Partial<RateLimits>;
  /** Largest body, unless a route says otherwise. */
  bodyBytesMax?: number;
  clock?: Clock;
}

const BODY_BYTES_MAX = 64 * 1024;
const KEEP_ALIVE_MS = 75_000;

/**
 * The web server without routes: rooms register theirs, then `listen`. Everything that is the same for all of them happens
 * here: request ids, the log line, errors as problems, who may call, limits, headers, the API document, a clean end.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<App> {
  const { log, random } = options;
  const limits = { ...DEFAULT_RATE_LIMITS, ...options.rateLimits };
  const app: App = fastify({
    ...toFastifyOptions(options),
    genReqId: (request) => toRequestId(request, () => random.uuid()),
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, toAppError(error)),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(createErrorHandler(log));
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", (request, reply, done) => {
    // Answers hold tokens, numbers and names: no proxy or browser keeps them unless a route says so.
    void reply.header("x-request-id", request.id).header("cache-control", "no-store");
    done();
  });
  app.decorate("insideToken", newSecret(random));
  installDrain(app);
  installBodyTime(app, options.clock);
  installRequestLog(app, options);
  installSecurityHeaders(app, options.publicUrl);
  await installAddressLimit(app, limits);
  installNotFound(app, limits);
  await installDocs(app, options);
  installAccess(app, options.authenticate);
  installCallerLimit(app, limits);
  return app;
}

function toFastifyOptions({ trustProxy = false, bodyBytesMax = BODY_BYTES_MAX }: HttpServerOptions) {
  return {
    // One wide line per request is written by request-log.ts; the framework's own two lines and child loggers cost more.
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: BODY_MS_MAX, // see installBodyTime
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A request that came in on an open connection while we drain is answered, with `Connection: close`.
    return503OnClosing: false,
    requestIdHeader: false,
    trustProxy: typeof trustProxy === "object" ? [...trustProxy] : trustProxy,
  } satisfies FastifyServerOptions;
}

/** The client's own `X-Request-Id` when it is short and plain, so that two logs can be laid side by side; else a new one. */
export function toRequestId(request: IncomingMessage, newId: () => string): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._:-]{1,100}$/.test(given) ? given : newId();
}
