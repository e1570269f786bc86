import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { type Administer, toDoer } from "../administer.ts";
import { loadProject } from "../projects/store.ts";
import { say } from "../words.ts";
import { toScheduleAnswer } from "./answer.ts";
import { noSuchCampaign } from "./campaign-changes.ts";
import { loadHolidays, saveHolidays } from "./holiday-store.ts";
import { type CampaignRouteOptions, loadCampaignFor, read, tags, write } from "./routes.ts";
import { loadSchedule } from "./schedule-store.ts";
import { holidaysAnswer, holidaysBody, holidaysQuery, scheduleAnswer, scheduleBody } from "./schema.ts";

export interface ScheduleRouteOptions extends CampaignRouteOptions {
  administer: Administer;
}

export function registerScheduleRoutes(app: App, options: ScheduleRouteOptions): void {
  registerSchedules(app, options);
  registerHolidays(app, options);
}

function registerSchedules(app: App, options: ScheduleRouteOptions): void {
  const { database, clock, changes } = options;
  const url = "/api/v1/campaigns/:id/schedule";
  const show = async (tenantId: TenantId, id: string) => {
    const schedule = await loadSchedule(database.sql, tenantId, id);
    if (!schedule) throw noSuchCampaign();
    return toScheduleAnswer(schedule, clock.now());
  };
  app.get(
    url,
    {
      config: read,
      schema: { summary: "When a campaign may dial", tags, params: idParams, response: { 200: scheduleAnswer } },
    },
    async ({ caller, params }) => {
      await loadCampaignFor(caller, params.id, options);
      return show(caller.tenantId, params.id);
    },
  );
  app.put(
    url,
    {
      config: write,
      schema: {
        summary: "Say when a campaign may dial, in place of what was said before; without a window it never does",
        tags,
        params: idParams,
        body: scheduleBody,
        response: { 200: scheduleAnswer },
      },
    },
    async (request) => {
      await changes.setSchedule(toDoer(request), request.params.id, request.body.windows);
      return show(request.caller.tenantId, request.params.id);
    },
  );
}

function registerHolidays(app: App, { database, administer, mayUse }: ScheduleRouteOptions): void {
  const url = "/api/v1/holidays";
  app.get(
    url,
    {
      config: read,
      schema: {
        summary: "Days on which no campaign dials",
        tags,
        querystring: holidaysQuery,
        response: { 200: holidaysAnswer },
      },
    },
    async ({ caller, query: { project_id: projectId = null } }) => {
      if (projectId !== null && !(await mayUse(caller, projectId))) throw new AppError("not_found", say("noProject"));
      return { holidays: await loadHolidays(database.sql, caller.tenantId, projectId) };
    },
  );
  app.put(
    url,
    {
      config: { access: write.access },
      schema: {
        summary: "Say on which days no campaign, or none of a project, dials, in place of what was said before",
        tags,
        querystring: holidaysQuery,
        body: holidaysBody,
        response: { 200: holidaysAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const projectId = request.query.project_id ?? null;
      return administer(toDoer(request), async (on) => {
        await refuseUnknown(on, tenantId, projectId);
        await saveHolidays(on, { tenantId, projectId, holidays: request.body.holidays });
        const value = { holidays: await loadHolidays(on, tenantId, projectId) };
        const target = projectId === null ? "holidays" : `project:${projectId}`;
        return { value, deed: { action: "holidays.set", target, detail: { days: value.holidays.length } } };
      });
    },
  );
}

async function refuseUnknown(on: Sql, tenantId: TenantId, projectId: RowId | null): Promise<void> {
  if (projectId !== null && !(await loadProject(on, tenantId, projectId)))
    throw toFieldError("project_id", say("unknownProject"));
}
