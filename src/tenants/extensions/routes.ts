import { z } from "zod";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { noBody } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import type { Extensions } from "./extensions.ts";
import { extensionAnswer, extensionBody, extensionCursor, extensionParams, toExtensionAnswer } from "./schema.ts";

const read = { access: allow({ roles: ["agent", "viewer"], scope: "pbxs:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "pbxs:write" }) };
const tags = ["extensions"];

export function registerExtensionRoutes(app: App, extensions: Extensions): void {
  app.get(
    "/api/v1/extensions",
    {
      config: read,
      schema: {
        summary: "The tenant's extensions, by number",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(extensionAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterNumber = parseCursor(cursor, extensionCursor)?.number ?? "";
      const rows = await extensions.list(request.caller.tenantId, { afterNumber, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toExtensionAnswer, toPosition: ({ number }) => ({ number }) });
    },
  );
  app.put(
    "/api/v1/extensions/:number",
    {
      config: write,
      schema: {
        summary: "Make an extension, or replace it",
        tags,
        params: extensionParams,
        body: extensionBody,
        response: { 200: extensionAnswer },
      },
    },
    async (request) => {
      const { number } = request.params;
      const { peers = [number], name, user_id } = request.body;
      const fields = { number, peers: [...new Set(peers)], name, userId: user_id };
      return toExtensionAnswer(await extensions.set(toDoer(request), fields));
    },
  );
  app.delete(
    "/api/v1/extensions/:number",
    {
      config: write,
      schema: { summary: "Remove an extension", tags, params: extensionParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      await extensions.remove(toDoer(request), request.params.number);
      return reply.code(204).send();
    },
  );
}
