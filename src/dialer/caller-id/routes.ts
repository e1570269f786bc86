import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams, noBody } from "../../http/wire.ts";
import { toDoer } from "../administer.ts";
import type { Projects } from "../projects/projects.ts";
import type { CallerIds } from "./caller-ids.ts";
import {
  callerIdAnswer,
  callerIdChange,
  callerIdList,
  callerIdParams,
  newCallerId,
  toCallerIdAnswer,
} from "./schema.ts";

export interface CallerIdRouteOptions {
  callerIds: CallerIds;
  projects: Pick<Projects, "loadFor">;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "dialer:write" }) };
const tags = ["caller ids"];

export function registerCallerIdRoutes(app: App, { callerIds, projects, loadTenant }: CallerIdRouteOptions): void {
  app.get(
    "/api/v1/projects/:id/caller-ids",
    {
      config: read,
      schema: {
        summary: "Numbers that the project may show, and how often they are picked up; at most 500",
        tags,
        params: idParams,
        response: { 200: callerIdList },
      },
    },
    async (request) => {
      const project = await projects.loadFor(request.caller, request.params.id);
      return { items: (await callerIds.list(project)).map(toCallerIdAnswer) };
    },
  );
  app.post(
    "/api/v1/projects/:id/caller-ids",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Add a number of your own",
        tags,
        params: idParams,
        body: newCallerId,
        response: { 201: callerIdAnswer },
      },
    },
    async (request, reply) => {
      const project = await projects.loadFor(request.caller, request.params.id);
      const country = (await loadTenant(request.caller.tenantId))?.country ?? "";
      const { number, area_prefix: areaPrefix, active, daily_cap: dailyCap } = request.body;
      const fields = { number, country, areaPrefix, active, dailyCap };
      return reply.code(201).send(toCallerIdAnswer(await callerIds.add(toDoer(request), project, fields)));
    },
  );
  app.patch(
    "/api/v1/projects/:id/caller-ids/:callerId",
    {
      config: write,
      schema: {
        summary: "Change its area, its daily cap, or whether it is shown at all",
        tags,
        params: callerIdParams,
        body: callerIdChange,
        response: { 200: callerIdAnswer },
      },
    },
    async (request) => {
      const project = await projects.loadFor(request.caller, request.params.id);
      const { area_prefix: areaPrefix, active, daily_cap: dailyCap } = request.body;
      const change = {
        id: request.params.callerId,
        ...(areaPrefix !== undefined && { areaPrefix }),
        ...(active !== undefined && { active }),
        ...(dailyCap !== undefined && { dailyCap }),
      };
      return toCallerIdAnswer(await callerIds.update(toDoer(request), project, change));
    },
  );
  app.delete(
    "/api/v1/projects/:id/caller-ids/:callerId",
    {
      config: write,
      schema: { summary: "Take a number out of the pool", tags, params: callerIdParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      const project = await projects.loadFor(request.caller, request.params.id);
      await callerIds.remove(toDoer(request), project, request.params.callerId);
      return reply.code(204).send();
    },
  );
}
