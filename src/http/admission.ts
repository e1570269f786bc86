import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import { type Authenticate, type Caller, type CallerRule, isAllowed } from "./access.ts";
import type { App } from "./app-instance.ts";

/*
 * The rules of access.ts at the door: every route says who may call it, and nobody else gets past.
 */
const CALLER = Symbol("caller");
type WithCaller = FastifyRequest & { [CALLER]?: Caller | null };

/** The caller if the request has one: for code that also sees public routes. */
export function findCaller(request: FastifyRequest): Caller | null {
  return (request as WithCaller)[CALLER] ?? null;
}

/** Puts the check in front of every route registered from now on. */
export function installAccess(app: App, authenticate: Authenticate): void {
  app.decorateRequest(CALLER as unknown as string, null);
  app.decorateRequest("caller", {
    getter() {
      const caller = findCaller(this as FastifyRequest);
      if (!caller) throw new Error("a public route has no caller");
      return caller;
    },
  });
  app.addHook("onRoute", (route) => {
    const access = route.config?.access;
    if (!access) throw new Error(`${route.method} ${route.url} does not say who may call it (config.access)`);
    if (access.kind === "public") return;
    const check = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      (request as WithCaller)[CALLER] = await admit(request, reply, { authenticate, rule: access });
    };
    route.onRequest = [...[route.onRequest ?? []].flat(), check];
  });
}

interface Admission {
  authenticate: Authenticate;
  rule: CallerRule;
}

async function admit(request: FastifyRequest, reply: FastifyReply, { authenticate, rule }: Admission): Promise<Caller> {
  const caller = await authenticate(request);
  if (!caller) {
    const wasGiven = request.headers.authorization !== undefined || request.headers["x-api-key"] !== undefined;
    void reply.header("www-authenticate", `Bearer realm="enlace"${wasGiven ? ', error="invalid_token"' : ""}`);
    throw new AppError(
      "unauthenticated",
      wasGiven
        ? "The credential is not valid, or not any more."
        : "Send a bearer token (POST /api/v1/login) or an X-API-KEY.",
    );
  }
  if (caller.mustChangePassword && !rule.evenWithOldPassword)
    throw new AppError("password_change_required", "Choose a password of your own first: POST /api/v1/me/password.");
  if (!isAllowed(caller, rule)) throw new AppError("forbidden", toRefusal(caller, rule));
  return caller;
}

function toRefusal(caller: Caller, rule: CallerRule): string {
  if (rule.operatorOnly) return "Only operators of this installation may do this.";
  if (caller.role) return `The role ${caller.role} may not do this; it takes ${rule.roles.join(" or ")}.`;
  return rule.scope === null ? "API keys may not do this." : `The API key lacks the scope ${rule.scope}.`;
}
