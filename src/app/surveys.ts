import { loadLastCallId } from "../calls/last-call.ts";
import { loadCallSubjects } from "../calls/store.ts";
import { registerWebhookPostRoutes } from "../calls/webhook-posts.ts";
import type { CallSubject } from "../connectors/connector.ts";
import { connectors } from "../connectors/registry.ts";
import type { TenantId } from "../core/ids.ts";
import type { App } from "../http/app-instance.ts";
import { registerSurveyRoutes } from "../tenants/connections/survey-routes.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// What an administrator looks at while setting up. What a connected system looks like needs its session, a call to show it with, and our own extensions.

/** More desks than one call centre has. */
const EXTENSIONS_MAX = 5_000;

export function registerSurveyDoors(app: App, { database }: Ground, rooms: Rooms): void {
  const { connections, delivery, tenants, recordings } = rooms;
  registerWebhookPostRoutes(app, database);
  registerSurveyRoutes(app, {
    ...{ connections, connectors, ask: delivery.ask },
    listExtensions: (tenantId) => tenants.extensions.list(tenantId, { afterNumber: "", rowsMax: EXTENSIONS_MAX }),
    loadLastCall: async (tenantId: TenantId): Promise<CallSubject | null> => {
      const callId = await loadLastCallId(database.sql, tenantId);
      if (callId === null) return null;
      const [subject] = await recordings.toCrmSubjects(await loadCallSubjects(database.sql, [{ tenantId, callId }]));
      return subject ? { ...subject, remote: null } : null;
    },
  });
}
