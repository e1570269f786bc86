import { sql } from "kysely";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { type Doer, toDoer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { say } from "../words.ts";

export interface CallFileRouteOptions {
  database: Database;
  clock: Clock;
  /** Rejects with a sentence when files cannot be handed over in this folder of this machine. */
  checkFolder(folder: string): Promise<void>;
}

/** A path without `..` and other surprises. */
const folder = z
  .string()
  .max(500)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\p{Cc}]+)+$/u, "must be an absolute path")
  .nullable()
  .meta({ description: "Spool folder of an Asterisk on Enlace's machine: /var/spool/asterisk; null: no call files" });

const callFilesAnswer = z
  .object({
    folder: z.string().nullable(),
    problem: z.string().nullable().meta({ description: "Why files cannot be handed over from the answering machine" }),
  })
  .meta({ id: "PbxCallFiles" });

const tags = ["pbxs"];

/** Where a PBX takes call files: the way to place calls for an AMI user that may not originate. */
export function registerCallFileRoutes(app: App, options: CallFileRouteOptions): void {
  const { database, checkFolder } = options;
  const toAnswer = async (stored: string | null): Promise<z.infer<typeof callFilesAnswer>> => {
    const problem = stored === null ? null : await checkFolder(stored).then(() => null, toSentence);
    return { folder: stored, problem };
  };
  app.get(
    "/api/v1/pbxs/:id/call-files",
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:read" }) },
      schema: { summary: "Where a PBX takes call files", tags, params: idParams, response: { 200: callFilesAnswer } },
    },
    async (request) => toAnswer(await loadFolder(database.sql, request.caller.tenantId, request.params.id)),
  );
  app.put(
    "/api/v1/pbxs/:id/call-files",
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }), refusals: ["not_found"] },
      schema: {
        summary: "Say where a PBX takes call files, for an AMI user that may not originate; operators only",
        tags,
        params: idParams,
        body: z.strictObject({ folder }),
        response: { 200: callFilesAnswer },
      },
    },
    async (request) => {
      if (!request.caller.isOperator) throw new AppError("forbidden", say("operatorFolder"));
      await saveFolder(options, toDoer(request), { id: request.params.id, folder: request.body.folder });
      return toAnswer(request.body.folder);
    },
  );
}

async function loadFolder(from: Sql, tenantId: TenantId, id: string): Promise<string | null> {
  const { rows } = await sql<{ folder: string | null }>`
    select spool_folder as folder from pbxs where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  if (!rows[0]) throw new AppError("not_found", say("noPbx"));
  return rows[0].folder;
}

function saveFolder(
  { database, clock }: CallFileRouteOptions,
  doer: Doer,
  change: { id: string; folder: string | null },
): Promise<void> {
  const { tenantId } = doer;
  return database.sql.transaction().execute(async (on) => {
    await lockTenant(on, tenantId);
    await loadFolder(on, tenantId, change.id);
    const at = clock.now();
    await sql`update pbxs set spool_folder = ${change.folder}, updated_at = ${at}
               where tenant_id = ${tenantId} and id = ${change.id}`.execute(on);
    const deed = { action: "pbx.call_files", target: `pbx:${change.id}`, detail: { folder: change.folder }, at };
    await writeAudit(on, doer, deed);
    await notifySettings(on, tenantId);
  });
}

const toSentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));
