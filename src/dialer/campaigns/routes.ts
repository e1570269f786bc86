import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { parsePhoneNumber } from "../../core/phone-number.ts";
import { allow, type Caller } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toDoer } from "../administer.ts";
import { type Projects, toAssignee } from "../projects/projects.ts";
import { toCampaignAnswer, toContactAnswer, toStatisticsAnswer } from "./answer.ts";
import { type CampaignChanges, noSuchCampaign } from "./campaign-changes.ts";
import { loadContacts } from "./contact-store.ts";
import { loadSchedule } from "./schedule-store.ts";
import {
  campaignAnswer,
  campaignChange,
  campaignQuery,
  contactAnswer,
  contactQuery,
  newCampaign,
  statisticsAnswer,
} from "./schema.ts";
import { loadCampaign, loadCampaigns, loadCounts, type StoredCampaign } from "./store.ts";

export const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
export const steer = {
  access: allow({ roles: ["supervisor"], scope: "dialer:write" }),
  refusals: ["conflict"] as const,
};
export const write = { access: allow({ roles: ["admin"], scope: "dialer:write" }), refusals: ["conflict"] as const };
export const tags = ["campaigns"];

export interface CampaignRouteOptions {
  database: Database;
  clock: Clock;
  changes: CampaignChanges;
  mayUse: Projects["mayUse"];
  /** For numbers without a country code. */
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

/** The campaign, or `not_found` for one that is not there or not the caller's to see. */
export async function loadCampaignFor(
  caller: Caller,
  id: string,
  { database, mayUse }: Pick<CampaignRouteOptions, "database" | "mayUse">,
): Promise<StoredCampaign> {
  const campaign = await loadCampaign(database.sql, caller.tenantId, id);
  if (!campaign || !(await mayUse(caller, campaign.projectId))) throw noSuchCampaign();
  return campaign;
}

/** The campaign as it is shown, with its numbers. */
export async function showCampaign(
  { sql }: Database,
  campaign: StoredCampaign,
): Promise<z.input<typeof campaignAnswer>> {
  const counts = await loadCounts(sql, campaign.tenantId, [campaign.id]);
  return toCampaignAnswer(campaign, counts.get(campaign.id) ?? []);
}

export function registerCampaignRoutes(app: App, options: CampaignRouteOptions): void {
  registerReading(app, options);
  registerStatistics(app, options);
  registerChanging(app, options);
  registerSteering(app, options);
  registerContacts(app, options);
}

function registerReading(app: App, options: CampaignRouteOptions): void {
  const { database } = options;
  app.get(
    "/api/v1/campaigns",
    {
      config: read,
      schema: {
        summary: "The campaigns, newest first; supervisors see those of the projects they are assigned to",
        tags,
        querystring: campaignQuery,
        response: { 200: toPageSchema(campaignAnswer) },
      },
    },
    async ({ caller, query }) => {
      const { limit, cursor, project_id: projectId, state } = query;
      const beforeId = parseCursor(cursor, idCursor)?.id ?? null;
      const filter = { projectId, state, assignee: toAssignee(caller), beforeId, rowsMax: limit + 1 };
      const rows = await loadCampaigns(database.sql, caller.tenantId, filter);
      const counts = await loadCounts(
        database.sql,
        caller.tenantId,
        rows.map(({ id }) => id),
      );
      const toItem = (row: StoredCampaign) => toCampaignAnswer(row, counts.get(row.id) ?? []);
      return toPage(rows, limit, { toItem, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/campaigns/:id",
    {
      config: read,
      schema: { summary: "One campaign", tags, params: idParams, response: { 200: campaignAnswer } },
    },
    async ({ caller, params }) => showCampaign(database, await loadCampaignFor(caller, params.id, options)),
  );
}

function registerStatistics(app: App, options: CampaignRouteOptions): void {
  const { database, clock } = options;
  app.get(
    "/api/v1/campaigns/:id/statistics",
    {
      config: read,
      schema: {
        summary: "How far a campaign has come: live, and as cheap with ten million contacts as with ten",
        tags,
        params: idParams,
        response: { 200: statisticsAnswer },
      },
    },
    async ({ caller, params }) => {
      const campaign = await loadCampaignFor(caller, params.id, options);
      const counts = (await loadCounts(database.sql, campaign.tenantId, [campaign.id])).get(campaign.id) ?? [];
      const schedule = await loadSchedule(database.sql, campaign.tenantId, campaign.id);
      if (!schedule) throw noSuchCampaign();
      return toStatisticsAnswer(campaign, { counts, schedule, now: clock.now() });
    },
  );
}

function registerChanging(app: App, options: CampaignRouteOptions): void {
  const { changes, database } = options;
  app.post(
    "/api/v1/campaigns",
    {
      config: write,
      schema: {
        summary: "Make a campaign: a list of people to call for a project; a draft without contacts",
        tags,
        body: newCampaign,
        response: { 201: campaignAnswer },
      },
    },
    async (request, reply) => {
      const { project_id: projectId, name } = request.body;
      const campaign = await changes.create(toDoer(request), { projectId, name });
      return reply.code(201).send(toCampaignAnswer(campaign, []));
    },
  );
  app.patch(
    "/api/v1/campaigns/:id",
    {
      config: write,
      schema: {
        summary: "Rename a campaign",
        tags,
        params: idParams,
        body: campaignChange,
        response: { 200: campaignAnswer },
      },
    },
    async (request) =>
      showCampaign(database, await changes.rename(toDoer(request), request.params.id, request.body.name)),
  );
  app.delete(
    "/api/v1/campaigns/:id",
    {
      config: write,
      schema: {
        summary: "Remove a campaign in draft, completed or stopped, with its contacts",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await changes.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

const STEERING = {
  start: "Start a draft or go on with a paused campaign; refused while it has nobody to call",
  pause: "Pause an active campaign: calls under way go on, nobody new is called",
  stop: "Stop a campaign for good; it can be recycled",
} as const;

function registerSteering(app: App, options: CampaignRouteOptions): void {
  const { changes, database } = options;
  for (const step of ["start", "pause", "stop"] as const) {
    app.post(
      `/api/v1/campaigns/:id/${step}`,
      {
        config: steer,
        schema: { summary: STEERING[step], tags, params: idParams, response: { 200: campaignAnswer } },
      },
      async (request) => {
        await loadCampaignFor(request.caller, request.params.id, options);
        return showCampaign(database, await changes[step](toDoer(request), request.params.id));
      },
    );
  }
}

function registerContacts(app: App, options: CampaignRouteOptions): void {
  const { database, loadTenant } = options;
  app.get(
    "/api/v1/campaigns/:id/contacts",
    {
      config: read,
      schema: {
        summary: "The contacts of a campaign, in the order they were imported",
        tags,
        params: idParams,
        querystring: contactQuery,
        response: { 200: toPageSchema(contactAnswer) },
      },
    },
    async ({ caller, params, query }) => {
      const campaign = await loadCampaignFor(caller, params.id, options);
      const { limit, cursor, number: text, ...filter } = query;
      const country = (await loadTenant(caller.tenantId))?.country ?? "";
      const number = text === undefined ? undefined : parsePhoneNumber(text, country);
      if (text !== undefined && !number) throw new AppError("invalid_field", "number: is not a phone number");
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await loadContacts(database.sql, campaign, { ...filter, number, afterId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toContactAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
}
