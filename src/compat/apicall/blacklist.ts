import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { registerUploads } from "../../http/uploads.ts";
import type { Inside } from "./inside.ts";
import { findProject } from "./projects.ts";
import { noId, OlderRefusal, readOlder, saying } from "./refusals.ts";
import {
  administering,
  idQuery,
  nothing,
  type OlderScope,
  olderId,
  reading,
  steering,
  toNumericId,
  toOlderNumber,
} from "./wire.ts";

// The blacklist of a project: entries of Enlace's do-not-call list with that scope. The tenant's own entries stand above it.

const entry = z.object({ id: z.string(), number: z.string(), reason: z.string(), created_at: z.string() });
const NEEDS_PROJECT = "proyecto_id es requerido";
const REASON = "Quitado por la API anterior";
const LIMIT_MAX = 1_000;
const FILE_BYTES_MAX = 10 * 1024 * 1024;
const UPLOAD_MS = 300_000;

export function registerOlderBlacklist(scope: OlderScope): void {
  registerReading(scope);
  registerChanging(scope);
  registerUpload(scope);
}

const listQuery = z.object({
  proyecto_id: olderId,
  limit: z.coerce.number().int().positive().default(100),
});
const projectQuery = z.object({ proyecto_id: olderId });

const toListPath = (projectId: string): string => `/api/v1/suppressions?scope=project&project_id=${projectId}`;

function registerReading({ app, base, inside }: OlderScope): void {
  app.get(`${base}/blacklist`, reading, async (request) => {
    const { proyecto_id: number, limit } = readOlder(listQuery, request.query, NEEDS_PROJECT);
    const { id } = await findProject(inside, request, number);
    const entries = await inside.list(request, toListPath(id), entry);
    const shown = entries.slice(0, Math.min(limit, LIMIT_MAX)).map((each) => ({
      ...{ id: toNumericId(each.id), proyecto_id: toNumericId(number), telefono: toOlderNumber(each.number) },
      ...{ razon: each.reason, created_at: each.created_at },
    }));
    return { entries: shown, total: entries.length };
  });
}

const newBody = z.object({ proyecto_id: olderId, telefono: z.string().min(1), razon: z.string().nullish() });

function registerChanging({ app, base, inside }: OlderScope): void {
  app.post(`${base}/blacklist`, steering, async (request) => {
    const given = readOlder(newBody, request.body, "proyecto_id y telefono son requeridos");
    const { id: project_id } = await findProject(inside, request, given.proyecto_id);
    const body = { number: given.telefono, scope: "project", project_id, reason: given.razon ?? "" };
    await inside.ask(request, { method: "POST", path: "/api/v1/suppressions", body, schema: nothing });
    return { success: true };
  });
  app.route({
    ...{ ...administering, method: ["DELETE", "POST"], url: `${base}/blacklist/delete` },
    handler: async (request) => {
      const { id } = readOlder(idQuery, request.query, noId().message);
      await saying({ not_found: "Entrada no encontrada" }, remove(inside, request, id));
      return { ok: true };
    },
  });
  app.route({
    ...{ ...administering, method: ["DELETE", "POST"], url: `${base}/blacklist/clear` },
    handler: async (request) => {
      const { proyecto_id: number } = readOlder(projectQuery, request.query, NEEDS_PROJECT);
      const { id: projectId } = await findProject(inside, request, number);
      for (const { id } of await inside.list(request, toListPath(projectId), entry)) await remove(inside, request, id);
      return { ok: true };
    },
  });
}

const remove = (inside: Inside, request: FastifyRequest, id: string): Promise<unknown> => {
  const path = `/api/v1/suppressions/${id}?reason=${encodeURIComponent(REASON)}`;
  return inside.ask(request, { method: "DELETE", path, schema: nothing });
};

const imported = z.object({ lines: z.int(), inserted: z.int() });
const BOUNDARY = "enlace-older-blacklist";

/** The project is a field beside the file, so the file (10 MB) is held until both are there. */
function registerUpload({ app, base, inside }: OlderScope): void {
  registerUploads(app, FILE_BYTES_MAX, (uploads) => {
    const config = { ...administering.config, bodyMs: UPLOAD_MS };
    uploads.post(`${base}/blacklist/upload`, { ...administering, config }, async (request) => {
      const part = await request.file();
      if (!part) throw new OlderRefusal(400, "file es requerido");
      const content = await part.toBuffer();
      const field = part.fields.proyecto_id;
      const number = field && "value" in field ? field.value : undefined;
      const { proyecto_id } = readOlder(projectQuery, { proyecto_id: number }, NEEDS_PROJECT);
      const { id } = await findProject(inside, request, proyecto_id);
      const { lines, inserted } = await inside.ask(request, {
        ...{ method: "POST", path: `/api/v1/suppressions/import?scope=project&project_id=${id}`, schema: imported },
        body: toMultipart(content),
        headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
      });
      return { success: true, imported: inserted, total: lines };
    });
  });
}

function toMultipart(content: Buffer): Buffer {
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="lista.csv"\r\ncontent-type: text/csv\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
