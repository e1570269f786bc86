import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findTrunk } from "./dialer-things.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { parseCount } from "./option-value.ts";
import { findPbx } from "./pbx.ts";
import { readSecretValue } from "./secret-value.ts";
import { toTable } from "./table.ts";

const trunk = z.object({
  id: z.string(),
  name: z.string(),
  pbx_id: z.string(),
  dial_template: z.string(),
  per_second: z.number().nullable(),
  channels_max: z.number(),
  enabled: z.boolean(),
  account: z.object({ host: z.string(), port: z.number() }).nullable(),
});
const PATH = "/api/v1/trunks";

export function createTrunk(context: CommandContext): Command {
  const group = createCommand("trunk", "the lines to carriers that the dialer dials over");
  const target = (command: Command): Command => command.argument("<trunk>", "name or id").option(...JSON_OPTION);
  group.addCommand(
    addListOptions(createCommand("list", "the trunks"), 1_000).action((options: ListOptions) =>
      listTrunks(context, options),
    ),
  );
  group.addCommand(
    addFields(createCommand("add", "tell Enlace of a trunk; with --host it writes it for Asterisk"))
      .requiredOption("--name <name>", "as Asterisk knows it")
      .option("--pbx <pbx>", "id or name of the PBX; by default the only one")
      .option(...JSON_OPTION)
      .action((options: Fields) => addTrunk(context, options)),
  );
  group.addCommand(
    addFields(target(createCommand("set", "change a trunk")))
      .option("--on", "dial over it again")
      .action((named: string, options: Fields) => setTrunk(context, named, options)),
  );
  group.addCommand(
    target(createCommand("remove", "forget a trunk that no project dials over")).action(
      (named: string, options: JsonOption) => removeTrunk(context, named, options),
    ),
  );
  return group;
}

interface Fields extends JsonOption {
  name?: string;
  pbx?: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  register?: boolean;
  context?: string;
  channels?: number;
  perSecond?: number;
  template?: string;
  callerId?: string;
  off?: boolean;
  on?: boolean;
}

function addFields(command: Command): Command {
  return command
    .option("--host <host>", "the carrier's address: Enlace writes the trunk's PJSIP objects")
    .option("--port <n>", "the carrier's port", parseCount)
    .option("--username <user>", "the account's user")
    .option("--password <from>", "from @file or - (standard input)")
    .option("--register", "log in at the carrier")
    .option("--context <name>", "where calls from the carrier arrive")
    .option("--channels <n>", "calls at once", parseCount)
    .option("--per-second <n>", "calls begun in a second", Number)
    .option("--template <channel>", "what is dialled: placeholders number, trunk, prefix")
    .option("--caller-id <number>", "what is shown where the project says nothing")
    .option("--off", "nothing new is dialled over it");
}

async function toBody({ terminal }: CommandContext, fields: Fields): Promise<object> {
  if (fields.password !== undefined && !/^(-$|@)/.test(fields.password))
    throw wrongUsage("a password on the command line is seen by others", "Use --password @file or --password -.");
  const { host, port, username, register, context } = fields;
  return {
    channels_max: fields.channels,
    per_second: fields.perSecond,
    dial_template: fields.template,
    caller_id: fields.callerId,
    enabled: fields.off ? false : fields.on ? true : undefined,
    account: host === undefined ? undefined : { host, port, username, register, context },
    password: fields.password === undefined ? undefined : await readSecretValue(terminal, fields.password),
  };
}

async function listTrunks(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), PATH, {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(trunk), answer.items).map((found) => [
      ...[
        found.id,
        found.name,
        found.pbx_id,
        found.account ? `${found.account.host}:${found.account.port}` : "of the PBX",
      ],
      ...[found.channels_max, found.per_second, found.enabled ? "on" : "switched off"],
    ]);
    const head = ["ID", "Name", "PBX", "Carrier", "Channels", "A second", "State"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function addTrunk(context: CommandContext, options: Fields): Promise<void> {
  const api = await openApi(context);
  const pbx_id = options.pbx === undefined ? undefined : (await findPbx(api, options.pbx)).id;
  const answer = await api.send("POST", PATH, { name: options.name, pbx_id, ...(await toBody(context, options)) });
  show(context, options, { answer, toText: () => `Trunk ${options.name} has id ${parseAnswer(trunk, answer).id}.` });
}

async function setTrunk(context: CommandContext, named: string, options: Fields): Promise<void> {
  const api = await openApi(context);
  const { id } = await findTrunk(api, named);
  const answer = await api.send("PATCH", `${PATH}/${id}`, await toBody(context, options));
  show(context, options, { answer, toText: () => `Trunk ${named} is changed.` });
}

async function removeTrunk(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id } = await findTrunk(api, named);
  await api.send("DELETE", `${PATH}/${id}`);
  show(context, options, { answer: { id, removed: true }, toText: () => `Trunk ${named} is gone.` });
}
