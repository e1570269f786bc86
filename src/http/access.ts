import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { App } from "./app-instance.ts";

/**
 * Who may call a route. Every route declares it (`config: { access }`); one that does not keeps the server from starting.
 * People act by their role, API keys by their scopes; both inside the one tenant of their credential.
 */
export const ROLES = ["admin", "supervisor", "agent", "viewer"] as const;
export type Role = (typeof ROLES)[number];

export const SCOPES = [
  "calls:read",
  "calls:write",
  "recordings:read",
  "recordings:write",
  "deliveries:read",
  "deliveries:write",
  "connections:read",
  "connections:write",
  "pbxs:read",
  "pbxs:write",
  "tenants:read",
  "tenants:write",
  "users:read",
  "users:write",
  "keys:read",
  "keys:write",
  "audit:read",
  "dialer:read",
  "dialer:write",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who makes a request, as its credential says. */
export interface Caller {
  tenantId: TenantId;
  /** For the audit log: `user:3`, `key:7`. */
  actor: `user:${string}` | `key:${string}`;
  /** The person's username or the key's name. */
  name: string;
  /** `null` for an API key, which acts by its scopes alone. */
  role: Role | null;
  /** Empty for a person, who acts by the role alone. */
  scopes: readonly Scope[];
  /** May administer tenants. Of keys, only the one Enlace keeps for its own machine's command line. */
  isOperator: boolean;
  /** Set for a person. */
  userId: RowId | null;
  sessionId: string | null;
  /** A person who came in with a one-time password may only change it. */
  mustChangePassword: boolean;
}

/** Reads the credential of a request; `undefined` when there is none or it is not good (any more). */
export type Authenticate = (request: Pick<FastifyRequest, "headers">) => Promise<Caller | undefined>;

export type Access = { kind: "public" } | ({ kind: "caller" } & CallerRule);

export interface CallerRule {
  /** Roles that may, beside those that outrank them: admin > supervisor > agent, viewer. */
  roles: readonly Role[];
  /** The scope an API key needs; `null`: for people only; `any`: every good key. */
  scope: Scope | "any" | null;
  /** Only people who administer the installation. */
  operatorOnly?: boolean;
  /** Open to a person who must change the password first. */
  evenWithOldPassword?: boolean;
}

/** Anybody, without a credential. The route checks for itself what it must (a signature, a login). */
export const publicAccess: Access = { kind: "public" };

export function allow(rule: CallerRule): Access {
  return { kind: "caller", ...rule };
}

const OUTRANKS: Record<Role, readonly Role[]> = {
  admin: ["admin", "supervisor", "agent", "viewer"],
  supervisor: ["supervisor", "agent", "viewer"],
  agent: ["agent"],
  viewer: ["viewer"],
};

/** Whether the caller may; pure. */
export function isAllowed(caller: Caller, rule: CallerRule): boolean {
  if (rule.operatorOnly && !caller.isOperator) return false;
  if (caller.role) return OUTRANKS[caller.role].some((role) => rule.roles.includes(role));
  if (rule.scope === null) return false;
  return rule.scope === "any" || caller.scopes.includes(rule.scope);
}

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
