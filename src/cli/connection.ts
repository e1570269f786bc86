import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { showCheck } from "./check-report.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { parseSettingsSchema, readSettings } from "./connection-settings.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { addTo, parseAssignment, parseCount } from "./option-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const lane = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  queue_depth: z.number(),
  dead: z.number(),
  last_success_at: z.string().nullable(),
});
const connection = z.object({ id: z.string(), name: z.string(), connector: z.string(), lane });
const connectors = z.object({ items: z.array(z.object({ id: z.string(), settings_schema: z.unknown() })) });
const CONNECTIONS_MAX = 10_000;

export function createConnection(context: CommandContext): Command {
  const group = createCommand("connection", "the outside systems that calls are delivered to");
  group.addCommand(
    addListOptions(createCommand("list", "the connections and how they stand"), 200).action((options: ListOptions) =>
      listConnections(context, options),
    ),
  );
  group.addCommand(
    createCommand("add", "connect a system; secrets are asked for, never needed on the command line")
      .requiredOption("--connector <id>", "vtiger, webhook …")
      .requiredOption("--name <name>", "what you call it")
      .option("--set <name=value>", "a setting; @file and - (standard input) are read; repeat it", addTo)
      .option("--attempts <n>", "attempts before a dead letter", parseCount)
      .option("--concurrency <n>", "deliveries in flight at once", parseCount)
      .option("--disabled", "add it switched off")
      .option(...JSON_OPTION)
      .action((options: AddFlags) => addConnection(context, options)),
  );
  group.addCommand(
    addTarget(createCommand("check", "prove that it can be read and written, without leaving a trace")).action(
      (named: string, options: JsonOption) => checkConnection(context, named, options),
    ),
  );
  group.addCommand(
    addTarget(createCommand("pause", "deliver nothing for now; everything is kept")).action(
      (named: string, options: JsonOption) => act(context, named, { ...options, verb: "pause", said: "is paused" }),
    ),
  );
  group.addCommand(
    addTarget(createCommand("resume", "deliver again")).action((named: string, options: JsonOption) =>
      act(context, named, { ...options, verb: "resume", said: "delivers again" }),
    ),
  );
  return group;
}

function addTarget(command: Command): Command {
  return command.argument("<connection>", "id or name").option(...JSON_OPTION);
}

async function listConnections(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), "/api/v1/connections", {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(connection), answer.items).map(({ id, name, connector, lane: found }) => [
      id,
      name,
      connector,
      found.reason === null ? found.state : `${found.state}: ${found.reason}`,
      found.queue_depth,
      found.dead,
      toLocalTime(found.last_success_at),
    ]);
    const head = ["ID", "Name", "Connector", "State", "Waiting", "Dead", "Last success"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

interface AddFlags extends JsonOption {
  connector: string;
  name: string;
  set?: string[];
  attempts?: number;
  concurrency?: number;
  disabled?: boolean;
}

async function addConnection(context: CommandContext, options: AddFlags): Promise<void> {
  const given = (options.set ?? []).map(parseAssignment);
  const api = await openApi(context);
  const known = parseAnswer(connectors, await api.get("/api/v1/connectors")).items;
  const connector = known.find(({ id }) => id === options.connector);
  if (!connector)
    throw wrongUsage(
      `there is no connector ${options.connector}`,
      `There are: ${known.map(({ id }) => id).join(", ")}`,
    );
  const schema = parseSettingsSchema(connector.settings_schema);
  const settings = await readSettings(context.terminal, schema, given);
  const { name, attempts, concurrency, disabled } = options;
  const limits = { attempts_max: attempts, concurrency };
  const body = { connector: connector.id, name, settings, enabled: !disabled, ...limits };
  const answer = await api.send("POST", "/api/v1/connections", body);
  const toText = (): string => {
    const { id } = parseAnswer(connection.pick({ id: true }), answer);
    return `Connection ${name} has id ${id}. Prove it: enlace connection check ${id}`;
  };
  show(context, options, { answer, toText });
}

async function checkConnection(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findConnection(api, named);
  showCheck(context, options, { answer: await api.send("POST", `/api/v1/connections/${id}/check`), name });
}

async function act(
  context: CommandContext,
  named: string,
  options: JsonOption & { verb: "pause" | "resume"; said: string },
): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findConnection(api, named);
  const answer = await api.send("POST", `/api/v1/connections/${id}/${options.verb}`);
  show(context, options, { answer, toText: () => `${name} ${options.said}.` });
}

/** By id, or by its name; also for other commands that take a connection. */
export async function findConnection(api: ApiClient, named: string): Promise<{ id: string; name: string }> {
  const { items } = await loadList(api, "/api/v1/connections", {}, CONNECTIONS_MAX);
  const all = parseAnswer(z.array(connection.pick({ id: true, name: true })), items);
  const found = all.find(({ id }) => id === named) ?? all.find(({ name }) => name === named);
  if (found) return found;
  throw new CommandFailure(`there is no connection ${named}`, { hints: ["`enlace connection list` shows them."] });
}
