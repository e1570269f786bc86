import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { registerOlderAudios } from "./audios.ts";
import { registerOlderBlacklist } from "./blacklist.ts";
import { type OlderCallOptions, registerOlderCall } from "./call.ts";
import { registerOlderCampaignLists } from "./campaign-lists.ts";
import { registerOlderCampaigns } from "./campaigns.ts";
import { registerOlderConfig } from "./config.ts";
import { createInside } from "./inside.ts";
import { type OlderLiveOptions, registerOlderLive } from "./live.ts";
import { type OlderLoginOptions, registerOlderLogin } from "./login.ts";
import { type OlderLogOptions, registerOlderLogs } from "./logs.ts";
import { registerOlderProjects } from "./projects.ts";
import { createOlderErrorHandler } from "./refusals.ts";
import { registerOlderTrunks } from "./trunks.ts";
import { registerOlderUsers } from "./users.ts";
import type { OlderScope } from "./wire.ts";

/*
 * The surface of the older dialer: Spanish names, its statuses, its sentences. All but single calls is asked of Enlace's own API for the one
 * who asks here (inside.ts), so this folder holds shapes and no rules, and can be deleted when nobody needs it any more.
 *
 * All of it is under /apicall: clients of the older dialer take `https://…/apicall` as its address. What has no namesake in
 * Enlace's own API is also where it always was, under /api/v1.
 */
export interface ApicallOptions extends OlderLoginOptions, OlderCallOptions, OlderLogOptions, OlderLiveOptions {
  log: Log;
  clock: Clock;
  /** Whether the store answers, and whether a PBX is heard that should be. */
  loadHealth(): Promise<{ database: boolean; ami: boolean }>;
}

type Part = (scope: OlderScope, options: ApicallOptions) => void;
/** Paths of these are taken by Enlace's own API. */
const NAMESAKES: readonly Part[] = [
  registerOlderLogin,
  registerOlderUsers,
  registerOlderAudios,
  registerOlderCampaigns,
  registerOlderCampaignLists,
];
const PARTS: readonly Part[] = [
  registerOlderProjects,
  registerOlderTrunks,
  registerOlderCall,
  registerOlderLogs,
  registerOlderBlacklist,
  registerOlderConfig,
];

export function registerApicall(app: App, options: ApicallOptions): void {
  const inside = createInside(app);
  void app.register(async (plain) => {
    const scope: App = plain.withTypeProvider<ZodTypeProvider>();
    scope.setErrorHandler(createOlderErrorHandler(options.log));
    for (const register of [...NAMESAKES, ...PARTS]) register({ app: scope, base: "/apicall/api/v1", inside }, options);
    for (const register of PARTS) register({ app: scope, base: "/api/v1", inside }, options);
    registerOlderHealth(scope, options);
    registerOlderLive(scope, ["/ws", "/apicall/ws"], options);
  });
}

function registerOlderHealth(app: App, { loadHealth }: ApicallOptions): void {
  app.get("/apicall/health", { config: { access: publicAccess }, schema: { hide: true } }, async (_request, reply) => {
    const health = await loadHealth();
    const away = Object.entries(health).filter(([, isUp]) => !isUp);
    if (away.length === 0) return { status: "ok" };
    return reply.code(503).send({ status: "error", ...Object.fromEntries(away.map(([name]) => [name, "down"])) });
  });
}
