import type { Ground } from "./app-ground.ts";
import type { Rooms } from "./app-rooms.ts";
import { registerApicall } from "./compat/apicall/apicall.ts";
import { searchAttempts } from "./dialer/attempt-search.ts";
import type { App } from "./http/app-instance.ts";

// What the older dialer's surface needs beside Enlace's own API.

/** Its clients know no refresh. */
const TOKEN_SECONDS = 86_400;

export function registerApicallDoors(
  app: App,
  { database, clock, log }: Ground,
  { tenants, telephony, dialer }: Rooms,
): void {
  registerApicall(app, {
    ...{ log, clock, loadTenant: tenants.loadTenant },
    searchCalls: (tenantId, search) => searchAttempts(database.sql, tenantId, search),
    reportOutcome: (id, disposition) => dialer.dialing.report({ id, disposition, source: "originate" }),
    logIn: async (credentials, from) => {
      const { accessToken, user } = await tenants.sessions.login(credentials, { ...from, tokenSeconds: TOKEN_SECONDS });
      return { token: accessToken, user };
    },
    loadHealth: async () => {
      const owned = telephony.list().filter(({ isOwner }) => isOwner);
      return {
        database: await database.pool.query("select 1").then(
          () => true,
          () => false, // the answer is the report
        ),
        ami: owned.length === 0 || owned.some(({ ami }) => ami?.state === "ready"),
      };
    },
  });
}
