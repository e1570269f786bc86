import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { DISPOSITIONS } from "../../core/disposition.ts";
import { fromCode, toCode } from "./codes.ts";
import type { Inside } from "./inside.ts";
import { findProject, project } from "./projects.ts";
import { noId, OlderRefusal, readOlder, saying } from "./refusals.ts";
import { administering, idQuery, nothing, type OlderScope, olderId, reading, steering, toNumericId } from "./wire.ts";

// Campaigns: their states, counts and how they are steered. Lists and schedules are in campaign-lists.ts.

const contacts = z.object({
  total: z.int(),
  pending: z.int(),
  dialing: z.int(),
  completed: z.int(),
  failed: z.int(),
  skipped: z.int(),
});
const STATES = ["draft", "active", "paused", "stopped", "completed"] as const;
export const campaign = z.object({
  id: z.string(),
  project_id: z.string(),
  name: z.string(),
  state: z.enum(STATES),
  contacts,
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
type EnlaceCampaign = z.infer<typeof campaign>;
const statistics = z.object({
  campaign,
  by_disposition: z.array(z.object({ disposition: z.enum(DISPOSITIONS).nullable(), contacts: z.int() })),
  in_schedule: z.boolean(),
});

export const NOT_FOUND = { not_found: "Campaña no encontrada" };
export const campaignQuery = z.object({ campaign_id: olderId });
export const NEEDS_CAMPAIGN = "campaign_id es requerido";

export function registerOlderCampaigns(scope: OlderScope): void {
  registerReading(scope);
  registerChanging(scope);
  registerSteering(scope);
}

const listQuery = z.object({ proyecto_id: olderId.optional() });

function registerReading({ app, base, inside }: OlderScope): void {
  app.get(`${base}/campaigns`, reading, async (request) => {
    const { proyecto_id: number } = readOlder(listQuery, request.query, "proyecto_id inválido");
    const only = number === undefined ? "" : `?project_id=${(await findProject(inside, request, number)).id}`;
    const found = await inside.list(request, `/api/v1/campaigns${only}`, campaign);
    const numbers = await loadProjectNumbers(inside, request);
    return found.map((each) => toOlderCampaign(each, numbers));
  });
  app.get(`${base}/campaigns/stats`, reading, async (request) => {
    const { campaign: found, in_schedule } = await loadStatistics(inside, request);
    const { total: _, ...counts } = found.contacts;
    const numbers = await loadProjectNumbers(inside, request);
    return { campaign: toOlderCampaign(found, numbers), counts, in_schedule };
  });
  app.get(`${base}/campaigns/dispositions`, reading, async (request) => {
    const { by_disposition } = await loadStatistics(inside, request);
    const sums = new Map<string, number>();
    for (const { disposition, contacts: count } of by_disposition) {
      const code = disposition === null ? "PENDING" : toCode(disposition);
      sums.set(code, (sums.get(code) ?? 0) + count);
    }
    return [...sums].map(([resultado, count]) => ({ resultado, count }));
  });
}

function loadStatistics(inside: Inside, request: FastifyRequest): Promise<z.infer<typeof statistics>> {
  const { campaign_id: id } = readOlder(campaignQuery, request.query, NEEDS_CAMPAIGN);
  const path = `/api/v1/campaigns/${id}/statistics`;
  return saying(NOT_FOUND, inside.ask(request, { method: "GET", path, schema: statistics }));
}

const newBody = z.object({ nombre: z.string().min(1), proyecto_id: olderId });
const changeBody = z.object({ id: olderId, nombre: z.string().min(1).optional(), estado: z.enum(STATES).optional() });

function registerChanging({ app, base, inside }: OlderScope): void {
  app.post(`${base}/campaigns`, administering, async (request) => {
    const given = readOlder(newBody, request.body, "nombre y proyecto_id son requeridos");
    const { id: project_id } = await findProject(inside, request, given.proyecto_id);
    const body = { name: given.nombre, project_id };
    const made = await inside.ask(request, { method: "POST", path: "/api/v1/campaigns", body, schema: campaign });
    return toOlderCampaign(made, await loadProjectNumbers(inside, request));
  });
  app.put(`${base}/campaigns`, administering, async (request) => {
    const { id, nombre, estado } = readOlder(changeBody, request.body, "id, nombre o estado inválido");
    const path = `/api/v1/campaigns/${id}`;
    let found = await saying(NOT_FOUND, inside.ask(request, { method: "GET", path, schema: campaign }));
    if (nombre !== undefined && nombre !== found.name)
      found = await inside.ask(request, { method: "PATCH", path, body: { name: nombre }, schema: campaign });
    if (estado !== undefined && estado !== found.state) found = await enter(inside, request, { id, state: estado });
    return toOlderCampaign(found, await loadProjectNumbers(inside, request));
  });
  app.route({
    ...{ ...administering, method: ["DELETE", "POST"], url: `${base}/campaigns/delete` },
    handler: async (request) => {
      const { id } = readOlder(idQuery, request.query, noId().message);
      const asked = inside.ask(request, { method: "DELETE", path: `/api/v1/campaigns/${id}`, schema: nothing });
      await saying(NOT_FOUND, asked);
      return { ok: true };
    },
  });
}

const STEPS = { active: "start", paused: "pause", stopped: "stop" } as const;

/** By the step that leads there: the guards are those of every campaign. */
async function enter(
  inside: Inside,
  request: FastifyRequest,
  { id, state }: { id: string; state: EnlaceCampaign["state"] },
): Promise<EnlaceCampaign> {
  if (state === "draft" || state === "completed") throw new OlderRefusal(409, `Conflicto: nadie pasa a ${state}`);
  const path = `/api/v1/campaigns/${id}/${STEPS[state]}`;
  return saying(NOT_FOUND, inside.ask(request, { method: "POST", path, body: {}, schema: campaign }));
}

const actionBody = z.object({ campaign_id: olderId, action: z.enum(["start", "pause", "stop"]) });
const STATE_AFTER = { start: "active", pause: "paused", stop: "stopped" } as const;

function registerSteering({ app, base, inside }: OlderScope): void {
  app.post(`${base}/campaigns/action`, steering, async (request) => {
    const { campaign_id: id, action } = readOlder(actionBody, request.body, "campaign_id y action son requeridos");
    const { state } = await enter(inside, request, { id, state: STATE_AFTER[action] });
    return { success: true, new_state: state };
  });
  app.post(`${base}/campaigns/recycle`, administering, async (request) => {
    const given = readOlder(recycleBody, request.body, "campaign_id, nombre y dispositions son requeridos");
    const dispositions = given.dispositions.flatMap(fromCode);
    if (dispositions.length === 0) throw new OlderRefusal(400, "dispositions inválidas");
    const path = `/api/v1/campaigns/${given.campaign_id}/recycle`;
    const body = { name: given.nombre, dispositions: [...new Set(dispositions)] };
    const made = await saying(NOT_FOUND, inside.ask(request, { method: "POST", path, body, schema: recycled }));
    const copied = { new_campaign_id: toNumericId(made.campaign.id), contacts_copied: made.import.inserted };
    return { success: true, ...copied, dispositions: given.dispositions };
  });
}

const recycleBody = z.object({
  campaign_id: olderId,
  nombre: z.string().min(1),
  dispositions: z.array(z.string()).min(1),
});
const recycled = z.object({ campaign, import: z.object({ inserted: z.int() }) });

/** Numbers of projects by their ids: what older clients call them by. */
export async function loadProjectNumbers(
  inside: Inside,
  request: FastifyRequest,
): Promise<ReadonlyMap<string, string>> {
  const projects = await inside.list(request, "/api/v1/projects", project);
  return new Map(projects.map(({ id, number }) => [id, number]));
}

function toOlderCampaign(found: EnlaceCampaign, numbers: ReadonlyMap<string, string>) {
  const { completed, failed, skipped, total } = found.contacts;
  return {
    id: toNumericId(found.id),
    nombre: found.name,
    proyecto_id: toNumericId(numbers.get(found.project_id) ?? "0"),
    estado: found.state,
    total_contactos: total,
    contactos_procesados: completed + failed + skipped,
    contactos_exitosos: completed,
    contactos_fallidos: failed,
    fecha_inicio: found.started_at,
    fecha_fin: found.ended_at,
    created_at: found.created_at,
    updated_at: found.updated_at,
  };
}
