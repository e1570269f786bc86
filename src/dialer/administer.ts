import type { FastifyRequest } from "fastify";
import type { TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";

/** Who changes something, and from where. */
export interface Doer {
  tenantId: TenantId;
  /** `user:3`, `key:7`. */
  actor: string;
  address: string;
}

/** For the log of changes: what was done to what; never a secret. */
export interface Deed {
  /** `project.create`, `trunk.update` … */
  action: string;
  /** `project:4`. */
  target: string;
  detail?: Record<string, unknown>;
}

/**
 * One change by a person or program, in one transaction: `work` runs with the tenant locked, its deed is written into the
 * log of changes, and every process hears of it (`settings`) at the commit. Without a deed nothing was changed.
 */
export type Administer = <T>(
  doer: Doer,
  work: (on: Sql, at: Date) => Promise<{ value: T; deed: Deed | null }>,
) => Promise<T>;

export function toDoer({ caller, ip }: Pick<FastifyRequest, "caller" | "ip">): Doer {
  return { tenantId: caller.tenantId, actor: caller.actor, address: ip };
}
