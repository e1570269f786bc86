import { z } from "zod";
import { allow, publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { perMinute } from "../../http/rate-limits.ts";
import { idParams, noBody, toInstant } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import { toDoer } from "../administer.ts";
import { PROMPT_NAMES } from "../project.ts";
import type { Audios } from "./audios.ts";
import { LANGUAGES, PROMPT_TEXTS } from "./prompt-texts.ts";
import {
  audioAnswer,
  audioLinkAnswer,
  linkParams,
  promptsAnswer,
  soundAnswer,
  speechAnswer,
  speechBody,
  toAudioAnswer,
} from "./schema.ts";
import { createAudioSender } from "./send-audio.ts";
import type { SoundRef } from "./sound.ts";

export interface AudioRouteOptions {
  audios: Audios;
  clock: Clock;
}

const tags = ["audios"];
const LISTENS_PER_MINUTE = 6_000;
const mayRead = allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" });

/** What the dialer plays: uploads, built-in prompts, spoken texts. Uploading is in upload-routes.ts. */
export function registerAudioRoutes(app: App, options: AudioRouteOptions): void {
  registerAudios(app, options.audios);
  registerSpeech(app, options.audios);
  registerListening(app, options);
}

function registerAudios(app: App, audios: Audios): void {
  app.get(
    "/api/v1/audios",
    {
      config: { access: mayRead },
      schema: {
        summary: "Audios of the tenant",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(audioAnswer) },
      },
    },
    async ({ caller, query }) => {
      const afterId = parseCursor(query.cursor, idCursor)?.id ?? "0";
      const rows = await audios.list(caller.tenantId, { afterId, rowsMax: query.limit + 1 });
      return toPage(rows, query.limit, { toItem: toAudioAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/audios/:id",
    {
      config: { access: mayRead },
      schema: { summary: "An audio", tags, params: idParams, response: { 200: audioAnswer } },
    },
    async ({ caller, params }) => toAudioAnswer(await audios.show(caller.tenantId, params.id)),
  );
  app.get(
    "/api/v1/audios/:id/link",
    {
      config: { access: mayRead },
      schema: {
        summary: "A link that plays an audio",
        description: "For players, which cannot send a credential. It ends after ten minutes.",
        tags,
        params: idParams,
        response: { 200: audioLinkAnswer },
      },
    },
    async ({ caller, params }) => {
      const { tenantId, file } = await audios.show(caller.tenantId, params.id);
      return toLinkAnswer(audios, { kind: "audio", tenantId, file });
    },
  );
  app.delete(
    "/api/v1/audios/:id",
    {
      config: { access: allow({ roles: ["admin"], scope: "dialer:write" }), refusals: ["conflict"] },
      schema: {
        summary: "Delete an audio that no project plays",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await audios.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

function registerSpeech(app: App, audios: Audios): void {
  app.get(
    "/api/v1/audio-prompts",
    {
      config: { access: mayRead },
      schema: { summary: "The built-in prompts, with links that play them", tags, response: { 200: promptsAnswer } },
    },
    async () => {
      const wanted = LANGUAGES.flatMap((language) => PROMPT_NAMES.map((name) => ({ language, name })));
      const items = wanted.map(async ({ language, name }) => ({
        ...{ language, name, text: PROMPT_TEXTS[language][name] },
        ...toLinkAnswer(audios, await audios.prompt(language, name)),
      }));
      return { items: await Promise.all(items) };
    },
  );
  app.post(
    "/api/v1/speech",
    {
      config: {
        access: allow({ roles: ["supervisor"], scope: "dialer:write" }),
        refusals: ["conflict", "unavailable"],
      },
      schema: {
        summary: "Hear how a text sounds, with these variables in it",
        tags,
        body: speechBody,
        response: { 200: speechAnswer },
      },
    },
    async ({ caller, body }) => {
      const { text, sound } = await audios.say({ tenantId: caller.tenantId, ...body });
      return { text, ...toLinkAnswer(audios, sound) };
    },
  );
}

function toLinkAnswer(audios: Audios, sound: SoundRef): { url: string; expires_at: string } {
  const { url, expiresAt } = audios.toLink(sound);
  return { url, expires_at: toInstant(expiresAt) };
}

function registerListening(app: App, { audios, clock }: AudioRouteOptions): void {
  const send = createAudioSender(clock);
  app.get(
    "/a/:token",
    {
      config: {
        access: publicAccess,
        rateLimit: perMinute(LISTENS_PER_MINUTE),
        refusals: ["range_not_satisfiable", "forbidden"],
      },
      schema: {
        summary: "Hear an audio by its link",
        description:
          "For players of people, and for PBXs that fetch what they play. A link that has ended answers 403.",
        tags,
        params: linkParams,
        response: { 200: soundAnswer, 206: soundAnswer },
      },
    },
    async (request, reply) => {
      const { path, sound, endsAt } = audios.openLink(request.params.token);
      return send(request, reply, { path, endsAt, etag: `"${sound.file}"` });
    },
  );
}
