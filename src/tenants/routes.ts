import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { type TenantId, toTenantId } from "../core/ids.ts";
import { allow, ROLES, SCOPES } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { pageQuery, parseCursor, toPage, toPageSchema } from "../http/paging.ts";
import { toInstant } from "../http/wire.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { TenantChange } from "./administration.ts";
import { registerApiKeyRoutes } from "./api-keys/routes.ts";
import { toDoer } from "./audit/audit.ts";
import { registerAuditRoutes } from "./audit/routes.ts";
import { registerExtensionRoutes } from "./extensions/routes.ts";
import { loadExtensionsOf } from "./extensions/store.ts";
import { newTenant, tenantAnswer, tenantChange, tenantChangeByOperator } from "./schema.ts";
import { registerSessionRoutes } from "./sessions/routes.ts";
import { loadTenantById, loadTenants, type Tenant } from "./store.ts";
import type { Tenants } from "./tenants.ts";
import { registerUserRoutes } from "./users/routes.ts";
import { oneTimePassword, toUserAnswer, userAnswer } from "./users/schema.ts";
import { loadUser } from "./users/store.ts";
import { registerWebhookSecretRoutes } from "./webhook-secrets/routes.ts";
import { say } from "./words.ts";

export interface TenantRoutesOptions {
  tenants: Tenants;
  database: Database;
  clock: Clock;
  publicUrl: string;
  /** Logins a minute from one address; 0 is no limit. */
  loginPerMinute: number;
}

const tags = ["tenants"];
const operators = {
  read: { access: allow({ roles: ["admin"], scope: "tenants:read", operatorOnly: true }) },
  write: { access: allow({ roles: ["admin"], scope: "tenants:write", operatorOnly: true }) },
};

/** All routes of the room. */
export function registerTenantRoutes(app: App, options: TenantRoutesOptions): void {
  const { tenants, database } = options;
  registerOwnTenant(app, options);
  registerAllTenants(app, options);
  registerNewTenants(app, options);
  registerMe(app, database);
  registerUserRoutes(app, { users: tenants.users, database });
  registerSessionRoutes(app, { ...options, sessions: tenants.sessions, authenticate: tenants.authenticate });
  registerApiKeyRoutes(app, { ...options, apiKeys: tenants.apiKeys });
  registerWebhookSecretRoutes(app, tenants.webhookSecrets);
  registerExtensionRoutes(app, tenants.extensions);
  registerAuditRoutes(app, database);
}

function registerOwnTenant(app: App, { tenants, database }: TenantRoutesOptions): void {
  app.get(
    "/api/v1/tenant",
    {
      config: { access: allow({ roles: ["viewer", "agent"], scope: "tenants:read" }) },
      schema: { summary: "One's own tenant", tags, response: { 200: tenantAnswer } },
    },
    async (request) => toAnswer(await loadOrRefuse(database, request.caller.tenantId)),
  );
  app.patch(
    "/api/v1/tenant",
    {
      config: { access: allow({ roles: ["admin"], scope: "tenants:write" }) },
      schema: { summary: "Change one's own tenant", tags, body: tenantChange, response: { 200: tenantAnswer } },
    },
    async (request) => {
      const change = toChange(request.body);
      return toAnswer(await tenants.administration.update(toDoer(request), request.caller.tenantId, change));
    },
  );
}

function registerAllTenants(app: App, { tenants, database }: TenantRoutesOptions): void {
  const params = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) });
  app.get(
    "/api/v1/tenants",
    {
      config: operators.read,
      schema: {
        summary: "All tenants",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(tenantAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, z.object({ id: z.int() }))?.id ?? 0;
      const rows = await loadTenants(database.sql, afterId, limit + 1);
      return toPage(rows, limit, { toItem: toAnswer, toPosition: (tenant) => ({ id: tenant.id }) });
    },
  );
  app.get(
    "/api/v1/tenants/:id",
    { config: operators.read, schema: { summary: "One tenant", tags, params, response: { 200: tenantAnswer } } },
    async (request) => toAnswer(await loadOrRefuse(database, toTenantId(request.params.id))),
  );
  app.patch(
    "/api/v1/tenants/:id",
    {
      config: operators.write,
      schema: {
        summary: "Change, disable or enable a tenant",
        tags,
        params,
        body: tenantChangeByOperator,
        response: { 200: tenantAnswer },
      },
    },
    async (request) => {
      const { disabled, ...rest } = request.body;
      const change = { ...toChange(rest), isDisabled: disabled };
      return toAnswer(await tenants.administration.update(toDoer(request), toTenantId(request.params.id), change));
    },
  );
}

function registerNewTenants(app: App, { tenants }: TenantRoutesOptions): void {
  app.post(
    "/api/v1/tenants",
    {
      config: operators.write,
      schema: {
        summary: "Add a tenant, with its first administrator if one is named",
        tags,
        body: newTenant,
        response: { 201: tenantAnswer.extend({ one_time_password: oneTimePassword }) },
      },
    },
    async (request, reply) => {
      const { number, name, time_zone, country, language, signature_modes, admin } = request.body;
      const created = await tenants.administration.create(toDoer(request), {
        number,
        name,
        timeZone: time_zone,
        country,
        language,
        signatureModes: signature_modes,
        admin: admin && { username: admin.username, password: admin.password },
      });
      return reply.code(201).send({ ...toAnswer(created.tenant), one_time_password: created.oneTimePassword });
    },
  );
}

function registerMe(app: App, database: Database): void {
  const meAnswer = z.object({
    kind: z.enum(["user", "api_key"]),
    name: z.string(),
    role: z.enum(ROLES).nullable(),
    scopes: z.array(z.enum(SCOPES)),
    is_operator: z.boolean(),
    must_change_password: z.boolean(),
    user: userAnswer.nullable(),
    extensions: z.array(z.string()).meta({ description: "Of the person's phones" }),
    tenant: tenantAnswer.pick({ number: true, name: true, time_zone: true, country: true, language: true }),
  });
  app.get(
    "/api/v1/me",
    {
      config: { access: allow({ roles: ROLES, scope: "any", evenWithOldPassword: true }) },
      schema: { summary: "Who one is, and what one may", tags: ["sessions"], response: { 200: meAnswer } },
    },
    async (request) => {
      const { caller } = request;
      const tenant = toAnswer(await loadOrRefuse(database, caller.tenantId));
      const user = caller.userId && (await loadUser(database.sql, { tenantId: caller.tenantId, id: caller.userId }));
      const { number, name, time_zone, country, language } = tenant;
      const extensions = user ? await loadExtensionsOf(database.sql, caller.tenantId, user.id) : [];
      return {
        kind: caller.userId === null ? ("api_key" as const) : ("user" as const),
        name: caller.name,
        role: caller.role,
        scopes: [...caller.scopes],
        is_operator: caller.isOperator,
        must_change_password: caller.mustChangePassword,
        user: user ? toUserAnswer(user) : null,
        extensions,
        tenant: { number, name, time_zone, country, language },
      };
    },
  );
}

async function loadOrRefuse(database: Database, id: TenantId): Promise<Tenant> {
  const tenant = await loadTenantById(database.sql, id);
  if (!tenant) throw new AppError("not_found", say("noTenant"));
  return tenant;
}

function toChange({ time_zone, signature_modes, ...rest }: z.infer<typeof tenantChange>): TenantChange {
  return { ...rest, timeZone: time_zone, signatureModes: signature_modes };
}

function toAnswer(tenant: Tenant): z.infer<typeof tenantAnswer> {
  return {
    id: String(tenant.id),
    number: tenant.number,
    name: tenant.name,
    time_zone: tenant.timeZone,
    country: tenant.country,
    language: tenant.language,
    signature_modes: [...tenant.signatureModes],
    is_default: tenant.isDefault,
    disabled_at: toInstant(tenant.disabledAt),
    created_at: toInstant(tenant.createdAt),
    updated_at: toInstant(tenant.updatedAt),
  };
}
