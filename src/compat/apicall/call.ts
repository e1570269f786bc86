import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import type { Caller } from "../../http/access.ts";
import { OlderRefusal, readOlder } from "./refusals.ts";
import { type OlderScope, olderId, steering, toNumericId } from "./wire.ts";

// One call: it goes into the same durable queue as every other.

const body = z.object({ proyecto_id: olderId, telefono: z.string().trim().min(1) });
const keyHeader = z.string().min(1).max(200).optional();

export interface OlderCallOptions {
  /** By the number that older clients know, as far as the caller may use it: asked for every call, so by itself. */
  findProjectId(caller: Caller, number: string): Promise<RowId | null>;
  /** Into the queue of Enlace's own API: asked without its HTTP, since this is called a hundred times a second. Resolves with the id. */
  placeCall(caller: Caller, call: OlderDial): Promise<string>;
}

export interface OlderDial {
  projectId: RowId;
  number: string;
  /** Whose it is that asks. */
  address: string;
  idempotencyKey: string | undefined;
}

/** `Idempotency-Key` goes on to the queue: the same key is the same call. */
export function registerOlderCall({ app, base }: OlderScope, { findProjectId, placeCall }: OlderCallOptions): void {
  app.post(`${base}/call`, steering, async (request, reply) => {
    const given = readOlder(body, request.body, "proyecto_id y telefono son requeridos");
    const idempotencyKey = readKey(request.headers["idempotency-key"]);
    const projectId = await findProjectId(request.caller, given.proyecto_id);
    if (projectId === null) throw new OlderRefusal(404, "Proyecto no encontrado");
    const asked = { projectId, number: given.telefono, address: request.ip, idempotencyKey };
    const id = await placeCall(request.caller, asked).catch(toOlderRefusal);
    return reply.code(202).send({
      success: true,
      proyecto_id: toNumericId(given.proyecto_id),
      telefono: given.telefono,
      message: "Llamada encolada correctamente",
      call_id: id,
    });
  });
}

function readKey(header: unknown): string | undefined {
  const read = keyHeader.safeParse(header);
  if (!read.success) throw new OlderRefusal(400, "Idempotency-Key inválida");
  return read.data;
}

/** The older dialer said which of its two lists it was. */
function toOlderRefusal(error: unknown): never {
  if (error instanceof AppError && error.code === "forbidden")
    throw new OlderRefusal(403, /address/i.test(error.message) ? "IP no autorizada" : "Número en lista negra");
  throw error;
}
