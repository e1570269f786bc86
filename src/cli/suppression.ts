import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer, type Query } from "./api-client.ts";
import { openFile } from "./audio.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findCampaign, findProject } from "./dialer-things.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { toLocalTime, toTable } from "./table.ts";

const entry = z.object({
  id: z.string(),
  number: z.string(),
  scope: z.string(),
  reason: z.string(),
  source: z.string(),
  created_at: z.string(),
});
const PATH = "/api/v1/suppressions";

export function createSuppression(context: CommandContext): Command {
  const group = createCommand("suppression", "who is not to be called, by any campaign, program or person");
  group.addCommand(
    addScope(addListOptions(createCommand("list", "the entries, newest first")))
      .option("--number <start>", "numbers that begin so, country code first")
      .action((options: ListOptions & ScopeFlags & { number?: string }) => listEntries(context, options)),
  );
  group.addCommand(
    addScope(createCommand("add", "put a number on the list").argument("<number>", "in any form"))
      .option("--reason <text>", "why, for people", "")
      .option(...JSON_OPTION)
      .action((number: string, options: AddFlags) => addEntry(context, number, options)),
  );
  group.addCommand(
    createCommand("check", "whether numbers are on the list")
      .argument("<number...>", "in any form")
      .option(...JSON_OPTION)
      .action((numbers: string[], options: JsonOption) => checkNumbers(context, numbers, options)),
  );
  group.addCommand(
    addScope(createCommand("import", "add a list: CSV, the first column counts").argument("<file>", "the list"))
      .option("--reason <text>", "why, for people", "")
      .option(...JSON_OPTION)
      .action((file: string, options: AddFlags) => importList(context, file, options)),
  );
  group.addCommand(
    createCommand("remove", "take an entry off the list; who did it and why is kept")
      .argument("<id>", "of the entry")
      .requiredOption("--reason <text>", "why they may be called again")
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption & { reason: string }) => removeEntry(context, id, options)),
  );
  return group;
}

interface ScopeFlags {
  project?: string;
  campaign?: string;
}
interface AddFlags extends JsonOption, ScopeFlags {
  reason: string;
}

function addScope(command: Command): Command {
  return command
    .option("--project <project>", "only for this project: number or name")
    .option("--campaign <campaign>", "only for this campaign: id or name");
}

/** Without one the whole tenant. */
async function toScope(api: ApiClient, { project, campaign }: ScopeFlags): Promise<Query> {
  if (project !== undefined && campaign !== undefined) throw wrongUsage("--project and --campaign exclude each other");
  if (project !== undefined) return { scope: "project", project_id: (await findProject(api, project)).id };
  if (campaign !== undefined) return { scope: "campaign", campaign_id: (await findCampaign(api, campaign)).id };
  return {};
}

async function listEntries(
  context: CommandContext,
  options: ListOptions & ScopeFlags & { number?: string },
): Promise<void> {
  const api = await openApi(context);
  const query = { ...(await toScope(api, options)), number: options.number };
  const answer = await loadList(api, PATH, query, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(entry), answer.items).map(({ id, number, scope, source, reason, created_at }) => [
      ...[id, number, scope, source, reason, toLocalTime(created_at)],
    ]);
    return toTable(context.terminal, ["ID", "Number", "For", "From", "Reason", "Since"], rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function addEntry(context: CommandContext, number: string, options: AddFlags): Promise<void> {
  const api = await openApi(context);
  const body = { number, reason: options.reason, ...(await toScope(api, options)) };
  const answer = await api.send("POST", PATH, body);
  const toText = (): string => {
    const { is_new } = parseAnswer(z.object({ is_new: z.boolean() }), answer);
    return is_new ? `${number} is not called any more.` : `${number} was on the list already.`;
  };
  show(context, options, { answer, toText });
}

const checked = z.object({
  results: z.array(z.object({ value: z.string(), number: z.string().nullable(), suppression: entry.nullable() })),
});

async function checkNumbers(context: CommandContext, numbers: string[], options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).send("POST", `${PATH}/check`, { numbers });
  const toText = (): string => {
    const rows = parseAnswer(checked, answer).results.map(({ value, number, suppression }) => [
      ...[
        value,
        number ?? "no number",
        suppression ? `on the list: ${suppression.reason || suppression.source}` : "free",
      ],
    ]);
    return toTable(context.terminal, ["Asked", "Number", "List"], rows);
  };
  show(context, options, { answer, toText });
}

const imported = z.object({ lines: z.number(), inserted: z.number(), duplicates: z.number(), invalid: z.number() });

async function importList(context: CommandContext, file: string, options: AddFlags): Promise<void> {
  const api = await openApi(context);
  const form = new FormData();
  form.set("file", await openFile(file), basename(file));
  const query = { ...(await toScope(api, options)), reason: options.reason };
  const answer = await api.upload(`${PATH}/import`, form, query);
  const toText = (): string => {
    const { inserted, duplicates, invalid } = parseAnswer(imported, answer);
    return `${inserted} numbers added, ${duplicates} were there already, ${invalid} lines are no number.`;
  };
  show(context, options, { answer, toText });
}

async function removeEntry(
  context: CommandContext,
  id: string,
  options: JsonOption & { reason: string },
): Promise<void> {
  const query = new URLSearchParams({ reason: options.reason });
  await (await openApi(context)).send("DELETE", `${PATH}/${encodeURIComponent(id)}?${query}`);
  show(context, options, { answer: { id, removed: true }, toText: () => `Entry ${id} is gone.` });
}
