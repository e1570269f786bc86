import { z } from "zod";
import { allow, ROLES } from "../../http/access.ts";
import { noId, OlderRefusal, readOlder, saying } from "./refusals.ts";
import { idQuery, nothing, type OlderScope, toNumericId } from "./wire.ts";

// Users, for administrators.

const user = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  disabled_at: z.string().nullable(),
  created_at: z.string(),
});
const body = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  role: z.enum(["admin", "supervisor", "viewer"]).default("viewer"),
  full_name: z.string().nullish(),
});
const toRoute = (scope: "users:read" | "users:write") => ({
  config: { access: allow({ roles: ["admin"], scope }) },
  schema: { hide: true } as const,
});

export function registerOlderUsers({ app, base, inside }: OlderScope): void {
  app.get(`${base}/users`, toRoute("users:read"), async (request) =>
    (await inside.list(request, "/api/v1/users", user)).map(
      ({ id, username, role, name, disabled_at, created_at }) => ({
        ...{ id: toNumericId(id), username, role, full_name: name, active: disabled_at === null, created_at },
      }),
    ),
  );
  app.post(`${base}/users`, toRoute("users:write"), async (request) => {
    const { full_name, ...given } = readOlder(body, request.body, "username y password son requeridos");
    const fields = { ...given, name: full_name ?? "" };
    const asked = inside.ask(request, { method: "POST", path: "/api/v1/users", body: fields, schema: nothing });
    await saying({ conflict: "El usuario ya existe" }, asked);
    return { success: true };
  });
  app.delete(`${base}/users/delete`, toRoute("users:write"), async (request) => {
    const { id } = readOlder(idQuery, request.query, noId().message);
    if (id === request.caller.userId) throw new OlderRefusal(409, "No puede eliminarse a sí mismo");
    const asked = inside.ask(request, { method: "DELETE", path: `/api/v1/users/${id}`, schema: nothing });
    await saying({ not_found: "Usuario no encontrado" }, asked);
    return { success: true };
  });
}
