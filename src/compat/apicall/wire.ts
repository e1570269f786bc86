import { z } from "zod";
import type { Access } from "../../http/access.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import type { Inside } from "./inside.ts";

/** Where a part of the older surface is registered. */
export interface OlderScope {
  app: App;
  /** `/apicall/api/v1`, or `/api/v1` for what has no namesake in Enlace's own API. */
  base: string;
  inside: Inside;
}

interface OlderRoute {
  config: { access: Access; rateLimit?: { max: number; timeWindow: number } };
  schema: { hide: true };
}

const hidden = (access: Access): OlderRoute => ({ config: { access }, schema: { hide: true } });

/** The roles of the older dialer; Enlace's own routes behind these look again, and closer. */
export const reading = hidden(allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }));
export const steering = hidden(allow({ roles: ["supervisor"], scope: "dialer:write" }));
export const administering = hidden(allow({ roles: ["admin"], scope: "dialer:write" }));

/** Ids were numbers; as text they are taken, too. */
export const olderId = z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,17}$/)]).transform((id) => String(id));
export const idQuery = z.object({ id: olderId });
/** Text that may be empty or `null` where there is none. */
export const olderText = z.string().trim().nullish();
/** True, 1 and "true". */
export const olderFlag = z.union([z.boolean(), z.literal([0, 1]), z.stringbool()]).transform(Boolean);

export const nothing = z.unknown();
export const toNumericId = (id: string): number => Number(id);
/** Numbers were written without a plus. */
export const toOlderNumber = (number: string | null): string => (number ?? "").replace(/^\+/, "");
