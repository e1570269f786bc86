import type { FastifyRequest } from "fastify";
import type { RowId, TenantId } from "../core/ids.ts";

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
