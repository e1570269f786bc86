import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { createCallerLimit } from "../http/rate-limits.ts";
import { type CallRouteOptions, registerCallCommands } from "./call-routes.ts";
import type { PlaceClick } from "./click-to-call.ts";
import { newCall, newCallHeaders, placedCall } from "./schema.ts";

export interface TelephonyRouteOptions extends CallRouteOptions {
  placeClick: PlaceClick;
}

/** A person clicks a few times a minute; more is a program gone wild, and each one rings a phone. */
const CALLS_PER_MINUTE = 30;

/** What people ask of calls that are to be or that are going on, whichever process listens to the PBX. */
export function registerTelephonyRoutes(app: App, options: TelephonyRouteOptions): void {
  const limit = createCallerLimit(app, CALLS_PER_MINUTE);
  app.post(
    "/api/v1/calls/originate",
    {
      config: {
        access: allow({ roles: ["agent"], scope: "calls:write" }),
        refusals: ["not_found", "conflict"],
      },
      schema: {
        summary: "Click to call: ring an extension, and dial the number once it has picked up",
        description: "Answers when the PBX has taken the order, not when somebody answers.",
        tags: ["calls"],
        headers: newCallHeaders,
        body: newCall,
        response: { 202: placedCall },
      },
    },
    async (request, reply) => {
      const { caller, body, headers, ip } = request;
      await limit(request);
      const { callUuid, pbxId } = await options.placeClick({
        doer: { tenantId: caller.tenantId, actor: caller.actor, address: ip },
        agentId: toAgentId(caller),
        extension: body.extension,
        number: body.number,
        pbxId: body.pbx_id,
        idempotencyKey: headers["idempotency-key"],
        despiteSuppression: body.despite_suppression,
      });
      return reply.code(202).send({ call_uuid: callUuid, pbx_id: pbxId });
    },
  );
  registerCallCommands(app, options);
}

/** An agent rings his own phone only; who administers may ring any of the tenant's. */
const toAgentId = ({ role, userId }: Caller) => (role === "agent" ? userId : null);
