import { sql } from "kysely";
import { z } from "zod";
import type { TenantId } from "../core/ids.ts";
import { allow } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { instantField, toInstant } from "../http/wire.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";

/** What was posted to the webhook last and taken in; what is refused is not kept. For an administrator who connects a PBX. */
interface StoredPost {
  call_id: string;
  call_uuid: string;
  received_at: Date;
  raw: unknown;
}

const SHOWN_MAX = 20;
/** Calls are looked through from the newest on; a post about an older one is not found. */
const CALLS_MAX = 200;

const postAnswer = z.object({
  call_id: z.string(),
  call_uuid: z.string(),
  received_at: instantField,
  payload: z.unknown().meta({ description: "As it came" }),
});

export function registerWebhookPostRoutes(app: App, database: Database): void {
  app.get(
    "/api/v1/webhook-posts",
    {
      config: { access: allow({ roles: ["admin"], scope: "calls:read" }) },
      schema: {
        summary: `The last ${SHOWN_MAX} posts to the webhook that were taken in, newest first`,
        description: `Of the ${CALLS_MAX} newest calls.`,
        tags: ["webhook-secrets"],
        response: { 200: z.object({ items: z.array(postAnswer), next_cursor: z.null() }) },
      },
    },
    async (request) => {
      const rows = await loadWebhookPosts(database.sql, request.caller.tenantId);
      const items = rows.map(({ received_at, raw, ...row }) => ({
        ...row,
        received_at: toInstant(received_at),
        payload: raw,
      }));
      return { items, next_cursor: null };
    },
  );
}

/** The month of each fact is that of its call, so each is looked for in one partition. */
async function loadWebhookPosts(from: Sql, tenantId: TenantId): Promise<StoredPost[]> {
  const { rows } = await sql<StoredPost>`
    select c.id as call_id, c.call_uuid, f.received_at, f.raw
      from (select tenant_id, id, call_uuid, created_at from calls
             where tenant_id = ${tenantId} order by id desc limit ${CALLS_MAX}) c
      join facts f on f.tenant_id = c.tenant_id and f.call_id = c.id and f.call_created_at = c.created_at
     where f.source = 'webhook' order by f.received_at desc limit ${SHOWN_MAX}`.execute(from);
  return rows;
}
