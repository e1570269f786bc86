import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { type Administer, toDoer } from "../administer.ts";
import { say } from "../words.ts";
import type { Limits } from "./limits.ts";
import { INSTALLATION, loadLimits, saveLimits, TENANT_DEFAULTS } from "./limits-store.ts";
import { fromLimitsBody, installationLimitsBody, limitsAnswer, limitsBody, toLimitsItem } from "./schema.ts";

export interface LimitsRouteOptions {
  database: Database;
  administer: Administer;
  limits: Pick<Limits, "reload">;
}

const tags = ["dialer"];

/** How much a tenant, and the whole installation, may dial. A change holds here at once, and within seconds everywhere. */
export function registerLimitsRoutes(app: App, { database, administer, limits }: LimitsRouteOptions): void {
  app.get(
    "/api/v1/dialer/limits",
    {
      config: { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) },
      schema: { summary: "How much may be dialled at once", tags, response: { 200: limitsAnswer } },
    },
    async ({ caller }) => toAnswer(database.sql, caller.tenantId),
  );
  app.put(
    "/api/v1/dialer/limits",
    {
      config: { access: allow({ roles: ["admin"], scope: "dialer:write" }) },
      schema: {
        summary: "Change how much may be dialled at once; what is not named stays",
        description:
          "Holds in this process at once and in the others within five seconds, without a restart. `installation` is for operators.",
        tags,
        body: limitsBody.partial().extend({ installation: installationLimitsBody.partial().optional() }),
        response: { 200: limitsAnswer },
      },
    },
    async (request) => {
      const { caller } = request;
      const { installation, ...own } = request.body;
      if (installation && !caller.isOperator) throw new AppError("forbidden", say("operatorLimits"));
      await administer(toDoer(request), async (on, at) => {
        if (Object.keys(own).length > 0) await change(on, caller.tenantId, { given: own, at });
        if (installation) await change(on, INSTALLATION, { given: installation, at });
        const deed = { action: "dialer.limits", target: "dialer:limits", detail: request.body };
        return { value: undefined, deed };
      });
      await limits.reload();
      return toAnswer(database.sql, caller.tenantId);
    },
  );
}

type Given = Partial<ReturnType<typeof toLimitsItem>>;

async function change(
  on: Sql,
  tenantId: TenantId | typeof INSTALLATION,
  { given, at }: { given: { [K in keyof Given]: Given[K] | undefined }; at: Date },
): Promise<void> {
  const fallback =
    tenantId === INSTALLATION ? { ...TENANT_DEFAULTS, perSecond: null, channelsMax: null } : TENANT_DEFAULTS;
  const known = toLimitsItem((await loadLimits(on, tenantId)) ?? fallback);
  const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  await saveLimits(on, tenantId, { limits: fromLimitsBody(limitsBody.parse({ ...known, ...told })), at });
}

async function toAnswer(from: Sql, tenantId: TenantId) {
  const own = (await loadLimits(from, tenantId)) ?? TENANT_DEFAULTS;
  const all = await loadLimits(from, INSTALLATION);
  return {
    ...toLimitsItem(own),
    installation: all && { per_second: all.perSecond, channels_max: all.channelsMax },
  };
}
