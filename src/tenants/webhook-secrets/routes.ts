import { z } from "zod";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import type { WebhookSecrets } from "./webhook-secrets.ts";

const OVERLAP_SECONDS_MAX = 30 * 86_400;

const webhookSecret = z
  .object({
    id: z.string(),
    origin: z.enum(["environment", "api"]),
    created_at: instantField,
    expires_at: instantField.nullable().meta({ description: "null: the current one" }),
  })
  .meta({ id: "WebhookSecret" });

const rotation = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(OVERLAP_SECONDS_MAX)
    .default(86_400)
    .meta({ description: "How long the secrets before it stay good; 0 ends them now" }),
});

const rotated = z.object({
  id: z.string(),
  secret: z.string().meta({ description: "Shown this once" }),
  created_at: instantField,
  others_expire_at: instantField,
});

export function registerWebhookSecretRoutes(app: App, secrets: WebhookSecrets): void {
  app.get(
    "/api/v1/webhook-secrets",
    {
      config: { access: allow({ roles: ["admin"], scope: "tenants:read" }) },
      schema: {
        summary: "The secrets that may sign a webhook now, without the secrets themselves",
        tags: ["webhook-secrets"],
        response: { 200: z.object({ items: z.array(webhookSecret), next_cursor: z.null() }) },
      },
    },
    async (request) => {
      const items = (await secrets.load(request.caller.tenantId)).map(({ id, origin, createdAt, expiresAt }) => ({
        id,
        origin,
        created_at: toInstant(createdAt),
        expires_at: toInstant(expiresAt),
      }));
      return { items, next_cursor: null };
    },
  );
  app.post(
    "/api/v1/webhook-secrets/rotate",
    {
      config: { access: allow({ roles: ["admin"], scope: "tenants:write" }) },
      schema: {
        summary: "Make a new webhook secret; the ones before it stay good for an overlap",
        tags: ["webhook-secrets"],
        body: rotation,
        response: { 201: rotated },
      },
    },
    async (request, reply) => {
      const { stored, secret, othersExpireAt } = await secrets.rotate(toDoer(request), request.body.overlap_seconds);
      return reply.code(201).send({
        id: stored.id,
        secret,
        created_at: toInstant(stored.createdAt),
        others_expire_at: toInstant(othersExpireAt),
      });
    },
  );
}
