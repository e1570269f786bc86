import { z } from "zod";
import { allow } from "../../http/access.ts";
import { OlderRefusal, readOlder } from "./refusals.ts";
import { administering, type OlderScope } from "./wire.ts";

// The settings that the older dialer really read; they are the tenant's limits.

const KEYS = {
  max_cps: ["per_second", "Llamadas iniciadas por segundo"],
  max_channels: ["channels_max", "Llamadas simultáneas"],
  max_per_trunk: ["channels_per_trunk", "Llamadas simultáneas por troncal"],
  queue_size: ["queue_max", "Llamadas en espera"],
} as const;
type Key = keyof typeof KEYS;

const count = z.number().nullable();
const limits = z.object({ per_second: count, channels_max: count, channels_per_trunk: count, queue_max: count });
const body = z.object({ key: z.string(), value: z.union([z.string(), z.number()]) });
const reading = {
  config: { access: allow({ roles: ["admin"], scope: "dialer:read" }) },
  schema: { hide: true },
} as const;

export function registerOlderConfig({ app, base, inside }: OlderScope): void {
  const path = "/api/v1/dialer/limits";
  app.get(`${base}/config`, reading, async (request) => {
    const found = await inside.ask(request, { method: "GET", path, schema: limits });
    return Object.entries(KEYS).map(([key, [name, description]], at) => ({
      ...{ id: at + 1, key, value: found[name] === null ? "" : String(found[name]), description },
    }));
  });
  app.put(`${base}/config`, administering, async (request) => {
    const given = readOlder(body, request.body, "key y value son requeridos");
    if (!Object.hasOwn(KEYS, given.key)) throw new OlderRefusal(400, "Clave desconocida");
    const [name] = KEYS[given.key as Key];
    if (!/^\d{1,9}(\.\d{1,3})?$/.test(String(given.value))) throw new OlderRefusal(400, "Valor inválido");
    await inside.ask(request, { method: "PUT", path, body: { [name]: Number(given.value) }, schema: limits });
    return { success: true };
  });
}
