import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { toAppError } from "../../http/errors.ts";
import type { Log } from "../../kit/log.ts";

// Refusals as the older dialer wrote them: a Spanish sentence in plain text, and few statuses.

const ANSWER: Record<ErrorCode, readonly [status: number, sentence: string]> = {
  invalid_request: [400, ""],
  invalid_json: [400, "JSON inválido"],
  invalid_field: [400, "Datos inválidos"],
  unauthenticated: [401, "No autorizado"],
  invalid_signature: [401, "No autorizado"],
  forbidden: [403, "Acceso denegado"],
  password_change_required: [403, "Debe cambiar su contraseña"],
  csrf: [403, "Acceso denegado"],
  not_found: [404, "No encontrado"],
  method_not_allowed: [405, "Método no permitido"],
  conflict: [409, "Conflicto"],
  payload_too_large: [413, "El archivo es demasiado grande"],
  range_not_satisfiable: [416, "Rango inválido"],
  unsupported_media_type: [400, "Formato no soportado"],
  rate_limited: [429, "Demasiadas solicitudes"],
  unavailable: [503, "Servicio no disponible"],
  internal: [500, "Internal Server Error"],
};

/** A refusal in the older dialer's own words. */
export class OlderRefusal extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.name = "OlderRefusal";
    this.status = status;
  }
}

export const noId = (): OlderRefusal => new OlderRefusal(400, "id es requerido");

/** Whatever was thrown, as the older dialer's clients read it. */
export function createOlderErrorHandler(log: Log) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (thrown instanceof OlderRefusal) return sendText(reply, thrown.status, thrown.message);
    const error =
      thrown instanceof z.ZodError
        ? new AppError("internal", "an answer of another shape", { cause: thrown })
        : toAppError(thrown);
    const [status, sentence] = ANSWER[error.code];
    if (error.retryAfterSeconds !== undefined) void reply.header("retry-after", Math.ceil(error.retryAfterSeconds));
    if (error.code !== "internal") return sendText(reply, status, toSentence(error, sentence));
    log.error({ requestId: request.id, route: request.routeOptions.url, err: thrown }, "http.failed");
    return reply.code(status).send({ error: sentence });
  };
}

/** `Datos inválidos: timezone: is not an IANA time zone`. What is wrong is said in the words of the API. */
function toSentence({ code, message }: AppError, sentence: string): string {
  if (code === "invalid_field" || code === "conflict") return `${sentence}: ${message}`;
  return sentence || message;
}

function sendText(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(sentence);
}

/** Reads what a client sent; throws a 400 with `sentence` when it does not fit. */
export function readOlder<T>(schema: z.ZodType<T>, given: unknown, sentence: string): T {
  const read = schema.safeParse(given ?? {});
  if (!read.success) throw new OlderRefusal(400, sentence);
  return read.data;
}

/** With the older dialer's sentence in place of the general one for this code. */
export async function saying<T>(sentences: Partial<Record<ErrorCode, string>>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const sentence = error instanceof AppError ? sentences[error.code] : undefined;
    if (!(error instanceof AppError) || sentence === undefined || error.retryAfterSeconds !== undefined) throw error;
    throw new OlderRefusal(ANSWER[error.code][0], sentence);
  }
}
