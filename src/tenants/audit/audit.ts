import type { FastifyRequest } from "fastify";
import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Caller } from "../../http/access.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** Who makes a change and from where; the tenant is the one whose log tells of it. */
export interface Doer {
  tenantId: TenantId;
  /** `user:3`, `key:7`, or `enlace` for what Enlace does by itself. */
  actor: string;
  /** IP address, empty for Enlace itself. */
  address: string;
}

export interface Deed {
  /** `user.create`, `connection.update` … */
  action: string;
  /** What was changed: `user:4`, `connection:2` … */
  target: string;
  /** What it was changed to; never a secret. */
  detail?: Record<string, unknown>;
  at: Date;
}

/** The person or program behind a request, inside its own tenant. */
export function toDoer(request: Pick<FastifyRequest, "caller" | "ip">, caller: Caller = request.caller): Doer {
  return { tenantId: caller.tenantId, actor: caller.actor, address: request.ip };
}

/** Writes what was done into the log, in the transaction that does it: neither is ever there without the other. */
export async function writeAudit(transaction: Sql, doer: Doer, deed: Deed): Promise<void> {
  await sql`
    insert into audit_log (tenant_id, at, actor, action, target, detail, address)
    values (${doer.tenantId}, ${deed.at}, ${doer.actor}, ${deed.action}, ${deed.target},
            ${JSON.stringify(deed.detail ?? {})}::jsonb, ${doer.address})`.execute(transaction);
}
