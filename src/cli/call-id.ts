import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { CommandFailure } from "./exit.ts";
import { loadList } from "./list.ts";

/** Ids of ours are digits; anything else is a call_uuid. */
export async function toCallId(api: ApiClient, named: string): Promise<string> {
  if (/^\d+$/.test(named)) return named;
  const { items } = await loadList(api, "/api/v1/calls", { call_uuid: named }, 1);
  const [found] = parseAnswer(z.array(z.object({ id: z.string() })), items);
  if (!found)
    throw new CommandFailure(`there is no call ${named}`, { hints: ["`enlace calls list` shows the latest."] });
  return found.id;
}
