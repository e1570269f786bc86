import { isDeepStrictEqual } from "node:util";
import { toFieldError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { parsePartyNumber, toPartyText } from "../../core/phone-number.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { toInstant } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { ProfileOptions } from "./profile.ts";
import {
  type DecisionItem,
  decisionItem,
  decisionQuery,
  type SettingsBody,
  settingsBody,
  testAnswer,
  testBody,
} from "./schema.ts";
import type { SmartRedirect } from "./smart-redirect.ts";
import { type DecisionRow, loadDecisions, loadStoredSettings, saveSettings } from "./store.ts";

export interface RedirectRouteOptions extends Pick<ProfileOptions, "listConnections" | "canTell" | "loadTenant"> {
  redirect: Pick<SmartRedirect, "explain" | "forget">;
  database: Database;
  clock: Clock;
  /** One change of settings: runs `work` with the tenant locked, keeps who did what, and tells every process at the commit. */
  administer(doer: Doer, deed: Deed, work: (on: Sql) => Promise<void>): Promise<void>;
}

interface Doer {
  tenantId: TenantId;
  actor: string;
  address: string;
}
interface Deed {
  action: "smart_redirect.update";
  target: "smart-redirect";
  detail: Record<string, unknown>;
}

const read = { access: allow({ roles: ["supervisor"], scope: "pbxs:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "pbxs:write" }) };
const tags = ["smart redirect"];

/** What a tenant wants of smart redirect, what it would do, and what it did. */
export function registerRedirectRoutes(app: App, options: RedirectRouteOptions): void {
  registerSettings(app, options);
  registerTest(app, options);
  registerDecisions(app, options);
}

function registerSettings(app: App, options: RedirectRouteOptions): void {
  const { database, clock, redirect, administer } = options;
  const load = async (tenantId: TenantId): Promise<SettingsBody> =>
    settingsBody.parse((await loadStoredSettings(database.sql, tenantId)) ?? {});

  app.get(
    "/api/v1/smart-redirect",
    {
      config: read,
      schema: { summary: "How calls find the person responsible", tags, response: { 200: settingsBody } },
    },
    async (request) => load(request.caller.tenantId),
  );
  app.put(
    "/api/v1/smart-redirect",
    {
      config: write,
      schema: {
        summary: "Replace these settings; what is left out takes its default",
        tags,
        body: settingsBody,
        response: { 200: settingsBody },
      },
    },
    async (request) => {
      const { caller, body, ip } = request;
      const { tenantId, actor } = caller;
      await checkConnection(tenantId, body, options);
      const before = await load(tenantId);
      const changed = Object.entries(body).flatMap(([key, value]) =>
        isDeepStrictEqual(value, before[key as keyof SettingsBody]) ? [] : [key],
      );
      const deed = {
        action: "smart_redirect.update",
        target: "smart-redirect",
        detail: { changed, mode: body.mode },
      } as const;
      await administer({ tenantId, actor, address: ip }, deed, (on) =>
        saveSettings(on, tenantId, { settings: body, at: clock.now() }),
      );
      redirect.forget(tenantId);
      return body;
    },
  );
}

async function checkConnection(
  tenantId: TenantId,
  { connection_id: id }: SettingsBody,
  { listConnections, canTell }: RedirectRouteOptions,
): Promise<void> {
  if (id === null) return;
  const found = (await listConnections(tenantId)).find((connection) => connection.id === id);
  if (!found) throw toFieldError("connection_id", "is not a connection that is switched on");
  if (!canTell(found.connector, "lookup") && !canTell(found.connector, "responsible"))
    throw toFieldError("connection_id", `${found.connector} cannot tell who calls`);
}

function registerTest(app: App, { redirect }: RedirectRouteOptions): void {
  app.post(
    "/api/v1/smart-redirect/test",
    {
      config: { access: allow({ roles: ["supervisor"], scope: "pbxs:write" }) },
      schema: {
        summary: "What would happen if this number called now, step by step; nothing is done or kept",
        tags,
        body: testBody,
        response: { 200: testAnswer },
      },
    },
    async (request) => {
      const { phone, trunk, fresh } = request.body;
      const decision = await redirect.explain({ tenantId: request.caller.tenantId, phone, trunk, isFresh: fresh });
      const { mode, reason, name, extension, dialPlan, durationMs, steps } = decision;
      return { mode, reason, name, extension, dial_plan: dialPlan, duration_ms: durationMs, steps: [...steps] };
    },
  );
}

function registerDecisions(app: App, { database, loadTenant }: RedirectRouteOptions): void {
  app.get(
    "/api/v1/smart-redirect/decisions",
    {
      config: { access: allow({ roles: ["supervisor"], scope: "calls:read" }) },
      schema: {
        summary: "What was decided and why, newest first; kept for 30 days, at most 100,000",
        tags,
        querystring: decisionQuery,
        response: { 200: toPageSchema(decisionItem) },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { limit, cursor, phone: text, reason } = request.query;
      const country = text === undefined ? "" : ((await loadTenant(tenantId))?.country ?? "");
      const phone = text === undefined ? undefined : toPartyText(parsePartyNumber(text, country));
      const beforeId = parseCursor(cursor, idCursor)?.id;
      const rows = await loadDecisions(database.sql, tenantId, { beforeId, phone, reason, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toDecisionItem, toPosition: ({ id }) => ({ id }) });
    },
  );
}

function toDecisionItem({ uniqueId, dialPlan, durationMs, at, steps, ...row }: DecisionRow): DecisionItem {
  return {
    ...row,
    at: toInstant(at),
    unique_id: uniqueId,
    dial_plan: dialPlan,
    duration_ms: durationMs,
    steps: [...steps],
  };
}
