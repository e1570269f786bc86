import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findAudio, findProject, findTrunk } from "./dialer-things.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { addTo, parseCount } from "./option-value.ts";
import { toFieldList, toTable } from "./table.ts";

const project = z.object({
  id: z.string(),
  number: z.string(),
  name: z.string(),
  time_zone: z.string(),
  mode: z.string(),
  caller_id: z.string().nullable(),
  prefix: z.string(),
  trunks: z.array(z.object({ trunk_id: z.string(), weight: z.number() })),
  ivr: z.looseObject({ audio_id: z.string().nullable(), expected_digit: z.string().nullable() }),
  amd: z.looseObject({ enabled: z.boolean() }),
  retry: z.object({ attempts_max: z.number(), after_seconds: z.number() }),
  policy_id: z.string().nullable(),
  disabled: z.boolean(),
});
const PATH = "/api/v1/projects";

export function createProject(context: CommandContext): Command {
  const group = createCommand("project", "how automatic calls behave: what is said, over which trunk, how often");
  const target = (command: Command): Command => command.argument("<project>", "number or name").option(...JSON_OPTION);
  group.addCommand(
    addListOptions(createCommand("list", "the projects"), 1_000).action((options: ListOptions) =>
      listProjects(context, options),
    ),
  );
  group.addCommand(
    target(createCommand("show", "one project")).action((named: string, options: JsonOption) =>
      showProject(context, named, options),
    ),
  );
  group.addCommand(
    addFields(createCommand("add", "make a project"))
      .requiredOption("--name <name>", "what people call it")
      .option("--number <n>", "what it is called by; by default the next free one", parseCount)
      .option(...JSON_OPTION)
      .action((options: Fields) => addProject(context, options)),
  );
  group.addCommand(
    addFields(target(createCommand("set", "change a project; calls from now on behave so")))
      .option("--name <name>", "another name")
      .option("--off", "let it dial no more")
      .option("--on", "let it dial again")
      .action((named: string, options: Fields) => setProject(context, named, options)),
  );
  group.addCommand(
    target(createCommand("users", "who is assigned to it: supervisors see and steer no other project"))
      .option("--user <id>", "id of a user; repeat it; these and no others", addTo)
      .action((named: string, options: JsonOption & { user?: string[] }) => setUsers(context, named, options)),
  );
  group.addCommand(
    target(createCommand("remove", "remove a project")).action((named: string, options: JsonOption) =>
      removeProject(context, named, options),
    ),
  );
  return group;
}

interface Fields extends JsonOption {
  name?: string;
  number?: number;
  trunk?: string[];
  audio?: string;
  callerId?: string;
  timeZone?: string;
  prefix?: string;
  digit?: string;
  overflow?: string;
  amd?: boolean;
  policy?: string;
  attempts?: number;
  retryAfter?: number;
  allow?: string[];
  on?: boolean;
  off?: boolean;
}

function addFields(command: Command): Command {
  return command
    .option("--trunk <name>", "a trunk it dials over; repeat it", addTo)
    .option("--audio <name>", "what a person hears")
    .option("--caller-id <number>", "what is shown")
    .option("--time-zone <zone>", "IANA zone of its schedules")
    .option("--prefix <digits>", "before every number")
    .option("--digit <key>", "the key that connects; - for none")
    .option("--overflow <to>", "whom that key connects with: a number, or an extension of the PBX")
    .option("--amd", "look for answering machines")
    .option("--no-amd", "do not")
    .option("--policy <id>", "rules of the land and purpose")
    .option("--attempts <n>", "attempts at one person, the first one too", parseCount)
    .option("--retry-after <seconds>", "between attempts", parseCount)
    .option("--allow <network>", "an address or network that may ask for single calls; repeat it", addTo);
}

/** Only what was typed. Blocks that a flag changes in part keep their other fields. */
async function toBody(api: ApiClient, fields: Fields, old: z.output<typeof project> | null): Promise<object> {
  const trunks = fields.trunk && (await Promise.all(fields.trunk.map(async (name) => (await findTrunk(api, name)).id)));
  const audio = fields.audio === undefined ? undefined : (await findAudio(api, fields.audio)).id;
  const ivr = { audio_id: audio, expected_digit: toDigit(fields.digit), overflow: toOverflow(fields.overflow) };
  const retry = { attempts_max: fields.attempts, after_seconds: fields.retryAfter };
  return {
    name: fields.name,
    caller_id: fields.callerId,
    time_zone: fields.timeZone,
    prefix: fields.prefix,
    policy_id: fields.policy,
    allowed_addresses: fields.allow,
    trunks: trunks?.map((trunk_id) => ({ trunk_id })),
    ivr: toBlock(old?.ivr, ivr),
    amd: toBlock(old?.amd, { enabled: fields.amd }),
    retry: toBlock(old?.retry, retry),
    disabled: fields.off ? true : fields.on ? false : undefined,
  };
}

function toBlock(old: object | undefined, given: Record<string, unknown>): object | undefined {
  const told = Object.entries(given).filter(([, value]) => value !== undefined);
  return told.length === 0 ? undefined : { ...old, ...Object.fromEntries(told) };
}

const toDigit = (key: string | undefined): string | null | undefined => (key === "-" ? null : key);

function toOverflow(to: string | undefined): object | undefined {
  if (to === undefined) return undefined;
  return /^\d{2,6}$/.test(to) ? { kind: "extension", extension: to } : { kind: "number", number: to };
}

async function listProjects(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), PATH, {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(project), answer.items).map(({ number, name, trunks, amd, disabled }) => [
      ...[number, name, trunks.length, amd.enabled ? "on" : "off", disabled ? "switched off" : "on"],
    ]);
    return toTable(context.terminal, ["Number", "Name", "Trunks", "AMD", "State"], rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function showProject(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const answer = await api.get(`${PATH}/${(await findProject(api, named)).id}`);
  const toText = (): string => {
    const found = parseAnswer(project, answer);
    return toFieldList(context.terminal, [
      ["Number", found.number],
      ["Name", found.name],
      ["State", found.disabled ? "switched off" : "on"],
      ["Time zone", found.time_zone],
      ["Trunks", found.trunks.map(({ trunk_id, weight }) => `${trunk_id} (weight ${weight})`).join(", ")],
      ["Caller id", found.caller_id],
      ["Prefix", found.prefix],
      ["Audio", found.ivr.audio_id],
      ["Key", found.ivr.expected_digit],
      ["AMD", found.amd.enabled],
      ["Attempts", `${found.retry.attempts_max}, ${found.retry.after_seconds} s apart`],
      ["Policy", found.policy_id],
    ]);
  };
  show(context, options, { answer, toText });
}

async function addProject(context: CommandContext, options: Fields): Promise<void> {
  const api = await openApi(context);
  const number = options.number === undefined ? undefined : String(options.number);
  const answer = await api.send("POST", PATH, { ...(await toBody(api, options, null)), number });
  const toText = (): string => `Project ${options.name} has the number ${parseAnswer(project, answer).number}.`;
  show(context, options, { answer, toText });
}

async function setProject(context: CommandContext, named: string, options: Fields): Promise<void> {
  const api = await openApi(context);
  const path = `${PATH}/${(await findProject(api, named)).id}`;
  const old = parseAnswer(project, await api.get(path));
  const answer = await api.send("PATCH", path, await toBody(api, options, old));
  show(context, options, { answer, toText: () => `Project ${named} is changed.` });
}

async function setUsers(
  context: CommandContext,
  named: string,
  options: JsonOption & { user?: string[] },
): Promise<void> {
  const api = await openApi(context);
  const path = `${PATH}/${(await findProject(api, named)).id}/users`;
  const answer = options.user ? await api.send("PUT", path, { user_ids: options.user }) : await api.get(path);
  const toText = (): string => {
    const { user_ids: ids } = parseAnswer(z.object({ user_ids: z.array(z.string()) }), answer);
    return ids.length === 0 ? "Nobody is assigned to it." : `Assigned: ${ids.join(", ")}`;
  };
  show(context, options, { answer, toText });
}

async function removeProject(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id, number } = await findProject(api, named);
  await api.send("DELETE", `${PATH}/${id}`);
  show(context, options, { answer: { number, removed: true }, toText: () => `Project ${named} is gone.` });
}
