import type { FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { type Authenticate, type Caller, isAllowed, publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { perSecond } from "../../http/rate-limits.ts";
import { say } from "../words.ts";
import { redirectAnswer, redirectBody } from "./schema.ts";
import type { SmartRedirect } from "./smart-redirect.ts";
import type { AskedCall } from "./store.ts";

export interface MoveRouteOptions {
  redirect: Pick<SmartRedirect, "decide">;
  /** Whose event token it is; `null` if nobody's. `callIdPrefix` makes a call_uuid of its Uniqueids. */
  findPbxByToken(token: string): Promise<{ tenantId: TenantId; callIdPrefix: string } | null>;
  authenticate: Authenticate;
  /** By call_uuid; of a person only what the person sees. */
  findCall(asker: { tenantId: TenantId; caller: Caller | null }, callUuid: string): Promise<AskedCall | null>;
  /** AMI Redirect, by the process that listens to the PBX and knows whether it still rings. Throws `AppError`. */
  move(call: { tenantId: TenantId; pbxId: string; callUuid: string; extension: string }): Promise<void>;
  /** Requests taken from one address; 0 is no limit. */
  perSecondMax: number;
}

const RULE = { roles: ["supervisor"], scope: "calls:write" } as const;

/**
 * `POST /api/smart-redirect`: sends a ringing call to whoever is responsible for its caller. Asked by the PBX with its event
 * token (`Token`), or with a credential of the API. Nobody responsible is no error: the call is left where it rings.
 */
export function registerMoveRoute(app: App, options: MoveRouteOptions): void {
  const { redirect, findCall, move } = options;
  app.post(
    "/api/smart-redirect",
    {
      config: {
        access: publicAccess,
        rateLimit: perSecond(options.perSecondMax),
        refusals: ["unauthenticated", "forbidden", "not_found", "conflict", "unavailable"],
      },
      schema: {
        summary: "Send a ringing call to the person responsible for its caller",
        description: "With the PBX's event token in the header `Token`, or an API key with calls:write.",
        tags: ["smart redirect"],
        body: redirectBody,
        response: { 200: redirectAnswer },
      },
    },
    async (request) => {
      const { tenantId, callIdPrefix, caller } = await identify(request, options);
      const { unique_id: uniqueId, phone, trunk } = request.body;
      const callUuid = uniqueId.startsWith(callIdPrefix) ? uniqueId : `${callIdPrefix}${uniqueId}`;
      const call = await findCall({ tenantId, caller }, callUuid);
      if (!call || call.phase === "ended") throw new AppError("not_found", say("callGone"));
      if (call.phase !== "ringing") throw new AppError("conflict", say("callTaken"));
      const asked = { tenantId, source: "smart-redirect", uniqueId, trunk: trunk || (call.trunk ?? "") } as const;
      const decision = await redirect.decide(asked, { phone: phone ?? call.from ?? "" });
      const { extension, name, reason } = decision;
      request.logEvent = "redirect.decided";
      request.logFields = { ...asked, from: decision.phone, extension, reason };
      if (extension === null) return { redirected: false, extension, name, reason };
      if (call.pbxId === null) throw new AppError("conflict", say("callOnNoPbx"));
      await move({ tenantId, pbxId: call.pbxId, callUuid, extension });
      return { redirected: true, extension, name, reason };
    },
  );
}

async function identify(
  request: FastifyRequest,
  { findPbxByToken, authenticate }: MoveRouteOptions,
): Promise<{ tenantId: TenantId; callIdPrefix: string; caller: Caller | null }> {
  const { token } = request.headers;
  const pbx = typeof token === "string" ? await findPbxByToken(token) : null;
  if (pbx) return { ...pbx, caller: null };
  const caller = await authenticate(request);
  if (!caller || caller.mustChangePassword)
    throw new AppError("unauthenticated", "Send the PBX's event token as Token, or an X-API-KEY.");
  if (!isAllowed(caller, RULE)) throw new AppError("forbidden", "This takes a supervisor, or a key with calls:write.");
  return { tenantId: caller.tenantId, callIdPrefix: "", caller };
}
