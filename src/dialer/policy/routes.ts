import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody, rowIdField, toInstant } from "../../http/wire.ts";
import { toDoer } from "../administer.ts";
import type { Projects } from "../projects/projects.ts";
import { say } from "../words.ts";
import { TEMPLATES } from "./packs/templates.ts";
import type { Policies } from "./policies.ts";
import {
  acknowledgement,
  consentAnswer,
  consentBody,
  newPolicy,
  policyAnswer,
  policyChange,
  templateList,
  toPackAnswer,
  toPackChanges,
  toPolicyAnswer,
  toTitleCode,
} from "./schema.ts";
import type { ProjectConsent } from "./store.ts";

export interface PolicyRouteOptions {
  policies: Policies;
  projects: Pick<Projects, "loadFor">;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "dialer:write" }) };
const tags = ["dialer policies"];
const versionParams = z.object({ id: rowIdField, version: z.coerce.number().int().min(1).max(2_147_483_647) });

export function registerPolicyRoutes(app: App, options: PolicyRouteOptions): void {
  registerTemplates(app);
  registerReading(app, options);
  registerChanging(app, options);
  registerAcknowledging(app, options);
  registerConsent(app, options);
}

function registerTemplates(app: App): void {
  app.get(
    "/api/v1/dialer/policy-templates",
    {
      config: read,
      schema: {
        summary:
          "Packs to begin with, by land and purpose. Nobody has reviewed them for your case; they are no legal advice",
        tags,
        response: { 200: templateList },
      },
    },
    () => ({
      items: TEMPLATES.map(({ key, pack }) => ({
        ...{ key, status: "unreviewed" as const, title_code: toTitleCode(key, pack), pack: toPackAnswer(pack) },
      })),
    }),
  );
}

function registerReading(app: App, { policies }: PolicyRouteOptions): void {
  app.get(
    "/api/v1/dialer/policies",
    {
      config: read,
      schema: {
        summary: "The tenant's policies, in the order they were made",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(policyAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await policies.list(request.caller.tenantId, { afterId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toPolicyAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/dialer/policies/:id",
    {
      config: read,
      schema: { summary: "One policy as it is now", tags, params: idParams, response: { 200: policyAnswer } },
    },
    async (request) => {
      const policy = await policies.find(request.caller.tenantId, request.params.id);
      if (!policy) throw new AppError("not_found", say("noPolicy"));
      return toPolicyAnswer(policy);
    },
  );
  app.get(
    "/api/v1/dialer/policies/:id/versions/:version",
    {
      config: read,
      schema: {
        summary: "One version as it was, also of a policy that is gone: what the ledger cites",
        tags,
        params: versionParams,
        response: { 200: policyAnswer },
      },
    },
    async (request) => {
      const policy = await policies.findVersion(request.caller.tenantId, request.params);
      if (!policy) throw new AppError("not_found", say("noPolicyVersion"));
      return toPolicyAnswer(policy);
    },
  );
}

function registerChanging(app: App, { policies }: PolicyRouteOptions): void {
  app.post(
    "/api/v1/dialer/policies",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Copy a template, changed or as it is; nobody is called under it before it is acknowledged",
        tags,
        body: newPolicy,
        response: { 201: policyAnswer },
      },
    },
    async (request, reply) => {
      const { name, template, pack } = request.body;
      const made = await policies.create(toDoer(request), { name, template, changes: toPackChanges(pack) });
      return reply.code(201).send(toPolicyAnswer(made));
    },
  );
  app.patch(
    "/api/v1/dialer/policies/:id",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Change it. Another pack is another version: calls under it stop until that is acknowledged",
        tags,
        params: idParams,
        body: policyChange,
        response: { 200: policyAnswer },
      },
    },
    async (request) => {
      const { name, pack } = request.body;
      const fields = { name, changes: pack && toPackChanges(pack) };
      return toPolicyAnswer(await policies.update(toDoer(request), request.params.id, fields));
    },
  );
  app.delete(
    "/api/v1/dialer/policies/:id",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Remove a policy that no project uses; its versions stay for the ledger",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await policies.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

function registerAcknowledging(app: App, { policies }: PolicyRouteOptions): void {
  app.post(
    "/api/v1/dialer/policies/:id/acknowledge",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Put a name to one version: from now on calls may be made under it",
        tags,
        params: idParams,
        body: acknowledgement,
        response: { 200: policyAnswer },
      },
    },
    async (request) => {
      const { version, name } = request.body;
      return toPolicyAnswer(await policies.acknowledge(toDoer(request), request.params.id, { version, name }));
    },
  );
}

function registerConsent(app: App, { policies, projects }: PolicyRouteOptions): void {
  app.get(
    "/api/v1/projects/:id/consent",
    {
      config: read,
      schema: {
        summary: "On what grounds the people of a project may be called; null: nobody has said",
        tags,
        params: idParams,
        response: { 200: z.object({ consent: consentAnswer.nullable() }) },
      },
    },
    async (request) => {
      const { tenantId, id } = await projects.loadFor(request.caller, request.params.id);
      const consent = await policies.findConsent(tenantId, id);
      return { consent: consent && toConsentAnswer(consent) };
    },
  );
  app.put(
    "/api/v1/projects/:id/consent",
    {
      config: write,
      schema: {
        summary: "State the grounds for all contacts of a project; a contact's own column consent_basis outweighs it",
        tags,
        params: idParams,
        body: consentBody,
        response: { 200: consentAnswer },
      },
    },
    async (request) => {
      const { id } = await projects.loadFor(request.caller, request.params.id);
      return toConsentAnswer(await policies.stateConsent(toDoer(request), id, request.body));
    },
  );
}

function toConsentAnswer({ basis, evidence, statedBy, statedAt }: ProjectConsent): z.output<typeof consentAnswer> {
  return { basis, evidence, stated_by: statedBy, stated_at: toInstant(statedAt) };
}
