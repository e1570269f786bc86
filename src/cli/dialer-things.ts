import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { loadList } from "./list.ts";

// What people name by a word and the API by an id.

const THINGS_MAX = 10_000;

const projectItem = z.object({ id: z.string(), number: z.string(), name: z.string(), ivr: z.looseObject({}) });
export type ProjectItem = z.output<typeof projectItem>;
const trunkItem = z.object({
  id: z.string(),
  name: z.string(),
  account: z.looseObject({ host: z.string() }).nullable(),
});
const audioItem = z.object({ id: z.string(), name: z.string() });
const campaignItem = z.object({ id: z.string(), name: z.string(), state: z.string() });
export type CampaignItem = z.output<typeof campaignItem>;

/** By its number, or by its name. */
export async function findProject(api: ApiClient, named: string): Promise<ProjectItem> {
  const items = await loadAll(api, "/api/v1/projects", projectItem);
  return pick(
    "project",
    named,
    items.filter((item) => item.number === named || item.name === named),
  );
}

export async function findTrunk(api: ApiClient, named: string): Promise<z.output<typeof trunkItem>> {
  const items = await loadAll(api, "/api/v1/trunks", trunkItem);
  return pick(
    "trunk",
    named,
    items.filter((item) => item.name === named || item.id === named),
  );
}

export async function findAudio(api: ApiClient, named: string): Promise<z.output<typeof audioItem>> {
  const items = await loadAll(api, "/api/v1/audios", audioItem);
  return pick(
    "audio",
    named,
    items.filter((item) => item.name === named || item.id === named),
  );
}

export async function findCampaign(api: ApiClient, named: string): Promise<CampaignItem> {
  const items = await loadAll(api, "/api/v1/campaigns", campaignItem);
  return pick(
    "campaign",
    named,
    items.filter((item) => item.id === named || item.name === named),
  );
}

async function loadAll<T>(api: ApiClient, path: string, item: z.ZodType<T>): Promise<T[]> {
  const { items } = await loadList(api, path, {}, THINGS_MAX);
  return parseAnswer(z.array(item), items);
}

function pick<T extends { id: string }>(kind: string, named: string, found: readonly T[]): T {
  const [only, ...others] = found;
  if (only === undefined) throw new CommandFailure(`there is no ${kind} ${named}`, { hints: [`enlace ${kind} list`] });
  if (others.length > 0)
    throw wrongUsage(`${found.length} have the name ${named}`, `Their ids: ${found.map(({ id }) => id).join(", ")}`);
  return only;
}
