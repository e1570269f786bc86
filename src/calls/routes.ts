import { AppError } from "../core/errors.ts";
import { allow } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { encodeCursor, parseCursor, toPage, toPageSchema } from "../http/paging.ts";
import { idParams } from "../http/wire.ts";
import type { Database } from "../kit/postgres/database.ts";
import { toCallItem } from "./call-item.ts";
import { toDetailsItem } from "./details-item.ts";
import { type ListOwnProjects, loadOwnCall } from "./own-calls.ts";
import { callCursor, callDetail, callItem, callQuery } from "./schema.ts";
import { loadCalls } from "./search-store.ts";
import { loadAttempts, loadCallDeliveries, loadTellings } from "./store.ts";
import { type LoadCountry, toStoredParty } from "./stored-party.ts";
import { toTimeline } from "./timeline.ts";
import { say } from "./words.ts";

export interface CallRoutesOptions {
  database: Database;
  loadTenant: LoadCountry;
  listOwnProjects: ListOwnProjects;
}

/** Everybody of the tenant may read its calls. Agents too: a user has no extension yet that would narrow them down. */
const readers = allow({ roles: ["agent", "viewer"], scope: "calls:read" });

export function registerCallRoutes(app: App, { database, loadTenant, listOwnProjects }: CallRoutesOptions): void {
  app.get(
    "/api/v1/calls",
    {
      config: { access: readers },
      schema: {
        summary: "Calls, newest first",
        description:
          "A page looks at 100,000 calls at most, 20,000 where it looks at their deliveries too: it may have fewer items than asked for, even none, and still a `next_cursor` that goes on from there. Supervisors see calls of their projects and calls of no project.",
        tags: ["calls"],
        querystring: callQuery,
        response: { 200: toPageSchema(callItem) },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { limit, cursor, number, ...filter } = request.query;
      const party = number === undefined ? undefined : await toStoredParty(number, tenantId, loadTenant);
      const after = parseCursor(cursor, callCursor);
      const own = await listOwnProjects(request.caller);
      const found = await loadCalls(database.sql, tenantId, { ...filter, party, own, after, rowsMax: limit + 1 });
      const deliveries = await loadCallDeliveries(database.sql, tenantId, found.calls.slice(0, limit));
      const deliveriesOf = Map.groupBy(deliveries, ({ call_id }) => call_id);
      const page = toPage(found.calls, limit, {
        toItem: (call) => toCallItem(call, deliveriesOf.get(call.id) ?? []),
        toPosition: (call) => ({ at: call.started_at, id: call.id }),
      });
      return found.walkedTo ? { ...page, next_cursor: encodeCursor({ ...found.walkedTo }) } : page;
    },
  );

  app.get(
    "/api/v1/calls/:id",
    {
      config: { access: readers },
      schema: {
        summary: "One call and its timeline",
        tags: ["calls"],
        params: idParams,
        response: { 200: callDetail },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const own = await listOwnProjects(request.caller);
      const call = await loadOwnCall(database.sql, tenantId, { id: request.params.id, own });
      if (!call) throw new AppError("not_found", say("unknown"));
      const [deliveries, tellings, attempts] = await Promise.all([
        loadCallDeliveries(database.sql, tenantId, [call]),
        loadTellings(database.sql, call),
        loadAttempts(database.sql, call),
      ]);
      const details = call.details && toDetailsItem(call.details);
      return { ...toCallItem(call, deliveries), details, timeline: toTimeline(tellings, attempts) };
    },
  );
}
