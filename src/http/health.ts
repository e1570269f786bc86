import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError, toErrorMessage } from "../core/errors.ts";
import type { Wording } from "../core/sentence.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { Metrics } from "../kit/metrics.ts";
import { isSameSecret } from "../kit/same-secret.ts";
import { publicAccess } from "./access.ts";
import type { App } from "./app-instance.ts";

export interface ReadyCheck {
  /** `database`, `lanes`, `queue` … */
  name: string;
  /** A rejection counts as not ok. Given up after two seconds, when `signal` is aborted too. `words`: which sentence `detail` is. */
  check(signal: AbortSignal): Promise<{ ok: boolean; detail: string; words?: Wording }>;
}

export interface HealthOptions {
  checks: readonly ReadyCheck[];
  metrics: Metrics;
  clock: Clock;
  /** Lets other machines read the figures as `Authorization: Bearer …`; without it only this machine may. */
  metricsToken?: string | undefined;
  version: string;
}

const CHECK_TIMEOUT_MS = 2_000;

const readySchema = z.object({
  status: z.enum(["ready", "not_ready"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

/**
 * `/health`: the process lives (no store is asked, so a restart is never the cure for a sick store). `/ready`: it can do
 * its work; 503 when a check fails or the server drains. `/metrics`: see `refuseStranger`.
 */
export function registerHealth(app: App, { checks, metrics, clock, metricsToken, version }: HealthOptions): void {
  app.get(
    "/health",
    {
      config: { access: publicAccess },
      schema: {
        summary: "Is the process alive?",
        tags: ["health"],
        response: { 200: z.object({ status: z.literal("ok"), version: z.string() }) },
      },
    },
    () => ({ status: "ok" as const, version }),
  );
  app.get(
    "/ready",
    {
      config: { access: publicAccess },
      schema: { summary: "Can it do its work?", tags: ["health"], response: { 200: readySchema, 503: readySchema } },
    },
    async (_request, reply) => {
      const results = await Promise.all(checks.map((check) => run(check, clock)));
      if (app.draining.aborted) results.push(["server", { ok: false, detail: "draining" }]);
      const isReady = results.every(([, result]) => result.ok);
      return reply
        .code(isReady ? 200 : 503)
        .send({ status: isReady ? "ready" : "not_ready", checks: Object.fromEntries(results) });
    },
  );
  app.get(
    "/metrics",
    {
      config: { access: publicAccess, refusals: ["unauthenticated"] },
      schema: { summary: "Figures for Prometheus", tags: ["health"] },
    },
    async (request, reply) => {
      if (!isLocal(request)) refuseStranger(request, metricsToken);
      return reply.type(metrics.contentType).send(await metrics.toText());
    },
  );
}

async function run({ name, check }: ReadyCheck, clock: Clock): Promise<[string, { ok: boolean; detail: string }]> {
  const { signal, release } = createDeadline(clock, CHECK_TIMEOUT_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => late.reject(signal.reason), { once: true });
  try {
    const { ok, detail } = await Promise.race([check(signal), late.promise]);
    return [name, { ok, detail }];
  } catch (error) {
    return [name, { ok: false, detail: toErrorMessage(error) }];
  } finally {
    release();
  }
}

/**
 * The figures span all tenants. A scraper on this host reads them without a credential; a request that a proxy handed on is
 * not local, whatever address the proxy has.
 */
function isLocal(request: FastifyRequest): boolean {
  const { headers, socket } = request;
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  const isLoopback = address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
  const isForwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"].some(
    (name) => headers[name] !== undefined,
  );
  return isLoopback && !isForwarded;
}

/** Others bring the installation's token for figures; without one set, nobody else may. */
function refuseStranger(request: FastifyRequest, token: string | undefined): void {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined || given === undefined || !isSameSecret(given, token))
    throw new AppError("unauthenticated", "Figures are for this machine, or for the bearer of ENLACE_METRICS_TOKEN.");
}
