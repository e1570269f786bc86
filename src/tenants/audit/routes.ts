import { z } from "zod";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { loadAudit } from "./store.ts";

const auditEntry = z
  .object({
    id: z.string(),
    at: instantField,
    actor: z.string(),
    actor_name: z.string().nullable().meta({ description: "Username or name of the key, while it is there" }),
    action: z.string(),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()),
    address: z.string(),
  })
  .meta({ id: "AuditEntry" });

const word = z.string().max(200).optional();
const actorWord = word.meta({ description: "`user:3`, `key:7`, `enlace`, or a username" });
const auditQuery = z.object({ ...pageQuery, actor: actorWord, action: word, target: word });

export function registerAuditRoutes(app: App, database: Database): void {
  app.get(
    "/api/v1/audit",
    {
      config: { access: allow({ roles: ["admin"], scope: "audit:read" }) },
      schema: {
        summary: "What was changed, by whom, newest first",
        tags: ["audit"],
        querystring: auditQuery,
        response: { 200: toPageSchema(auditEntry) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query;
      const beforeId = parseCursor(cursor, idCursor)?.id;
      const rows = await loadAudit(database.sql, request.caller.tenantId, { ...filter, beforeId, rowsMax: limit + 1 });
      return toPage(rows, limit, {
        toItem: ({ actorName, ...row }) => ({ ...row, actor_name: actorName, at: toInstant(row.at) }),
        toPosition: (row) => ({ id: row.id }),
      });
    },
  );
}
