import type { FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { publicAccess } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { createSecondLimit } from "../http/rate-limits.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { newSecret, type Random } from "../kit/random.ts";
import type { Accept } from "./accept.ts";
import type { Accepted } from "./accept-batch.ts";
import { createDeliveryWait, toDeliveredAnswer, type WaitForCall } from "./delivery-wait.ts";
import { type CallPostAnswer, callPost, callPostAnswer, callPostHeaders } from "./schema.ts";
import { isSignedBy, type SignatureMode } from "./signature.ts";
import { parseToldCall } from "./told-call.ts";

export interface IntakeRoutesOptions {
  /** No number means the default tenant; `null` when there is none. */
  loadTenantByNumber(number: string | undefined): Promise<WebhookTenant | null>;
  /** Every secret that may sign now. None lets nobody in. */
  loadWebhookSecrets(tenantId: TenantId): Promise<readonly string[]>;
  accept: Accept["accept"];
  waitForCall: WaitForCall;
  clock: Clock;
  log: Log;
  random: Random;
  /** Posts taken from one address; 0 is no limit. */
  webhookPerSecond: number;
}

export interface WebhookTenant {
  id: TenantId;
  timeZone: string;
  country: string;
  signatureModes: readonly SignatureMode[];
  disabledAt: Date | null;
}

const BODY_BYTES_MAX = 64 * 1024;
const TENANT_NUMBER = /^[0-9A-Za-z_-]{1,32}$/;
const BOTH_MODES: readonly SignatureMode[] = ["raw", "python-json"];

/**
 * `POST /webhook/call`: what a PBX tells about a call, signed. Refused in this order: too large (413), not signed (401,
 * nothing is read or stored), no JSON (400), bad fields (422). Answered only when the store has it for good.
 */
export function registerIntakeRoutes(app: App, options: IntakeRoutesOptions): void {
  const { clock } = options;
  const readTenant = createTenantReader(options);
  const waitUntilDelivered = createDeliveryWait(app, options);

  app.register(async (scope: App) => {
    // The signature is over bytes: whatever the content type says, the body stays as it came.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.post(
      "/webhook/call",
      {
        bodyLimit: BODY_BYTES_MAX,
        config: {
          access: publicAccess,
          rateLimit: false,
          forMachines: true,
          refusals: ["invalid_signature"],
        },
        onRequest: createSecondLimit(clock, options.webhookPerSecond),
        schema: {
          summary: "A PBX tells about a call",
          description:
            "Signed with the tenant's webhook secret. The same post again is a `duplicate`; a later state of the call is an `updated`.",
          tags: ["webhook"],
          headers: callPostHeaders,
          body: callPost,
          response: { 200: callPostAnswer, 202: callPostAnswer },
        },
        validatorCompiler: () => (value: unknown) => ({ value }), // only what is signed is read, see parseToldCall
        serializerCompiler: () => (answer: unknown) => JSON.stringify(answer), // ours, and felt at a thousand a second
      },
      async (request, reply): Promise<CallPostAnswer> => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const tenant = await readTenant(request, body);
        const told = parseToldCall(body, tenant, clock.now());
        const accepted = await options.accept({ tenant, ...told });
        request.logEvent = "call_processed"; // the older middleware's name for it
        request.logFields = toLogFields(tenant, told.callUuid, accepted);
        const { status, callId, revision } = accepted;
        const answer = { status, call_uuid: told.callUuid, call_id: callId, revision };
        const delivered = await waitUntilDelivered({ tenantId: tenant.id, callId, revision }, request, reply);
        if (!delivered) {
          void reply.code(status === "duplicate" && !reply.hasHeader("preference-applied") ? 200 : 202);
          return answer;
        }
        return toDeliveredAnswer(answer, delivered, reply);
      },
    );
  });
}

/** Finds whose secret signs, and throws `invalid_signature` in one voice and after the same work, whatever is wrong. */
function createTenantReader({ loadTenantByNumber, loadWebhookSecrets, random }: IntakeRoutesOptions) {
  const nobody = newSecret(random);
  return async (request: FastifyRequest, body: Buffer): Promise<WebhookTenant> => {
    const number = textOf(request.headers["x-enlace-tenant"]);
    const tenant = number === undefined || TENANT_NUMBER.test(number) ? await loadTenantByNumber(number) : null;
    const secrets = tenant && !tenant.disabledAt ? await loadWebhookSecrets(tenant.id) : [];
    const signed = isSignedBy(
      { body, signature: textOf(request.headers["x-signature"]) },
      secrets.length > 0 ? secrets : [nobody],
      tenant?.signatureModes ?? BOTH_MODES,
    );
    if (signed && tenant && secrets.length > 0) return tenant;
    throw new AppError("invalid_signature", "X-Signature is missing or does not fit the body.");
  };
}

function toLogFields(tenant: WebhookTenant, callUuid: string, { status, callId, revision, call }: Accepted) {
  return {
    tenantId: tenant.id,
    callUuid,
    callId,
    result: status,
    revision,
    direction: call.direction,
    outcome: call.outcome,
    from: call.from?.text,
    to: call.to?.text,
    agentExtension: call.agentExtension,
    talkSeconds: call.talkSeconds,
    pbx: call.pbx,
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
