import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import { campaignQuery, NEEDS_CAMPAIGN, NOT_FOUND } from "./campaigns.ts";
import type { Inside } from "./inside.ts";
import { OlderRefusal, readOlder, saying } from "./refusals.ts";
import { administering, type OlderScope, olderFlag, reading } from "./wire.ts";

// Whom a campaign calls, and when it may.

const report = z.object({
  id: z.string(),
  state: z.enum(["running", "finished", "failed"]),
  inserted: z.int(),
  duplicates: z.int(),
  invalid: z.int(),
  problem: z.string().nullable(),
  invalid_lines: z.array(z.object({ line: z.int(), value: z.string() })).default([]),
});
type Report = z.infer<typeof report>;

const UPLOAD_MS = 900_000;
const POLL_MS = 500;
/** A client of the older dialer waits for the end of its upload; a list of a million takes less. */
const POLLS_MAX = 600;

export function registerOlderCampaignLists(scope: OlderScope, { clock }: { clock: Clock }): void {
  registerUpload(scope, clock);
  registerSchedules(scope);
}

function registerUpload({ app, base, inside }: OlderScope, clock: Clock): void {
  void app.register(async (uploads) => {
    uploads.addContentTypeParser("multipart/form-data", (_request, payload, done) => done(null, payload));
    const config = { ...administering.config, bodyMs: UPLOAD_MS };
    uploads.post(`${base}/campaigns/upload`, { ...administering, config }, async (request) => {
      const { campaign_id: id } = readOlder(campaignQuery, request.query, NEEDS_CAMPAIGN);
      const path = `/api/v1/campaigns/${id}/import`;
      const body = request.body as Readable; // as the parser above leaves it
      const begun = await saying(NOT_FOUND, inside.ask(request, { method: "POST", path, body, schema: report }));
      const { inserted, duplicates, invalid, invalid_lines } = await untilDone(inside, request, {
        id: begun.id,
        clock,
      });
      if (inserted + duplicates === 0) throw new OlderRefusal(400, "No se encontraron números válidos en el archivo");
      const lines = invalid_lines.map(({ line, value }) => ({ line, value }));
      return { success: true, inserted, total: inserted + duplicates + invalid, duplicates, invalid: lines };
    });
  });
}

async function untilDone(
  inside: Inside,
  request: FastifyRequest,
  { id, clock }: { id: string; clock: Clock },
): Promise<Report> {
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const found = await inside.ask(request, { method: "GET", path: `/api/v1/imports/${id}`, schema: report });
    if (found.state !== "running") return found;
    await clock.sleep(POLL_MS);
  }
  throw new OlderRefusal(500, "La importación sigue en curso");
}

const schedule = z.object({
  windows: z.array(z.object({ weekday: z.int(), starts: z.string(), ends: z.string(), enabled: z.boolean() })),
});
const time = z.string().regex(/^\d{2}:\d{2}(:\d{2})?$/);
const rows = z
  .array(
    z.object({
      dia_semana: z.int().min(0).max(6),
      hora_inicio: time,
      hora_fin: time,
      activo: olderFlag.default(true),
    }),
  )
  .max(7)
  .refine((all) => new Set(all.map(({ dia_semana }) => dia_semana)).size === all.length);

function registerSchedules({ app, base, inside }: OlderScope): void {
  const toPath = (request: FastifyRequest): string =>
    `/api/v1/campaigns/${readOlder(campaignQuery, request.query, NEEDS_CAMPAIGN).campaign_id}/schedule`;
  app.get(`${base}/campaigns/schedules`, reading, async (request) => {
    const asked = inside.ask(request, { method: "GET", path: toPath(request), schema: schedule });
    return toRows(await saying(NOT_FOUND, asked));
  });
  app.route({
    ...{ ...administering, method: ["POST", "PUT"], url: `${base}/campaigns/schedules` },
    handler: async (request) => {
      const path = toPath(request);
      const given = readOlder(rows, request.body, "Horario inválido: dia_semana 0-6, uno por día, hora HH:MM:SS");
      const windows = given.map(({ dia_semana, hora_inicio, hora_fin, activo }) => ({
        ...{ weekday: dia_semana, starts: hora_inicio, ends: hora_fin, enabled: activo },
      }));
      const asked = inside.ask(request, { method: "PUT", path, body: { windows }, schema: schedule });
      return toRows(await saying(NOT_FOUND, asked));
    },
  });
}

const toRows = ({ windows }: z.infer<typeof schedule>): object[] =>
  windows.map(({ weekday, starts, ends, enabled }) => ({
    ...{ dia_semana: weekday, hora_inicio: toSeconds(starts), hora_fin: toSeconds(ends), activo: enabled },
  }));

const toSeconds = (text: string): string => (text.length === 5 ? `${text}:00` : text);
