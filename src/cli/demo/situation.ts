import { z } from "zod";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import type { Situation } from "./story.ts";

const connections = z.object({
  items: z
    .array(
      z.object({ id: z.string(), lane: z.object({ state: z.string(), queue_depth: z.number(), dead: z.number() }) }),
    )
    .min(1),
});
const replayed = z.object({ changed: z.number() });
/** A sandbox has nobody else to serve. */
const SANDBOX_PACE = { concurrency: 8, per_second: null };

const IN_WORDS: Readonly<Record<string, string>> = {
  active: "open",
  breaker_open: "closed by the breaker",
};

/** How the demo's one connection stands. */
export async function loadSituation(api: ApiClient): Promise<Situation> {
  const [connection] = parseAnswer(connections, await api.get("/api/v1/connections")).items;
  const { state = "active", queue_depth = 0, dead = 0 } = connection?.lane ?? {};
  return { lane: IN_WORDS[state] ?? state, waiting: queue_depth, dead };
}

/** As fast as the sandbox takes calls, where a real CRM is spared. */
export async function letLaneRun(api: ApiClient): Promise<void> {
  const [connection] = parseAnswer(connections, await api.get("/api/v1/connections")).items;
  await api.send("PATCH", `/api/v1/connections/${connection?.id}`, SANDBOX_PACE);
}

/** Sends once more what the CRM had refused for good; says how many there were. */
export async function replayDead(api: ApiClient): Promise<number> {
  return parseAnswer(replayed, await api.send("POST", "/api/v1/deliveries/replay", { state: "dead" })).changed;
}
