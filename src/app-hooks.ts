import type { Ground } from "./app-ground.ts";
import type { Rooms } from "./app-rooms.ts";
import type { Config } from "./config.ts";
import type { App } from "./http/app-instance.ts";
import type { Accept } from "./intake/accept.ts";
import { createHooks, type Hooks } from "./intake/hooks/hooks.ts";
import { registerHookRoutes } from "./intake/hooks/routes.ts";
import type { Tenants } from "./tenants/tenants.ts";

// What PBXs post: who keeps it and puts it together to calls, and where it comes in.

export function openHooks(ground: Ground, { tenants, accept }: { tenants: Tenants; accept: Accept["accept"] }): Hooks {
  return createHooks({
    ...{ ...ground, accept },
    loadPbx: tenants.eventTokens.loadOwner,
    onTwins: () => undefined,
  });
}

export function registerHookDoors(
  app: App,
  { limits }: Config,
  { hooks, tenants }: Pick<Rooms, "hooks" | "tenants">,
): void {
  registerHookRoutes(app, { hooks, findPbx: tenants.eventTokens.find, hooksPerSecond: limits.webhookPerSecond });
}
