import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Inside } from "./inside.ts";
import { OlderRefusal, readOlder, saying } from "./refusals.ts";
import { administering, nothing, type OlderScope, reading } from "./wire.ts";

// Audios: known by the names of their files, which were WAVE and lay in one folder.

const audio = z.object({
  id: z.string(),
  name: z.string(),
  original_bytes: z.int(),
  size_bytes: z.int(),
  updated_at: z.string(),
});
type EnlaceAudio = z.infer<typeof audio>;

const UPLOAD_MS = 900_000;
const nameQuery = z.object({ name: z.string().min(1).max(200) });

export const toAudioFile = (name: string): string => `${name}.wav`;
export const toAudioKey = (file: string): string => file.replace(/\.(wav|gsm|ulaw|alaw|sln|mp3|ogg|flac|m4a)$/i, "");

export function loadOlderAudios(inside: Inside, request: FastifyRequest): Promise<EnlaceAudio[]> {
  return inside.list(request, "/api/v1/audios", audio);
}

export function registerOlderAudios(scope: OlderScope): void {
  const { app, base, inside } = scope;
  app.get(`${base}/audios`, reading, async (request) => {
    const audios = await loadOlderAudios(inside, request);
    return audios.map(({ name, size_bytes, updated_at }) => ({
      name: toAudioFile(name),
      size: size_bytes,
      date: updated_at,
    }));
  });
  app.get(`${base}/audios/stream`, reading, async (request, reply) => {
    const { id } = await findAudio(inside, request);
    const path = `/api/v1/audios/${id}/link`;
    const { url } = await inside.ask(request, { method: "GET", path, schema: z.object({ url: z.string() }) });
    return reply.redirect(url, 302);
  });
  app.delete(`${base}/audios/delete`, administering, async (request) => {
    const { id } = await findAudio(inside, request);
    const asked = inside.ask(request, { method: "DELETE", path: `/api/v1/audios/${id}`, schema: nothing });
    await saying({ conflict: "El audio está en uso por un proyecto" }, asked);
    return { success: true };
  });
  registerUpload(scope);
}

/** The body goes on as it comes: nothing of a file is kept here. */
function registerUpload({ app, base, inside }: OlderScope): void {
  void app.register(async (uploads) => {
    uploads.addContentTypeParser("multipart/form-data", (_request, payload, done) => done(null, payload));
    const config = { ...administering.config, bodyMs: UPLOAD_MS };
    uploads.post(`${base}/audios/upload`, { ...administering, config }, async (request) => {
      const body = request.body as Readable; // as the parser above leaves it
      const asked = inside.ask(request, { method: "POST", path: "/api/v1/audios", body, schema: audio });
      const made = await saying({ conflict: "Ya existe un audio con ese nombre" }, asked);
      const filename = toAudioFile(made.name);
      const sizes = { original_size: made.original_bytes, final_size: made.size_bytes };
      return { success: true, filename, path: `apicall/${filename}`, ...sizes, converted: true };
    });
  });
}

async function findAudio(inside: Inside, request: FastifyRequest): Promise<EnlaceAudio> {
  const { name } = readOlder(nameQuery, request.query, "name es requerido");
  if (name.includes("..") || name.includes("/")) throw new OlderRefusal(400, "Nombre inválido");
  const found = (await loadOlderAudios(inside, request)).find((each) => each.name === toAudioKey(name));
  if (!found) throw new OlderRefusal(404, "Audio no encontrado");
  return found;
}
