import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { loadOlderAudios, toAudioFile, toAudioKey } from "./audios.ts";
import type { Inside } from "./inside.ts";
import { noId, OlderRefusal, readOlder, saying } from "./refusals.ts";
import { trunk } from "./trunks.ts";
import {
  administering,
  idQuery,
  nothing,
  type OlderScope,
  olderFlag,
  olderId,
  olderText,
  reading,
  toNumericId,
  toOlderNumber,
} from "./wire.ts";

// Proyectos: their id is the number of a project of Enlace.

const ivr = z.looseObject({
  audio_id: z.string().nullable(),
  expected_digit: z.string().nullable(),
  overflow: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("number"), number: z.string() }),
      z.object({ kind: z.literal("extension"), extension: z.string() }),
    ])
    .nullable(),
});
export const project = z.object({
  id: z.string(),
  number: z.string(),
  name: z.string(),
  caller_id: z.string().nullable(),
  prefix: z.string(),
  time_zone: z.string(),
  uses_caller_id_pool: z.boolean(),
  trunks: z.array(z.object({ trunk_id: z.string(), weight: z.int() })),
  allowed_addresses: z.array(z.string()),
  ivr,
  amd: z.looseObject({ enabled: z.boolean() }),
  retry: z.looseObject({ attempts_max: z.int(), after_seconds: z.int() }),
  created_at: z.string(),
  updated_at: z.string(),
});
export type EnlaceProject = z.infer<typeof project>;

const body = z.object({
  id: olderId.optional(),
  nombre: z.string().optional(),
  caller_id: olderText,
  audio: olderText,
  dtmf_esperado: olderText,
  numero_desborde: olderText,
  troncal_salida: olderText,
  prefijo_salida: olderText,
  ips_autorizadas: olderText,
  max_retries: z.coerce.number().int().optional(),
  retry_time: z.coerce.number().int().optional(),
  amd_active: olderFlag.optional(),
  smart_cid_active: olderFlag.optional(),
  timezone: olderText,
});
type Body = z.infer<typeof body>;

const NOT_FOUND = { not_found: "Proyecto no encontrado" };
const NEW = { max_retries: 2, retry_time: 60, timezone: "America/Bogota", dtmf_esperado: "1" };

export function registerOlderProjects(scope: OlderScope): void {
  registerReading(scope);
  registerChanging(scope);
  registerAudio(scope);
}

function registerReading({ app, base, inside }: OlderScope): void {
  app.get(`${base}/proyectos`, reading, async (request) => {
    const names = await loadNames(inside, request);
    return (await inside.list(request, "/api/v1/projects", project)).map((each) => toOlderProject(each, names));
  });
}

function registerChanging({ app, base, inside }: OlderScope): void {
  app.post(`${base}/proyectos`, administering, async (request) => {
    const given = { ...NEW, ...withoutNull(readOlder(body, request.body, "JSON inválido")) };
    if (!given.nombre) throw new OlderRefusal(400, "nombre es requerido");
    const names = await loadNames(inside, request);
    const own = { number: given.id, policy_id: await findOnlyPolicy(inside, request) };
    const fields = { name: given.nombre, ...own, ...toFields(given, names, undefined) };
    const asked = inside.ask(request, { method: "POST", path: "/api/v1/projects", body: fields, schema: project });
    return toOlderProject(await saying({ conflict: "El proyecto ya existe" }, asked), names);
  });
  app.put(`${base}/proyectos`, administering, async (request) => {
    const given = readOlder(body, request.body, "JSON inválido");
    if (given.id === undefined) throw noId();
    const names = await loadNames(inside, request);
    const old = await findProject(inside, request, given.id);
    const fields = { name: given.nombre, ...toFields(given, names, old) };
    const path = `/api/v1/projects/${old.id}`;
    return toOlderProject(await inside.ask(request, { method: "PATCH", path, body: fields, schema: project }), names);
  });
  app.route({
    ...{ ...administering, method: ["DELETE", "POST"], url: `${base}/proyectos/delete` },
    handler: async (request) => {
      const { id } = readOlder(idQuery, request.query, noId().message);
      const { id: own } = await findProject(inside, request, id);
      await inside.ask(request, { method: "DELETE", path: `/api/v1/projects/${own}`, schema: nothing });
      return { ok: true };
    },
  });
}

const audioQuery = z.object({ proyecto_id: olderId });
const audioBody = z.object({ proyecto_id: olderId, audio: z.string().min(1) });

function registerAudio({ app, base, inside }: OlderScope): void {
  app.get(`${base}/proyectos/audio`, reading, async (request) => {
    const { proyecto_id } = readOlder(audioQuery, request.query, "proyecto_id es requerido");
    const found = await findProject(inside, request, proyecto_id);
    const { audio } = toOlderProject(found, await loadNames(inside, request));
    return { proyecto_id: toNumericId(found.number), proyecto_name: found.name, audio };
  });
  app.put(`${base}/proyectos/audio`, administering, async (request) => {
    const given = readOlder(audioBody, request.body, "proyecto_id y audio son requeridos");
    const found = await findProject(inside, request, given.proyecto_id);
    const names = await loadNames(inside, request);
    const fields = { ivr: { ...found.ivr, audio_id: toAudioId(given.audio, names) } };
    await inside.ask(request, { method: "PATCH", path: `/api/v1/projects/${found.id}`, body: fields, schema: nothing });
    return { success: true, proyecto_id: toNumericId(found.number), audio: given.audio };
  });
}

/** By the number that older clients know. Throws 404, also for what is not the caller's to see. */
export async function findProject(inside: Inside, request: FastifyRequest, number: string): Promise<EnlaceProject> {
  const [found] = await inside.list(request, `/api/v1/projects?number=${number}`, project);
  if (!found) throw new OlderRefusal(404, NOT_FOUND.not_found);
  return found;
}

const policy = z.object({ id: z.string(), status: z.string() });

/** Older clients know no policies: they get the one that the tenant has acknowledged, if there is no choice to make. */
async function findOnlyPolicy(inside: Inside, request: FastifyRequest): Promise<string | undefined> {
  const policies = await inside.list(request, "/api/v1/dialer/policies", policy);
  const [only, ...others] = policies.filter(({ status }) => status === "acknowledged");
  return others.length === 0 ? only?.id : undefined;
}

/** What older clients name by name: trunks and audios. */
interface Names {
  trunks: ReadonlyMap<string, string>;
  audios: ReadonlyMap<string, string>;
}

async function loadNames(inside: Inside, request: FastifyRequest): Promise<Names> {
  const [trunks, audios] = await Promise.all([
    inside.list(request, "/api/v1/trunks", trunk),
    loadOlderAudios(inside, request),
  ]);
  return {
    trunks: new Map(trunks.map(({ name, id }) => [name, id])),
    audios: new Map(audios.map(({ name, id }) => [name, id])),
  };
}

/** Only what was sent; blocks of Enlace's project keep what the older one does not know. */
function toFields(given: Body, names: Names, old: EnlaceProject | undefined): object {
  const { max_retries: retries, retry_time: seconds } = given;
  return {
    caller_id: toSent(given.caller_id, (text) => text || null),
    prefix: toSent(given.prefijo_salida, (text) => text),
    time_zone: given.timezone || undefined,
    uses_caller_id_pool: given.smart_cid_active,
    trunks: toSent(given.troncal_salida, (text) => toTrunks(text, names)),
    allowed_addresses: toSent(given.ips_autorizadas, toAddresses),
    ivr: {
      ...old?.ivr,
      ...withoutUndefined({
        audio_id: toSent(given.audio, (name) => (name ? toAudioId(name, names) : null)),
        expected_digit: given.dtmf_esperado || undefined,
        overflow: toSent(given.numero_desborde, toOverflow),
      }),
    },
    amd: { ...old?.amd, ...withoutUndefined({ enabled: given.amd_active }) },
    retry: {
      ...old?.retry,
      ...withoutUndefined({
        attempts_max: retries === undefined ? undefined : retries + 1,
        after_seconds: seconds,
      }),
    },
  };
}

const toSent = <T>(text: string | null | undefined, convert: (text: string) => T): T | undefined =>
  typeof text === "string" ? convert(text) : undefined;

function toTrunks(list: string, { trunks }: Names): { trunk_id: string }[] {
  const names = list.split(",").map((name) => name.trim());
  return names.filter(Boolean).map((name) => {
    const trunk_id = trunks.get(name);
    if (trunk_id === undefined) throw new OlderRefusal(400, `Troncal desconocida: ${name.slice(0, 60)}`);
    return { trunk_id };
  });
}

function toAudioId(name: string, { audios }: Names): string {
  const id = audios.get(toAudioKey(name));
  if (id === undefined) throw new OlderRefusal(400, "El archivo de audio no existe");
  return id;
}

/** Empty or `*`: everybody. */
function toAddresses(list: string): string[] {
  const rules = list.split(",").map((rule) => rule.trim());
  return rules.includes("*") ? [] : rules.filter(Boolean);
}

/** Short numbers are extensions of the PBX. */
function toOverflow(number: string): object | null {
  if (number === "") return null;
  return /^\d{2,6}$/.test(number) ? { kind: "extension", extension: number } : { kind: "number", number };
}

function toOlderProject(found: EnlaceProject, { trunks, audios }: Names) {
  const nameOf = (names: ReadonlyMap<string, string>, id: string | null): string | undefined =>
    [...names].find(([, each]) => each === id)?.[0];
  const audio = nameOf(audios, found.ivr.audio_id);
  const { overflow } = found.ivr;
  return {
    id: toNumericId(found.number),
    nombre: found.name,
    caller_id: toOlderNumber(found.caller_id),
    audio: audio === undefined ? "" : toAudioFile(audio),
    dtmf_esperado: found.ivr.expected_digit ?? "",
    numero_desborde:
      overflow === null ? "" : toOlderNumber("number" in overflow ? overflow.number : overflow.extension),
    troncal_salida: found.trunks.flatMap(({ trunk_id }) => nameOf(trunks, trunk_id) ?? []).join(","),
    prefijo_salida: found.prefix,
    ips_autorizadas: found.allowed_addresses.join(","),
    max_retries: found.retry.attempts_max - 1,
    retry_time: found.retry.after_seconds,
    amd_active: found.amd.enabled,
    smart_cid_active: found.uses_caller_id_pool,
    timezone: found.time_zone,
    created_at: found.created_at,
    updated_at: found.updated_at,
  };
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function withoutNull<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<T>;
}
