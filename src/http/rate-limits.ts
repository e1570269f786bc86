import fastifyRateLimit, { normalizeIP } from "@fastify/rate-limit";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import { isSameSecret } from "../kit/same-secret.ts";
import type { App } from "./app-instance.ts";

/**
 * Requests, counted in this process: per address before anything is believed, then per caller once the credential is known
 * (a leaked key may be used from anywhere). 0 switches a limit off.
 */
export interface RateLimits {
  addressPerMinute: number;
  callerPerMinute: number;
  /** Per address, on the routes that take a password. */
  loginPerMinute: number;
  /** Requests a second, per address, on the routes a PBX posts to. */
  webhookPerSecond: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  addressPerMinute: 1_200,
  callerPerMinute: 1_200,
  loginPerMinute: 60,
  webhookPerSecond: 2_000,
};

export const INSIDE_HEADER = "x-enlace-inside";
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** Addresses and callers remembered at once. */
const KEYS_MAX = 10_000;

/** A route's own limit in place of the general one: `config: { rateLimit: perMinute(limits.loginPerMinute) }`. */
export function perMinute(max: number): { max: number; timeWindow: number } | false {
  return max > 0 && { max, timeWindow: MINUTE_MS };
}

/** The same by the second. */
export function perSecond(max: number): { max: number; timeWindow: number } | false {
  return max > 0 && { max, timeWindow: SECOND_MS };
}

/**
 * For routes that are busy all day, in place of the general limit (`config: { rateLimit: false }`): at most `max` requests
 * of one address within a second of its first, 0 for no limit. Ours, because the general one's headers and promises cost a
 * tenth of a webhook. An `onRequest` hook.
 */
export function createSecondLimit(clock: Clock, max: number): onRequestHookHandler {
  const windows = new Map<string, { endsAtMs: number; requests: number }>();
  return (request, _reply, done) => {
    if (max === 0) return done();
    const nowMs = clock.monotonicMs();
    const key = toCountedAddress(request.ip);
    const window = windows.get(key);
    if (window === undefined || window.endsAtMs <= nowMs) {
      if (windows.size >= KEYS_MAX) windows.clear(); // a flood of addresses is nobody's fair share
      windows.set(key, { endsAtMs: nowMs + SECOND_MS, requests: 1 });
      return done();
    }
    window.requests++;
    done(window.requests > max ? refuse((window.endsAtMs - nowMs) / SECOND_MS) : undefined);
  };
}

/** Whom an address stands for when guesses are counted: itself, or for IPv6 the /64 its owner can roam in. */
export function toCountedAddress(address: string): string {
  return address.includes(":") ? normalizeIP(address) : address;
}

/** Counts per address. Register before access, so that bad credentials are counted too. */
export async function installAddressLimit(app: App, limits: RateLimits): Promise<void> {
  await app.register(fastifyRateLimit, {
    global: limits.addressPerMinute > 0,
    max: limits.addressPerMinute,
    timeWindow: MINUTE_MS,
    cache: KEYS_MAX,
    allowList: (request) => isFromInside(app, request),
    errorResponseBuilder: (_request, { ttl }) => refuse(ttl / 1000),
  });
}

/** Counts per caller. Install after access, which learns who calls. */
export function installCallerLimit(app: App, limits: RateLimits): void {
  if (limits.callerPerMinute === 0) return;
  const count = createCallerLimit(app, limits.callerPerMinute);
  const check = async (request: FastifyRequest): Promise<void> => {
    if (!isFromInside(app, request)) await count(request);
  };
  app.addHook("onRoute", (route) => {
    if (route.config?.access?.kind !== "caller") return;
    route.onRequest = [...[route.onRequest ?? []].flat(), check];
  });
}

/** A limit of its own for what costs more than a request; ask it in the handler. Throws `rate_limited`. */
export function createCallerLimit(app: App, perMinuteMax: number): (request: FastifyRequest) => Promise<void> {
  const count = app.createRateLimit({
    max: perMinuteMax,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => request.caller.actor,
  });
  return async (request) => {
    const result = await count(request);
    if (!result.isAllowed && result.isExceeded) throw refuse(result.ttlInSeconds);
  };
}

/** Enlace asks itself for somebody whose request was counted already; see compat/apicall/inside.ts. */
function isFromInside({ insideToken }: App, { headers }: Pick<FastifyRequest, "headers">): boolean {
  const given = headers[INSIDE_HEADER];
  return typeof given === "string" && isSameSecret(given, insideToken);
}

function refuse(seconds: number): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
  return new AppError("rate_limited", `Too many requests; try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
}
