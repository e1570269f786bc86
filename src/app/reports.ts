import type { ListOwnProjects } from "../calls/own-calls.ts";
import { loadCalls } from "../calls/search-store.ts";
import { registerStatisticsRoutes } from "../calls/statistics/routes.ts";
import { type LoadCountry, toStoredParty } from "../calls/stored-party.ts";
import type { RowId } from "../core/ids.ts";
import { toAssignee } from "../dialer/projects/projects.ts";
import { loadDialFigures } from "../dialer/reports/figures.ts";
import { type Caller, isAllowed } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// Reports of calls and what the dialer adds to them; and calls as other rooms look for them.

export function registerReportDoors(app: App, { database, clock }: Ground, rooms: Rooms): void {
  registerStatisticsRoutes(app, {
    ...{ database, clock, loadTenant: rooms.tenants.loadTenant, listOwnProjects: toOwnProjects(rooms) },
    loadDialerFigures: async (on, caller, ask) =>
      isAllowed(caller, DIALER_READERS)
        ? loadDialFigures(on, { ...ask, tenantId: caller.tenantId, assignee: toAssignee(caller) })
        : null,
  });
}

/** Who sees dial attempts. */
const DIALER_READERS = { roles: ["supervisor", "viewer"], scope: "dialer:read" } as const;

/** Whose calls a caller sees, for every door that shows some. */
export const toOwnProjects =
  ({ dialer }: Pick<Rooms, "dialer">): ListOwnProjects =>
  (caller) =>
    dialer.settings.projects.listOwn(caller);

const FOUND_CALLS_MAX = 200;

/** The newest calls of the caller's that a word names: a number in any writing, or a call's name at its PBX. */
export function createFindCallIds(database: Database, loadTenant: LoadCountry, listOwn: ListOwnProjects) {
  return async (caller: Caller, word: string): Promise<RowId[]> => {
    const { tenantId } = caller;
    const own = await listOwn(caller);
    const party = await toStoredParty(word, tenantId, loadTenant);
    const found = await Promise.all(
      [{ party }, { call_uuid: word }].map((filter) =>
        loadCalls(database.sql, tenantId, { ...filter, own, rowsMax: FOUND_CALLS_MAX }),
      ),
    );
    return found.flatMap(({ calls }) => calls.map(({ id }) => id));
  };
}
