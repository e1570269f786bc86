import { registerApicall } from "../compat/apicall/apicall.ts";
import { searchAttempts } from "../dialer/attempt-search.ts";
import { loadLiveState } from "../dialer/dialing/live-state.ts";
import { toAssignee } from "../dialer/projects/projects.ts";
import { loadRecentAttempts } from "../dialer/recent-attempts.ts";
import type { App } from "../http/app-instance.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// What the older dialer's surface needs beside Enlace's own API.

/** Its clients know no refresh. */
const TOKEN_SECONDS = 86_400;
/** Of a tenant. */
const PROJECTS_MAX = 1_000;

export function registerApicallDoors(
  app: App,
  { database, clock, log }: Ground,
  { tenants, telephony, dialer }: Rooms,
): void {
  registerApicall(app, {
    ...{ log, clock, loadTenant: tenants.loadTenant },
    findProjectId: async (caller, number) => {
      const { projects } = dialer.settings;
      const project = await projects.findByNumber(caller.tenantId, number);
      return project && (await projects.mayUse(caller, project.id)) ? project.id : null;
    },
    placeCall: async ({ tenantId, actor }, call) =>
      (await dialer.dialing.placeDial({ tenantId, actor, source: "api", ...call })).attemptId,
    searchCalls: (tenantId, search) => searchAttempts(database.sql, tenantId, search),
    authenticateToken: (token) => tenants.authenticate({ headers: { authorization: `Bearer ${token}` } }),
    listOwnProjects: async (tenantId, userId) => {
      const page = { afterId: "0", assignee: userId, rowsMax: PROJECTS_MAX };
      return new Set((await dialer.settings.projects.list(tenantId, page)).map(({ number }) => number));
    },
    loadRecentCalls: (tenantId, ask) => loadRecentAttempts(database.sql, tenantId, ask),
    loadFigures: (caller) => {
      const ask = { tenantId: caller.tenantId, assignee: toAssignee(caller), now: clock.now() };
      return loadLiveState(database, ask, () => null);
    },
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
