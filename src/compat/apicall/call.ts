import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import type { Caller } from "../../http/access.ts";
import { OlderRefusal, readOlder } from "./refusals.ts";
import { type OlderScope, olderId, steering, toNumericId } from "./wire.ts";

// One call: it goes into the same durable queue as every other.

const body = z.object({ proyecto_id: olderId, telefono: z.string().trim().min(1) });
const dialed = z.object({ attempt_id: z.string() });

export interface OlderCallOptions {
  /** By the number that older clients know, as far as the caller may use it: asked for every call, so by itself. */
  findProjectId(caller: Caller, number: string): Promise<RowId | null>;
}

/** `Idempotency-Key` goes on to the queue: the same key is the same call. */
export function registerOlderCall({ app, base, inside }: OlderScope, { findProjectId }: OlderCallOptions): void {
  app.post(`${base}/call`, steering, async (request, reply) => {
    const given = readOlder(body, request.body, "proyecto_id y telefono son requeridos");
    const project_id = await findProjectId(request.caller, given.proyecto_id);
    if (project_id === null) throw new OlderRefusal(404, "Proyecto no encontrado");
    const asked = { project_id, number: given.telefono };
    const { attempt_id } = await inside
      .ask(request, { method: "POST", path: "/api/v1/dial", body: asked, schema: dialed })
      .catch(toOlderRefusal);
    return reply.code(202).send({
      success: true,
      proyecto_id: toNumericId(given.proyecto_id),
      telefono: given.telefono,
      message: "Llamada encolada correctamente",
      call_id: attempt_id,
    });
  });
}

/** The older dialer said which of its two lists it was. */
function toOlderRefusal(error: unknown): never {
  if (error instanceof AppError && error.code === "forbidden")
    throw new OlderRefusal(403, /address/i.test(error.message) ? "IP no autorizada" : "Número en lista negra");
  throw error;
}
