import type { Config } from "../config.ts";
import { moveDeliveries } from "../delivery/merged-calls.ts";
import type { App } from "../http/app-instance.ts";
import type { Accept } from "../intake/accept.ts";
import { type CallMerge, createCallMerge } from "../intake/call-merge.ts";
import { createHooks, type Hooks } from "../intake/hooks/hooks.ts";
import { registerHookRoutes } from "../intake/hooks/routes.ts";
import { createIdentity } from "../intake/identity.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// One call, whoever tells of it: what PBXs post, and facts of several sources under one name.

export interface CallSources {
  /** Events that PBXs post. */
  hooks: Hooks;
  /** The front door for whoever knows a call by a name of his own. */
  accept: Accept["accept"];
  start(): void;
  stop(): Promise<void>;
}

export function openCallSources(
  ground: Ground,
  { tenants, accept }: { tenants: Tenants; accept: Accept },
): CallSources {
  const merge: CallMerge = createCallMerge({ ...ground, accept: accept.accept, moveDeliveries });
  const identity = createIdentity({
    ...{ ...ground, accept: accept.accept, onTwins: merge.ring },
    loadPrefixes: tenants.pbxs.loadPrefixes,
  });
  const hooks = createHooks({
    ...{ ...ground, accept: accept.accept, onTwins: merge.ring },
    loadPbx: tenants.eventTokens.loadOwner,
  });
  return {
    hooks,
    accept: identity.accept,
    start: () => {
      hooks.start();
      merge.start();
    },
    stop: async () => {
      await hooks.stop();
      await merge.stop();
      identity.stop();
    },
  };
}

export function registerHookDoors(
  app: App,
  { limits }: Config,
  { sources, tenants }: Pick<Rooms, "sources" | "tenants">,
): void {
  registerHookRoutes(app, {
    hooks: sources.hooks,
    findPbx: tenants.eventTokens.find,
    loadSecrets: tenants.loadWebhookSecrets,
    hooksPerSecond: limits.webhookPerSecond,
  });
}
