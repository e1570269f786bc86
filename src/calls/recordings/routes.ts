import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { allow, type Caller, publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { perMinute } from "../../http/rate-limits.ts";
import { idParams, noBody } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { ListOwnProjects } from "../own-calls.ts";
import type { StoredCall } from "../store.ts";
import { say } from "../words.ts";
import { toKeptUntil } from "./open-recording.ts";
import type { Recordings } from "./recordings.ts";
import {
  linkAnswer,
  linkParams,
  newLink,
  recordingAnswer,
  recordingQuery,
  settingsAnswer,
  settingsChange,
} from "./schema.ts";
import { createRecordingSender } from "./send-recording.ts";
import { type RecordingSettings, saveSettings } from "./settings.ts";

export interface RecordingRouteOptions {
  recordings: Pick<Recordings, "find" | "open" | "links" | "loadSettings">;
  database: Database;
  clock: Clock;
  loadTenant(id: TenantId): Promise<{ disabledAt: Date | null } | null>;
  listOwnProjects: ListOwnProjects;
  /** `null`: the tenant has no such extension. */
  findExtension(tenantId: TenantId, number: string): Promise<{ userId: RowId | null } | null>;
  writeAudit(on: Sql, doer: Doer, deed: Deed & { at: Date }): Promise<void>;
}

interface Doer {
  tenantId: TenantId;
  actor: string;
  address: string;
}
interface Deed {
  action: string;
  target: string;
  detail?: Record<string, unknown>;
}

const LISTENS_PER_MINUTE = 300;
const HOUR_MS = 3_600_000;
const tags = ["recordings"];

/**
 * Who may hear a recording: supervisors those of the calls they see, agents those of calls they took, API keys with the scope; and
 * whoever has a link, until it ends. Each time somebody listens is in the log of changes.
 */
export function registerRecordingRoutes(app: App, options: RecordingRouteOptions): void {
  registerListening(app, options);
  registerLinks(app, options);
  registerSettings(app, options);
}

function registerListening(app: App, options: RecordingRouteOptions): void {
  const { recordings, loadTenant, listOwnProjects } = options;
  const send = createRecordingSender(options);
  app.get(
    "/api/v1/calls/:id/recording",
    {
      config: {
        access: allow({ roles: ["agent"], scope: "recordings:read" }),
        refusals: ["range_not_satisfiable"],
      },
      schema: {
        summary: "Hear the recording of a call",
        description: "Takes Range. Agents hear those of the calls they took, supervisors those of the calls they see.",
        tags,
        params: idParams,
        querystring: recordingQuery,
        response: { 200: recordingAnswer, 206: recordingAnswer },
      },
    },
    async (request, reply) => {
      const { caller, params } = request;
      const found = await recordings.find(caller.tenantId, params.id, await listOwnProjects(caller));
      await refuseStrangers(caller, found.call, options);
      return send(request, reply, { ...found, actor: caller.actor });
    },
  );
  app.get(
    "/r/:token",
    {
      config: {
        access: publicAccess,
        rateLimit: perMinute(LISTENS_PER_MINUTE),
        refusals: ["range_not_satisfiable"],
      },
      schema: {
        summary: "Hear a recording by its link",
        description: "A link that is wrong, past its end or revoked is answered like an address where nothing is.",
        tags,
        params: linkParams,
        querystring: recordingQuery,
        response: { 200: recordingAnswer, 206: recordingAnswer },
      },
    },
    async (request, reply) => {
      const link = await recordings.links.find(request.params.token);
      const tenant = link && (await loadTenant(link.tenantId));
      if (!link || !tenant || tenant.disabledAt !== null) throw new AppError("not_found", say("linkEmpty"));
      const found = await recordings.find(link.tenantId, link.callId, null);
      return send(request, reply, { ...found, actor: `link:${link.id}` });
    },
  );
}

/** An agent hears what the agent said. */
async function refuseStrangers(caller: Caller, call: StoredCall, options: RecordingRouteOptions): Promise<void> {
  if (caller.role !== "agent") return;
  const { agent_extension: number } = call;
  const extension = number === null ? null : await options.findExtension(caller.tenantId, number);
  if (extension?.userId === null || extension?.userId !== caller.userId)
    throw new AppError("forbidden", say("ofOthers"));
}

function registerLinks(app: App, options: RecordingRouteOptions): void {
  const { recordings, database, clock, writeAudit, listOwnProjects } = options;
  const access = allow({ roles: ["supervisor"], scope: "recordings:write" });
  app.post(
    "/api/v1/calls/:id/recording/link",
    {
      config: { access },
      schema: {
        summary: "Make a link that opens the recording of a call without a credential",
        tags,
        params: idParams,
        body: newLink,
        response: { 201: linkAnswer },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const { call } = await recordings.find(tenantId, request.params.id, await listOwnProjects(request.caller));
      const wantedMs = clock.now().getTime() + request.body.expires_in_hours * HOUR_MS;
      const keptMs = toKeptUntil(call, await recordings.loadSettings(tenantId)).getTime();
      const expiresAt = new Date(Math.min(wantedMs, keptMs));
      const link = await database.sql.transaction().execute(async (on) => {
        const made = await recordings.links.create(on, { tenantId, callId: call.id }, { createdBy: actor, expiresAt });
        const detail = { link: made.id, expires_at: expiresAt.toISOString() };
        const deed = { action: "recording.link", target: `call:${call.id}`, detail, at: clock.now() };
        await writeAudit(on, { tenantId, actor, address: request.ip }, deed);
        return made;
      });
      return reply.code(201).send({ ...link, expires_at: expiresAt.toISOString() });
    },
  );
  app.delete(
    "/api/v1/calls/:id/recording/links",
    {
      config: { access },
      schema: {
        summary: "Revoke every link of a call's recording, those in CRMs included",
        description: "A CRM gets another one with the next change of the call, or when its delivery is replayed.",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const { call } = await recordings.find(tenantId, request.params.id, await listOwnProjects(request.caller));
      await database.sql.transaction().execute(async (on) => {
        const links = await recordings.links.revokeAll(on, { tenantId, callId: call.id });
        const deed = { action: "recording.revoke", target: `call:${call.id}`, detail: { links }, at: clock.now() };
        await writeAudit(on, { tenantId, actor, address: request.ip }, deed);
      });
      return reply.code(204).send();
    },
  );
}

function registerSettings(app: App, { recordings, database, clock, writeAudit }: RecordingRouteOptions): void {
  const url = "/api/v1/recording-settings";
  app.get(
    url,
    {
      config: { access: allow({ roles: ["supervisor"], scope: "recordings:read" }) },
      schema: { summary: "What the tenant wants of its recordings", tags, response: { 200: settingsAnswer } },
    },
    async (request) => toSettingsAnswer(await recordings.loadSettings(request.caller.tenantId)),
  );
  app.put(
    url,
    {
      config: { access: allow({ roles: ["admin"], scope: "recordings:write" }) },
      schema: {
        summary: "Say what the tenant wants of its recordings",
        tags,
        body: settingsChange,
        response: { 200: settingsAnswer },
      },
    },
    async (request) => {
      const { tenantId, actor } = request.caller;
      const { crm_link, keep_copies, retention_days } = request.body;
      const wanted = { crmLink: crm_link, keepCopies: keep_copies, retentionDays: retention_days };
      const at = clock.now();
      await database.sql.transaction().execute(async (on) => {
        await saveSettings(on, tenantId, { ...wanted, at });
        const deed = { action: "recording_settings.update", target: `tenant:${tenantId}`, detail: request.body, at };
        await writeAudit(on, { tenantId, actor, address: request.ip }, deed);
      });
      return toSettingsAnswer(wanted);
    },
  );
}

const toSettingsAnswer = ({ crmLink, keepCopies, retentionDays }: RecordingSettings) => ({
  ...{ crm_link: crmLink, keep_copies: keepCopies, retention_days: retentionDays },
});
