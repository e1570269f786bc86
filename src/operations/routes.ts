import { hostname } from "node:os";
import { z } from "zod";
import type { TenantId } from "../core/ids.ts";
import { allow } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { instantField, noBody, toInstant } from "../http/wire.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import { toWireWords, toWordFields } from "../kit/word-fields.ts";
import { BACKUP_NAME, type Backups } from "./backups.ts";
import type { SystemCheck, SystemHealth } from "./system-health.ts";

export interface OperationsRouteOptions {
  health: Pick<SystemHealth, "load">;
  backups: Backups;
  database: Database;
  clock: Clock;
  writeAudit(
    on: Sql,
    doer: Doer & { address: string },
    deed: { action: string; target: string; at: Date },
  ): Promise<void>;
}

interface Doer {
  tenantId: TenantId;
  actor: string;
}

/** It is about the whole installation, whose data a backup holds: for people who operate it, and for the command line's key. */
const operators = {
  read: allow({ roles: ["admin"], scope: "tenants:read", operatorOnly: true }),
  write: allow({ roles: ["admin"], scope: "tenants:write", operatorOnly: true }),
};
const tags = ["operations"];
const nameParams = z.object({ name: z.string().regex(BACKUP_NAME, "is not the name of a backup") });

const systemAnswer = z
  .object({
    checks: z.array(
      z.object({
        ...{ name: z.string(), ok: z.boolean(), detail: z.string(), ...toWordFields("detail") },
        ...{ mend: z.string().nullable(), ...toWordFields("mend") },
      }),
    ),
    versions: z.object({ enlace: z.string(), node: z.string(), postgres: z.string(), schema: z.string() }),
    host: z.string(),
    roles: z.array(z.string()),
    started_at: instantField,
    memory_bytes: z.int(),
    event_loop_ms: z.number().meta({ description: "99th percentile of waits since the last look" }),
    disk: z.object({ folder: z.string(), free_bytes: z.number(), total_bytes: z.number() }),
    database: z.object({ size_bytes: z.number(), connections: z.int(), connections_max: z.int() }),
    workers: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        roles: z.array(z.string()),
        started_at: instantField,
        heartbeat_at: instantField,
      }),
    ),
  })
  .meta({ id: "System" });

const backupAnswer = z.object({ name: z.string(), size_bytes: z.number(), made_at: instantField });
const backupsAnswer = z
  .object({
    folder: z.string().meta({ description: "On the machine that answers" }),
    host: z.string(),
    items: z.array(backupAnswer).meta({ description: "Newest first" }),
    next_cursor: z.null(),
    running: z
      .object({ name: z.string(), started_at: instantField, done: z.int(), total: z.int() })
      .nullable()
      .meta({ description: "The one that is being made, in rows" }),
    failure: z.object({ name: z.string(), at: instantField, reason: z.string(), ...toWordFields("reason") }).nullable(),
  })
  .meta({ id: "Backups" });

export function registerOperationsRoutes(app: App, options: OperationsRouteOptions): void {
  registerSystem(app, options);
  registerBackups(app, options);
  registerBackupFiles(app, options);
}

function registerSystem(app: App, { health }: OperationsRouteOptions): void {
  app.get(
    "/api/v1/system",
    {
      config: { access: operators.read },
      schema: {
        summary: "How the installation is, and how to mend what is not well",
        tags,
        response: { 200: systemAnswer },
      },
    },
    async () => {
      const { checks, versions, roles, startedAt, memoryBytes, eventLoopMs, disk, database, workers } =
        await health.load();
      return {
        ...{ versions, roles: [...roles], host: hostname(), checks: checks.map(toCheckAnswer) },
        started_at: toInstant(startedAt),
        memory_bytes: memoryBytes,
        event_loop_ms: eventLoopMs,
        disk: { folder: disk.folder, free_bytes: disk.freeBytes, total_bytes: disk.totalBytes },
        database: {
          size_bytes: database.sizeBytes,
          connections: database.connections,
          connections_max: database.connectionsMax,
        },
        workers: workers.map((worker) => ({
          ...{ id: worker.id, host: worker.host, roles: [...worker.roles] },
          started_at: toInstant(worker.startedAt),
          heartbeat_at: toInstant(worker.heartbeatAt),
        })),
      };
    },
  );
}

function toCheckAnswer({ name, ok, detail, words, mend }: SystemCheck) {
  return {
    ...{ name, ok, detail, ...toWireWords("detail", words) },
    ...{ mend: mend?.text ?? null, ...toWireWords("mend", mend) },
  };
}

function registerBackups(app: App, options: OperationsRouteOptions): void {
  const { backups } = options;
  const load = async (): Promise<z.infer<typeof backupsAnswer>> => {
    const { folder, items, running, failure } = await backups.list();
    return {
      ...{ folder, host: hostname(), next_cursor: null },
      items: items.map(({ name, sizeBytes, madeAt }) => ({ name, size_bytes: sizeBytes, made_at: toInstant(madeAt) })),
      running: running && {
        ...{ name: running.name, done: running.done, total: running.total },
        started_at: toInstant(running.startedAt),
      },
      failure: failure && {
        ...{ name: failure.name, at: toInstant(failure.at), reason: failure.reason },
        ...toWireWords("reason", failure.words),
      },
    };
  };
  app.get(
    "/api/v1/backups",
    {
      config: { access: operators.read },
      schema: {
        summary: "The backups on this machine, and the one that is being made",
        tags,
        response: { 200: backupsAnswer },
      },
    },
    load,
  );
  app.post(
    "/api/v1/backups",
    {
      config: { access: operators.write, refusals: ["conflict"] },
      schema: {
        summary: "Make a backup; ask for the list to see how far it is",
        description: "Secrets in it are sealed; calls and people are not. To put one back: `enlace restore`.",
        tags,
        response: { 202: backupsAnswer },
      },
    },
    async (request, reply) => {
      const name = await backups.begin();
      await audit(options, request, { action: "backup.create", name });
      return reply.code(202).send(await load());
    },
  );
}

function registerBackupFiles(app: App, options: OperationsRouteOptions): void {
  const { backups } = options;
  app.get(
    "/api/v1/backups/:name",
    {
      config: { access: operators.read },
      schema: {
        summary: "Take a backup away",
        tags,
        params: nameParams,
        response: { 200: z.unknown().meta({ description: "The file, application/gzip" }) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { sizeBytes, body } = await backups.open(name);
      try {
        await audit(options, request, { action: "backup.download", name });
      } catch (error) {
        body.destroy();
        throw error;
      }
      return reply
        .header("content-type", "application/gzip")
        .header("content-length", String(sizeBytes))
        .header("content-disposition", `attachment; filename="${name}"`)
        .header("cache-control", "no-store")
        .send(body);
    },
  );
  app.delete(
    "/api/v1/backups/:name",
    {
      config: { access: operators.write },
      schema: { summary: "Remove a backup", tags, params: nameParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      const { name } = request.params;
      await backups.remove(name);
      await audit(options, request, { action: "backup.remove", name });
      return reply.code(204).send();
    },
  );
}

/** Written into the log of the tenant whose operator it is. */
async function audit(
  { database, clock, writeAudit }: OperationsRouteOptions,
  { caller, ip }: { caller: Doer; ip: string },
  { action, name }: { action: string; name: string },
): Promise<void> {
  const doer = { tenantId: caller.tenantId, actor: caller.actor, address: ip };
  const deed = { action, target: `backup:${name}`, at: clock.now() };
  await database.sql.transaction().execute((on) => writeAudit(on, doer, deed));
}
