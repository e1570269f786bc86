import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { showCheck } from "./check-report.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { createGapCommands } from "./gaps.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { addTo, parseCount, parseSeconds } from "./option-value.ts";
import { createPbxRecordings } from "./pbx-recordings.ts";
import { readSecretValue } from "./secret-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const pbx = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string().nullable(),
  port: z.number(),
  enabled: z.boolean(),
  posts_events: z.boolean(),
  status: z.object({
    owned_here: z.boolean(),
    state: z.string().nullable(),
    since: z.string().nullable(),
    problem: z.string().nullable(),
    calls: z.number().nullable(),
  }),
});
type PbxItem = z.output<typeof pbx>;
const PBXS_MAX = 10_000;

export function createPbx(context: CommandContext): Command {
  const group = createCommand("pbx", "the Asterisk PBXs whose calls Enlace hears of by itself");
  group.addCommand(
    addListOptions(createCommand("list", "the PBXs and how they stand"), 200).action((options: ListOptions) =>
      listPbxs(context, options),
    ),
  );
  group.addCommand(
    createCommand(
      "add",
      "listen to a PBX over its manager interface (AMI; its secret is asked for), or take the events it posts",
    )
      .requiredOption("--name <name>", "what you call it; calls carry it")
      .option("--host <host>", "its address; without it the PBX has no AMI and only posts events")
      .option("--username <user>", "user of manager.conf")
      .option("--secret <from>", "secret from @file or - (standard input)")
      .option("--port <n>", "port of AMI", parseCount, 5038)
      .option("--tls", "speak TLS")
      .option("--trunk <peer>", "a peer that is a trunk; repeat it", addTo)
      .option("--time-zone <zone>", "IANA zone in which it writes its times; by default the tenant's")
      .option(...JSON_OPTION)
      .action((options: AddFlags) => addPbx(context, options)),
  );
  group.addCommand(
    addTarget(createCommand("check", "log in, and say what its user lacks and what it should not be allowed")).action(
      (named: string, options: JsonOption) => checkPbx(context, named, options),
    ),
  );
  group.addCommand(
    addTarget(createCommand("token", "give it a new token for the events it posts; it is shown once"))
      .option("--overlap <seconds>", "how long the token before it stays good", parseSeconds)
      .option("--token <from>", "one that the PBX has already, from @file or - (standard input)")
      .option("--revoke", "end its tokens instead: it posts no more")
      .action((named: string, options: TokenFlags) => giveToken(context, named, options)),
  );
  group.addCommand(
    addTarget(createCommand("remove", "listen to it no more; its calls are kept")).action(
      (named: string, options: JsonOption) => removePbx(context, named, options),
    ),
  );
  group.addCommand(createPbxRecordings(context, findPbx));
  for (const command of createGapCommands(context, findPbx)) group.addCommand(command);
  return group;
}

function addTarget(command: Command): Command {
  return command.argument("<pbx>", "id or name").option(...JSON_OPTION);
}

async function listPbxs(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), "/api/v1/pbxs", {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(pbx), answer.items).map((found) => [
      found.id,
      found.name,
      found.host === null ? "posts events" : `${found.host}:${found.port}`,
      toStateText(found),
      found.status.calls ?? "-",
      toLocalTime(found.status.since),
    ]);
    return toTable(context.terminal, ["ID", "Name", "Address", "State", "Calls", "Since"], rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

function toStateText({ enabled, host, posts_events, status: { owned_here, state, problem } }: PbxItem): string {
  if (!enabled) return "switched off";
  if (host === null) return posts_events ? "has a token" : "has no token: enlace pbx token";
  if (!owned_here) return "not with the process that answered";
  return problem === null ? (state ?? "-") : `${state}: ${problem}`;
}

interface AddFlags extends JsonOption {
  name: string;
  host?: string;
  username?: string;
  secret?: string;
  port: number;
  tls?: boolean;
  trunk?: string[];
  timeZone?: string;
}

async function addPbx(context: CommandContext, options: AddFlags): Promise<void> {
  const { name, port, tls = false, trunk = [], timeZone } = options;
  const { host, ...login } = options.host === undefined ? refuseAmi(options) : await readAmi(context, options);
  const body = { name, host, port, tls, ...login, trunks: trunk, time_zone: timeZone };
  const answer = await (await openApi(context)).send("POST", "/api/v1/pbxs", body);
  const toText = (): string => {
    const { id } = parseAnswer(pbx.pick({ id: true }), answer);
    const next =
      options.host === undefined ? `Give it a token: enlace pbx token ${id}` : `Prove it: enlace pbx check ${id}`;
    return `PBX ${name} has id ${id}. ${next}`;
  };
  show(context, options, { answer, toText });
}

async function readAmi(context: CommandContext, { host, username, secret }: AddFlags) {
  if (username === undefined) throw wrongUsage("--username is missing", "AMI needs --host and --username.");
  return { host, username, secret: await readSecret(context, secret) };
}

function refuseAmi({ username, secret }: AddFlags): { host?: undefined } {
  if (username === undefined && secret === undefined) return {};
  throw wrongUsage("--host is missing", "A PBX that only posts events has neither --username nor --secret.");
}

/** Never taken from the command line itself: `ps` shows it. */
async function readSecret({ terminal, signal }: CommandContext, given: string | undefined): Promise<string> {
  if (given === undefined) return terminal.askSecret("Secret of the AMI user: ", signal);
  if (given === "-" || given.startsWith("@")) return readSecretValue(terminal, given);
  throw wrongUsage("a secret on the command line is seen by others", "Give --secret @file or --secret -.");
}

async function checkPbx(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  showCheck(context, options, { answer: await api.send("POST", `/api/v1/pbxs/${id}/check`), name });
}

async function removePbx(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  await api.send("DELETE", `/api/v1/pbxs/${id}`);
  show(context, options, { answer: { id, removed: true }, toText: () => `${name} is not listened to any more.` });
}

interface TokenFlags extends JsonOption {
  overlap?: number;
  token?: string;
  revoke?: true;
}

async function giveToken(context: CommandContext, named: string, options: TokenFlags): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  const path = `/api/v1/pbxs/${id}/event-token`;
  if (options.revoke) {
    await api.send("DELETE", path);
    return show(context, options, { answer: { id, revoked: true }, toText: () => `${name} may post no more.` });
  }
  const given = options.token && { token: await readGiven(context, options.token) };
  const answer = await api.send("POST", path, { overlap_seconds: options.overlap, ...given });
  const toText = (): string => `${parseAnswer(z.object({ token: z.string() }), answer).token}\nShown only now.`;
  show(context, options, { answer, toText });
}

async function readGiven(context: CommandContext, given: string): Promise<string> {
  if (given === "-" || given.startsWith("@")) return readSecretValue(context.terminal, given);
  throw wrongUsage("a token on the command line is seen by others", "Give --token @file or --token -.");
}

export async function findPbx(api: ApiClient, named: string): Promise<{ id: string; name: string }> {
  const { items } = await loadList(api, "/api/v1/pbxs", {}, PBXS_MAX);
  const all = parseAnswer(z.array(pbx.pick({ id: true, name: true })), items);
  const found = all.find(({ id }) => id === named) ?? all.find(({ name }) => name === named);
  if (found) return found;
  throw new CommandFailure(`there is no PBX ${named}`, { hints: ["`enlace pbx list` shows them."] });
}
