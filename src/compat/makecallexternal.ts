import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { publicAccess } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import type { Clock } from "../kit/clock.ts";

/*
 * The older control service's click-to-call. It changes something by GET and carries its credential in the address, so a
 * proxy's log may keep it: give such a client an API key of its own with the scope calls:write and nothing else.
 */
export interface MakeCallExternalOptions {
  /** The API key if it is good and may place calls. */
  findKey(clientId: string): Promise<{ tenantId: TenantId; id: RowId } | undefined>;
  loadTenant(id: TenantId): Promise<{ name: string; number: string } | null>;
  placeClick(click: {
    doer: { tenantId: TenantId; actor: string; address: string };
    agentId: null;
    extension: string;
    number: string;
  }): Promise<{ callUuid: string | null; pbxHost: string; number: string }>;
  clock: Clock;
}

const CALLS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;

const query = z.object({
  code: z.string().max(40).optional().meta({ description: "Extension that rings first" }),
  phone: z.string().max(40).optional().meta({ description: "Dialled once it has picked up" }),
  clientId: z.string().max(200).optional().meta({ description: "API key with the scope calls:write" }),
});

const madeCall = z.object({
  success: z.literal(true),
  message: z.string(),
  enterprise: z.string(),
  enterprise_number: z.string(),
  from_ext: z.string(),
  to_phone: z.string(),
  host_ip: z.string(),
  response_time_ms: z.int(),
  display_name: z.string().meta({ description: "What the extension is shown" }),
  call_uuid: z.string().nullable().meta({ description: "Of the call to be; not told by the older service" }),
});

const failedCall = z.object({ success: z.literal(false), message: z.string(), detail: z.string() });

/** `GET /api/makecallexternal?code=101&phone=…&clientId=…`; refusals have the older service's statuses, and `detail`. */
export function registerMakeCallExternal(app: App, options: MakeCallExternalOptions): void {
  const counted = new WeakMap<FastifyRequest, string>();
  const count = app.createRateLimit({
    max: CALLS_PER_MINUTE,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => counted.get(request) ?? "",
  });
  app.get(
    "/api/makecallexternal",
    {
      config: { access: publicAccess, refusals: ["invalid_request", "unauthenticated"] },
      schema: {
        summary: "Click to call, for clients of the older control service",
        description: "New clients use POST /api/v1/calls/originate. 400: something is missing or cannot be dialled.",
        tags: ["calls"],
        querystring: query,
        response: { 200: madeCall, 500: failedCall },
      },
    },
    async (request, reply) => {
      const startedMs = options.clock.monotonicMs();
      void reply.header("cache-control", "no-store");
      const { code, phone, clientId } = request.query;
      if (!code || !phone || !clientId) throw new AppError("invalid_request", "code, phone and clientId are required");
      const key = await options.findKey(clientId);
      if (!key) throw new AppError("unauthenticated", "Invalid clientId");
      counted.set(request, key.id);
      const limited = await count(request);
      if (!limited.isAllowed && limited.isExceeded)
        throw new AppError("rate_limited", "Too many calls", { retryAfterSeconds: limited.ttlInSeconds });
      const tenant = await options.loadTenant(key.tenantId);
      const doer = { tenantId: key.tenantId, actor: `key:${key.id}`, address: request.ip };
      const number = phone.replace(/^ /, "+"); // a plus sign that nobody encoded
      const click = options.placeClick({ doer, agentId: null, extension: code, number });
      const placed = await click.catch((error: unknown) => toOlderFailure(error));
      if ("failure" in placed)
        return reply.code(500).send({ success: false, message: placed.failure, detail: placed.failure });
      return {
        success: true as const,
        message: "Call initiated",
        enterprise: tenant?.name ?? "",
        enterprise_number: tenant?.number ?? "",
        from_ext: code,
        to_phone: placed.number,
        host_ip: placed.pbxHost,
        response_time_ms: Math.round(options.clock.monotonicMs() - startedMs),
        display_name: placed.number,
        call_uuid: placed.callUuid,
      };
    },
  );
}

/** The older service knew 400 for what is wrong with a request, and 500 for a PBX that is away or says no. */
function toOlderFailure(error: unknown): { failure: string } {
  if (!(error instanceof AppError)) throw error;
  if (error.code === "unavailable" || error.code === "conflict") return { failure: error.message };
  if (error.code !== "invalid_field") throw error;
  throw new AppError("invalid_request", error.message, { fields: error.fields });
}
