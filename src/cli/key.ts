import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { parseCount } from "./option-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const key = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullish(),
});
const created = z.object({ id: z.string(), key: z.string(), scopes: z.array(z.string()) });
const DAY_MS = 86_400_000;

export function createKey(context: CommandContext): Command {
  const group = createCommand("key", "API keys, for programs");
  group.addCommand(
    createCommand("create", "make a key; it is shown once")
      .argument("<name>", "what it is for")
      .option("--scopes <list>", "comma list: calls:read, deliveries:write …", "calls:read,deliveries:read")
      .option("--days <n>", "how long it is good (default: until it is revoked)", parseCount)
      .option(...JSON_OPTION)
      .action((name: string, options: CreateFlags) => createOne(context, name, options)),
  );
  group.addCommand(
    addListOptions(createCommand("list", "the keys there are; never the keys themselves"), 200).action(
      (options: ListOptions) => listKeys(context, options),
    ),
  );
  group.addCommand(
    createCommand("revoke", "end a key at once")
      .argument("<id>", "id of the key")
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption) => revoke(context, id, options)),
  );
  return group;
}

interface CreateFlags extends JsonOption {
  scopes: string;
  days?: number;
}

async function createOne(context: CommandContext, name: string, options: CreateFlags): Promise<void> {
  const scopes = options.scopes.split(",").map((scope) => scope.trim());
  if (scopes.includes("")) throw wrongUsage("--scopes has an empty place");
  const ends = options.days && new Date(context.clock.now().getTime() + options.days * DAY_MS).toISOString();
  const body = { name, scopes, ...(ends && { expires_at: ends }) };
  const answer = await (await openApi(context)).send("POST", "/api/v1/api-keys", body);
  const toText = (): string => {
    const made = parseAnswer(created, answer);
    return `${made.key}\nShown only now. Id ${made.id}, scopes ${made.scopes.join(", ")}.`;
  };
  show(context, options, { answer, toText });
}

async function listKeys(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), "/api/v1/api-keys", {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(key), answer.items).map((found) => [
      found.id,
      found.name,
      `${found.prefix}…`,
      found.scopes.length > 4 ? `${found.scopes.length} scopes` : found.scopes.join(" "),
      toLocalTime(found.last_used_at),
      found.revoked_at ? `revoked ${toLocalTime(found.revoked_at)}` : toLocalTime(found.expires_at),
    ]);
    return (
      toTable(context.terminal, ["ID", "Name", "Begins", "Scopes", "Last used", "Ends"], rows) + toMoreText(answer)
    );
  };
  show(context, options, { answer, toText });
}

async function revoke(context: CommandContext, id: string, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).send("DELETE", `/api/v1/api-keys/${encodeURIComponent(id)}`);
  show(context, options, { answer, toText: () => `Key ${id} is revoked.` });
}
