import { z } from "zod";
import type { CallSubject, Connector, FieldQuestion, Run, Session } from "../../connectors/connector.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import type { Connections } from "./connections.ts";
import { fieldsAnswer, mappingBody, toFieldsAnswer, toUsersAnswer, usersAnswer } from "./survey-schema.ts";
import { toUserMapping } from "./user-mapping.ts";
import { say } from "./words.ts";

export interface SurveyRouteOptions {
  connections: Pick<Connections, "show" | "load">;
  connectors: readonly Connector[];
  /** Asks a connection's session; see `Delivery.ask`. */
  ask<T>(
    connection: ConnectionRecord,
    work: (session: Session, run: Run) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** The tenant's newest call, to show a mapping with. */
  loadLastCall(tenantId: TenantId): Promise<CallSubject | null>;
  listExtensions(tenantId: TenantId): Promise<readonly { number: string; name: string }[]>;
}

const refusals = ["not_found", "conflict", "unavailable"] as const;
const read = { access: allow({ roles: ["admin"], scope: "connections:read" }), refusals };
/** It changes nothing, but who asks is about to. */
const write = { access: allow({ roles: ["admin"], scope: "connections:write" }), refusals };
const tags = ["connections"];
const freshQuery = z.object({
  fresh: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "Ask the system anew; otherwise it is remembered some minutes" }),
});

/** What the system of a connection looks like: for an administrator who says where calls go and whose phone is whose. */
export function registerSurveyRoutes(app: App, options: SurveyRouteOptions): void {
  registerFields(app, options);
  registerUsers(app, options);
}

function registerFields(app: App, options: SurveyRouteOptions): void {
  async function describe(tenantId: TenantId, id: string, question: Omit<FieldQuestion, "sample">) {
    const connection = await find(options, tenantId, id);
    const sample = await options.loadLastCall(tenantId);
    const report = await options.ask(
      connection,
      async (session, run) => (await session.fields?.({ ...question, sample }, run)) ?? null,
      app.draining,
    );
    if (!report) throw toUnable(options, connection, "noFields");
    return toFieldsAnswer(report, sample);
  }
  app.get(
    "/api/v1/connections/:id/fields",
    {
      config: read,
      schema: {
        summary: "The fields of the connected system with its own labels, and where each value of a call goes",
        tags,
        params: idParams,
        querystring: freshQuery,
        response: { 200: fieldsAnswer },
      },
    },
    (request) => describe(request.caller.tenantId, request.params.id, { isFresh: request.query.fresh === "true" }),
  );
  app.post(
    "/api/v1/connections/:id/fields/preview",
    {
      config: write,
      schema: {
        summary: "The same with another mapping, before it is saved",
        tags,
        params: idParams,
        body: mappingBody,
        response: { 200: fieldsAnswer },
      },
    },
    (request) =>
      describe(request.caller.tenantId, request.params.id, { mapping: request.body.mapping, isFresh: false }),
  );
}

function registerUsers(app: App, options: SurveyRouteOptions): void {
  app.get(
    "/api/v1/connections/:id/users",
    {
      config: read,
      schema: {
        summary: "The people of the connected system and who gets the calls of each extension, with what contradicts",
        tags,
        params: idParams,
        response: { 200: usersAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const connection = await find(options, tenantId, request.params.id);
      const work = async (session: Session, run: Run) => (await session.users?.(run)) ?? null;
      const report = await options.ask(connection, work, app.draining);
      if (!report) throw toUnable(options, connection, "noUsers");
      return toUsersAnswer(report, toUserMapping(report, await options.listExtensions(tenantId)));
    },
  );
}

async function find({ connections }: SurveyRouteOptions, tenantId: TenantId, id: string): Promise<ConnectionRecord> {
  const { version } = await connections.show(tenantId, id);
  const connection = await connections.load(tenantId, id, version);
  if (!connection) throw new AppError("not_found", say("none"));
  return connection;
}

function toUnable(
  { connectors }: SurveyRouteOptions,
  { connector }: ConnectionRecord,
  what: "noFields" | "noUsers",
): AppError {
  const title = connectors.find(({ id }) => id === connector)?.title ?? connector;
  return new AppError("conflict", say(what, { title }));
}
