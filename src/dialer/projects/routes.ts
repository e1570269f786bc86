import { z } from "zod";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody, rowIdField } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import { toDoer } from "../administer.ts";
import { projectAnswer, toProjectAnswer } from "./answer.ts";
import { toProjectFields } from "./body.ts";
import { type Projects, toAssignee } from "./projects.ts";
import { newProject, projectChange } from "./schema.ts";

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "dialer:write" }) };
const tags = ["projects"];

export interface ProjectRouteOptions {
  projects: Projects;
  clock: Clock;
  /** For numbers without a country code. */
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

export function registerProjectRoutes(app: App, options: ProjectRouteOptions): void {
  registerReading(app, options);
  registerChanging(app, options);
  registerUsers(app, options);
}

function registerReading(app: App, { projects }: ProjectRouteOptions): void {
  app.get(
    "/api/v1/projects",
    {
      config: read,
      schema: {
        summary: "The projects, in the order they were made; supervisors see those they are assigned to",
        tags,
        querystring: z.object({ ...pageQuery, number: rowIdField.optional() }),
        response: { 200: toPageSchema(projectAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor, number = null } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const assignee = toAssignee(request.caller);
      const rows = await projects.list(request.caller.tenantId, { afterId, assignee, number, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toProjectAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/projects/:id",
    {
      config: read,
      schema: { summary: "One project", tags, params: idParams, response: { 200: projectAnswer } },
    },
    async (request) => toProjectAnswer(await projects.loadFor(request.caller, request.params.id)),
  );
}

function registerChanging(app: App, { projects, clock, loadTenant }: ProjectRouteOptions): void {
  const toFields = async (tenantId: TenantId, body: z.output<typeof projectChange>) =>
    toProjectFields(body, { country: (await loadTenant(tenantId))?.country ?? "", at: clock.now() });

  app.post(
    "/api/v1/projects",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Make a project: how automatic calls behave",
        tags,
        body: newProject,
        response: { 201: projectAnswer },
      },
    },
    async (request, reply) => {
      const { name, number, ...body } = request.body;
      const fields = {
        ...(await toFields(request.caller.tenantId, body)),
        name,
        ...(number !== undefined && { number }),
      };
      return reply.code(201).send(toProjectAnswer(await projects.create(toDoer(request), fields)));
    },
  );
  app.patch(
    "/api/v1/projects/:id",
    {
      config: write,
      schema: {
        summary: "Change a project; calls from now on behave so",
        tags,
        params: idParams,
        body: projectChange,
        response: { 200: projectAnswer },
      },
    },
    async (request) => {
      const fields = await toFields(request.caller.tenantId, request.body);
      return toProjectAnswer(await projects.update(toDoer(request), request.params.id, fields));
    },
  );
  app.delete(
    "/api/v1/projects/:id",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: { summary: "Remove a project", tags, params: idParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      await projects.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

const userIds = z.object({ user_ids: z.array(z.string()) }).meta({ id: "ProjectUsers" });

function registerUsers(app: App, { projects }: ProjectRouteOptions): void {
  const url = "/api/v1/projects/:id/users";
  app.get(
    url,
    {
      config: { access: allow({ roles: ["admin"], scope: "dialer:read" }) },
      schema: { summary: "Who is assigned to a project", tags, params: idParams, response: { 200: userIds } },
    },
    async ({ caller, params }) => ({ user_ids: await projects.listUsers(caller.tenantId, params.id) }),
  );
  app.put(
    url,
    {
      config: { ...write, refusals: ["not_found"] },
      schema: {
        summary: "Say who is assigned to a project: supervisors see and steer no other",
        tags,
        params: idParams,
        body: z.strictObject({ user_ids: z.array(rowIdField).max(1000) }),
        response: { 200: userIds },
      },
    },
    async (request) => ({
      user_ids: await projects.setUsers(toDoer(request), request.params.id, request.body.user_ids),
    }),
  );
}
