import { type RawBuilder, sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Caller } from "../http/access.ts";
import type { Sql } from "../kit/postgres/database.ts";
import { COLUMNS, reviveCall, type StoredCall } from "./store.ts";

/*
 * Whose calls a caller sees; said here and nowhere else. A supervisor sees the calls of the projects that are assigned to them
 * and the calls of no project; everybody else of the tenant, and its programs, see them all. What hangs on a call, its
 * recording, deliveries and figures, is seen by whoever sees the call.
 */

/** The projects, or `null` for who sees every call. None at all is `[]`: calls of no project are left. */
export type OwnProjects = readonly RowId[] | null;
export type ListOwnProjects = (caller: Caller) => Promise<OwnProjects>;

/**
 * The project of a call `c`, as text; null: none. A call that the dialer makes belongs to its project from the first ring,
 * though the call's record is told so at its end only: until then the attempt says it, whose id ends the call's name (where a call file placed it the PBX named the call, and the dialer says whose it is).
 */
export const PROJECT_OF_CALL = `coalesce(c.project_id,
  case when left(right(c.call_uuid, 25), 1) = 'd' then (
    select a.project_id::text from dial_attempts a
     where a.tenant_id = c.tenant_id and a.id = right(c.call_uuid, 25) limit 1) end)`;

/** What must hold of a call `c`; `null`: nothing. */
export function toOwnCall(own: OwnProjects): RawBuilder<unknown> | null {
  if (own === null) return null;
  const [project, projects] = [sql.raw(PROJECT_OF_CALL), sql`${[...own]}::text[]`];
  return sql`(c.project_id = any(${projects})
    or c.project_id is null and (${project} is null or ${project} = any(${projects})))`;
}

/** The same as one condition for each project and one for calls of none: each has an index in list order. */
export function toOwnBranches(own: readonly RowId[]): RawBuilder<unknown>[] {
  const none = sql`c.project_id is null and ${toOwnCall(own)}`;
  return [...own.map((id) => sql`c.project_id = ${id}`), none];
}

/** What must hold of a delivery `d`; `null`: nothing. Each one's call is looked up by its key; one whose call is gone is nobody's. */
export function toOwnDelivery(own: OwnProjects): RawBuilder<unknown> | null {
  const condition = toOwnCall(own);
  // The offset keeps the planner from reading all calls at once for the sake of one page.
  return (
    condition &&
    sql`exists (select from calls c where c.tenant_id = d.tenant_id and c.id = d.subject_id
    and ${condition} offset 0)`
  );
}

/** The call, where the caller sees it. */
export async function loadOwnCall(
  from: Sql,
  tenantId: TenantId,
  { id, own }: { id: string; own: OwnProjects },
): Promise<StoredCall | undefined> {
  const { rows } = await sql<StoredCall>`
    select ${COLUMNS} from calls c
     where c.tenant_id = ${tenantId} and c.id = ${id} and ${toOwnCall(own) ?? sql`true`}`.execute(from);
  return rows[0] && reviveCall(rows[0]);
}
