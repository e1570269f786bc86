import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { addTo } from "./option-value.ts";
import { toTable } from "./table.ts";

const extension = z.object({
  number: z.string(),
  peers: z.array(z.string()),
  name: z.string(),
  user_id: z.string().nullable(),
});

export function createExtension(context: CommandContext): Command {
  const group = createCommand("extension", "the phones of the PBXs, and whose they are");
  group.addCommand(
    addListOptions(createCommand("list", "the extensions by number"), 1_000).action((options: ListOptions) =>
      listExtensions(context, options),
    ),
  );
  group.addCommand(
    createCommand("set", "make an extension, or replace it")
      .argument("<number>", "2 to 10 digits")
      .option("--peer <peer>", "name of a phone in Asterisk's channels; repeat it; by default the number", addTo)
      .option("--name <name>", "whose it is, in words", "")
      .option("--user <id>", "id of the user who calls from it")
      .option(...JSON_OPTION)
      .action((number: string, options: SetFlags) => setExtension(context, number, options)),
  );
  group.addCommand(
    createCommand("remove", "forget an extension")
      .argument("<number>", "of the extension")
      .option(...JSON_OPTION)
      .action((number: string, options: JsonOption) => removeExtension(context, number, options)),
  );
  return group;
}

async function listExtensions(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), "/api/v1/extensions", {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(extension), answer.items).map(({ number, peers, name, user_id }) => [
      number,
      peers.join(" "),
      name,
      user_id ?? "-",
    ]);
    return toTable(context.terminal, ["Number", "Phones", "Name", "User"], rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

interface SetFlags extends JsonOption {
  peer?: string[];
  name: string;
  user?: string;
}

async function setExtension(context: CommandContext, number: string, options: SetFlags): Promise<void> {
  const { peer: peers, name, user } = options;
  const body = { peers, name, user_id: user ?? null };
  const answer = await (await openApi(context)).send("PUT", `/api/v1/extensions/${encodeURIComponent(number)}`, body);
  show(context, options, { answer, toText: () => `Extension ${number} is kept.` });
}

async function removeExtension(context: CommandContext, number: string, options: JsonOption): Promise<void> {
  await (await openApi(context)).send("DELETE", `/api/v1/extensions/${encodeURIComponent(number)}`);
  show(context, options, { answer: { number, removed: true }, toText: () => `Extension ${number} is gone.` });
}
