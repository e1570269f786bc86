import { z } from "zod";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams, instantField, noBody, toInstant } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import type { EventTokens } from "./event-tokens.ts";

const OVERLAP_SECONDS_MAX = 30 * 86_400;

const rotation = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(OVERLAP_SECONDS_MAX)
    .default(0)
    .meta({ description: "How long the tokens before it stay good; 0 ends them now" }),
  token: z
    .string()
    .regex(/^[\x21-\x7e]{12,200}$/, "must be 12 to 200 characters without blanks")
    .optional()
    .meta({ description: "One that the PBX has already; without it one is made" }),
});

const rotated = z.object({
  token: z.string().meta({ description: "Shown this once" }),
  others_expire_at: instantField,
});

const config = { access: allow({ roles: ["admin"], scope: "pbxs:write" }) };
const url = "/api/v1/pbxs/:id/event-token";
const tags = ["pbxs"];

export function registerPbxTokenRoutes(app: App, tokens: EventTokens): void {
  app.post(
    url,
    {
      config,
      schema: {
        summary: "Give a PBX a new token for the events it posts; those before it stay good for an overlap",
        tags,
        params: idParams,
        body: rotation,
        response: { 201: rotated },
      },
    },
    async (request, reply) => {
      const { overlap_seconds: overlapSeconds, token } = request.body;
      const made = await tokens.rotate(toDoer(request), request.params.id, { overlapSeconds, token });
      return reply.code(201).send({ token: made.token, others_expire_at: toInstant(made.othersExpireAt) });
    },
  );
  app.delete(
    url,
    {
      config,
      schema: { summary: "End a PBX's tokens: it posts no more", tags, params: idParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      await tokens.revoke(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}
