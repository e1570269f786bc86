import { z } from "zod";
import { noId, readOlder, saying } from "./refusals.ts";
import {
  administering,
  idQuery,
  nothing,
  type OlderScope,
  olderFlag,
  olderText,
  reading,
  toNumericId,
} from "./wire.ts";

// Troncales: a trunk of Enlace with an account, on the tenant's only PBX.

export const trunk = z.object({
  id: z.string(),
  name: z.string(),
  account: z
    .object({ host: z.string(), port: z.int(), username: z.string().nullable(), context: z.string() })
    .nullable(),
  caller_id: z.string().nullable(),
  enabled: z.boolean(),
  created_at: z.string(),
});

const body = z.object({
  nombre: z.string(),
  host: olderText,
  puerto: z.coerce.number().int().optional(),
  usuario: olderText,
  password: z.string().nullish(),
  contexto: olderText,
  caller_id: olderText,
  activo: olderFlag.default(false),
});

export function registerOlderTrunks({ app, base, inside }: OlderScope): void {
  app.get(`${base}/troncales`, reading, async (request) =>
    (await inside.list(request, "/api/v1/trunks", trunk)).map(toOlderTrunk),
  );
  app.post(`${base}/troncales`, administering, async (request) => {
    const given = readOlder(body, request.body, "nombre es requerido");
    const fields = toFields(given);
    const asked = inside.ask(request, { method: "POST", path: "/api/v1/trunks", body: fields, schema: trunk });
    return toOlderTrunk(await saying({ conflict: "La troncal ya existe" }, asked));
  });
  const remove = { ...administering, method: ["DELETE", "POST"], url: `${base}/troncales/delete` };
  app.route({
    ...remove,
    handler: async (request) => {
      const { id } = readOlder(idQuery, request.query, noId().message);
      const asked = inside.ask(request, { method: "DELETE", path: `/api/v1/trunks/${id}`, schema: nothing });
      await saying({ not_found: "Troncal no encontrada" }, asked);
      return { ok: true };
    },
  });
}

function toFields(given: z.infer<typeof body>): object {
  const username = given.usuario || null;
  const account = {
    host: given.host,
    port: given.puerto ?? 5060,
    username,
    context: given.contexto || "apicall_context",
  };
  return {
    name: given.nombre,
    caller_id: given.caller_id || null,
    enabled: given.activo,
    ...(given.host && { account, password: username === null ? null : given.password || null }),
  };
}

/** Passwords are never shown. */
function toOlderTrunk({ id, name, account, caller_id, enabled, created_at }: z.infer<typeof trunk>) {
  return {
    ...{ id: toNumericId(id), nombre: name, host: account?.host ?? "", puerto: account?.port ?? 5060 },
    ...{ usuario: account?.username ?? "", password: "", contexto: account?.context ?? "" },
    ...{ caller_id: caller_id ?? "", activo: enabled, created_at },
  };
}
