import { z } from "zod";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import type { Situation } from "./story.ts";

const connections = z.object({
  items: z.array(z.object({ lane: z.object({ state: z.string(), queue_depth: z.number() }) })).min(1),
});

const IN_WORDS: Readonly<Record<string, string>> = {
  active: "open",
  breaker_open: "closed by the breaker",
};

/** How the demo's one connection stands. */
export async function loadSituation(api: ApiClient): Promise<Situation> {
  const [connection] = parseAnswer(connections, await api.get("/api/v1/connections")).items;
  const { state = "active", queue_depth = 0 } = connection?.lane ?? {};
  return { lane: IN_WORDS[state] ?? state, waiting: queue_depth };
}
