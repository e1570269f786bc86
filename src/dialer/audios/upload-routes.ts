import type { MultipartFile, MultipartValue } from "@fastify/multipart";
import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { registerUploads, takeAnyBody } from "../../http/uploads.ts";
import { toDoer } from "../administer.ts";
import { say } from "../words.ts";
import type { Audios } from "./audios.ts";
import { audioAnswer, audioUpload, toAudioAnswer } from "./schema.ts";
import type { StoredAudio } from "./store.ts";

export const UPLOAD_BYTES_MAX = 50 * 1024 ** 2;
/** For a line of 0.5 Mbit/s. */
const UPLOAD_MS = 900_000;

/** `POST /api/v1/audios`: the file goes to the disk as it comes. */
export function registerAudioUpload(app: App, audios: Pick<Audios, "upload">): void {
  registerUploads(app, UPLOAD_BYTES_MAX, (scope) => {
    scope.post(
      "/api/v1/audios",
      {
        config: {
          access: allow({ roles: ["admin"], scope: "dialer:write" }),
          bodyMs: UPLOAD_MS,
          refusals: ["payload_too_large", "unsupported_media_type", "conflict", "unavailable"],
        },
        validatorCompiler: takeAnyBody,
        schema: {
          summary: "Upload an audio",
          description: "Converted to what every PBX plays. Name and replace may come before the file or after it.",
          tags: ["audios"],
          consumes: ["multipart/form-data"],
          body: audioUpload,
          response: { 201: audioAnswer },
        },
      },
      async (request, reply) => {
        const doer = toDoer(request);
        const fields = new Map<string, string>();
        let stored: StoredAudio | undefined;
        const parts = request.parts();
        const take = async (file: MultipartFile): Promise<StoredAudio> => {
          const given = { fileName: file.filename, body: file.file, isWhole: () => !file.file.truncated };
          return audios.upload(doer, given, async () => {
            for await (const part of parts) noteField(fields, part);
            return toWish(fields);
          });
        };
        for await (const part of parts) {
          if (part.type === "file") {
            stored = await take(part);
            break;
          }
          noteField(fields, part);
        }
        if (!stored) throw toFieldError("file", sayField("missing"));
        return reply.code(201).send(toAudioAnswer(stored));
      },
    );
  });
}

function noteField(fields: Map<string, string>, part: MultipartFile | MultipartValue): void {
  if (part.type === "file") throw new AppError("invalid_request", say("oneFile"));
  fields.set(part.fieldname, String(part.value));
}

function toWish(fields: ReadonlyMap<string, string>): { name?: string; replace?: boolean } {
  const name = fields.get("name")?.trim();
  return { ...(name && { name }), replace: fields.get("replace") === "true" };
}
