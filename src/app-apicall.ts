import type { Ground } from "./app-ground.ts";
import type { Rooms } from "./app-rooms.ts";
import { registerApicall } from "./compat/apicall/apicall.ts";
import type { App } from "./http/app-instance.ts";

// What the older dialer's surface needs beside Enlace's own API.

/** Its clients know no refresh. */
const TOKEN_SECONDS = 86_400;

export function registerApicallDoors(app: App, { database, log }: Ground, { tenants, telephony }: Rooms): void {
  registerApicall(app, {
    log,
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
