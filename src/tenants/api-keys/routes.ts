import { z } from "zod";
import { toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import { allow, SCOPES } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, instantField, noBody, toInstant } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toDoer } from "../audit/audit.ts";
import type { ApiKeys } from "./api-keys.ts";
import { type ApiKey, loadKeys } from "./store.ts";

export interface ApiKeyRoutesOptions {
  apiKeys: ApiKeys;
  database: Database;
  clock: Clock;
}

const tags = ["api-keys"];
const write = { access: allow({ roles: ["admin"], scope: "keys:write" }) };

const keyAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: "How the key begins, to recognise it by" }),
    scopes: z.array(z.enum(SCOPES)),
    created_by: z.string(),
    created_at: instantField,
    last_used_at: instantField.nullable().meta({ description: "To the minute" }),
    expires_at: instantField.nullable(),
    revoked_at: instantField.nullable(),
  })
  .meta({ id: "ApiKey" });

const newKey = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
});

export function registerApiKeyRoutes(app: App, { apiKeys, database, clock }: ApiKeyRoutesOptions): void {
  app.get(
    "/api/v1/api-keys",
    {
      config: { access: allow({ roles: ["admin"], scope: "keys:read" }) },
      schema: {
        summary: "The keys of the tenant, without the keys themselves",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(keyAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await loadKeys(database.sql, request.caller.tenantId, { afterId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toKeyAnswer, toPosition: (key) => ({ id: key.id }) });
    },
  );
  app.post(
    "/api/v1/api-keys",
    {
      config: write,
      schema: {
        summary: "Make a key; it is shown this once",
        tags,
        body: newKey,
        response: { 201: keyAnswer.extend({ key: z.string().meta({ description: "Send it as X-API-KEY" }) }) },
      },
    },
    async (request, reply) => {
      const { name, scopes, expires_at } = request.body;
      const expiresAt = expires_at === null ? null : new Date(expires_at);
      if (expiresAt && expiresAt <= clock.now()) throw toFieldError("expires_at", sayField("past"));
      const by = { caller: request.caller, doer: toDoer(request) };
      const { stored, key } = await apiKeys.create(by, { name, scopes: [...new Set(scopes)], expiresAt });
      return reply.code(201).send({ ...toKeyAnswer(stored), key });
    },
  );
  app.delete(
    "/api/v1/api-keys/:id",
    {
      config: write,
      schema: { summary: "Revoke a key; it stops working at once", tags, params: idParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      await apiKeys.revoke(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

function toKeyAnswer(key: ApiKey): z.infer<typeof keyAnswer> {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    created_by: key.createdBy,
    created_at: toInstant(key.createdAt),
    last_used_at: toInstant(key.lastUsedAt),
    expires_at: toInstant(key.expiresAt),
    revoked_at: toInstant(key.revokedAt),
  };
}
