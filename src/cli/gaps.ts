import { type Command, Option } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { parseCount, parseInstant } from "./option-value.ts";
import { readSecretValue } from "./secret-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const gap = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  reason: z.string(),
  state: z.string(),
  problem: z.string().nullable(),
  calls: z.number(),
  missing: z.number(),
  repaired: z.number(),
});
type GapItem = z.output<typeof gap>;

export type FindPbx = (api: ApiClient, named: string) => Promise<{ id: string; name: string }>;

/** `enlace pbx gaps` and `enlace pbx reconcile`. */
export function createGapCommands(context: CommandContext, findPbx: FindPbx): Command[] {
  return [
    addListOptions(createCommand("gaps", "when it was not heard, and what was missed and repaired"))
      .argument("<pbx>", "id or name")
      .action((named: string, options: ListOptions) => listGaps(context, { named, options, findPbx })),
    createCommand("reconcile", "compare its call records with the calls, and add what is missing")
      .argument("<pbx>", "id or name")
      .requiredOption("--since <instant>", "from: 2026-11-22T08:00:00Z or 2026-11-22", parseInstant)
      .option("--until <instant>", "to; by default now", parseInstant)
      .option("--no-wait", "do not wait until it is done")
      .option(...JSON_OPTION)
      .action((named: string, options: ReconcileFlags) => reconcile(context, { named, options, findPbx })),
    createCommand("cdr", "show or say where its call records are")
      .argument("<pbx>", "id or name")
      .addOption(new Option("--kind <kind>", "where").choices(["none", "ami", "mysql", "csv"]))
      .option("--host <host>", "of its MariaDB")
      .option("--port <n>", "of its MariaDB", parseCount)
      .option("--database <name>", "by default asteriskcdrdb")
      .option("--user <user>", "account that may only read the table cdr")
      .option("--password <from>", "its password from @file or - (standard input)")
      .option("--path <path>", "Master.csv or its folder, on the machine of Enlace")
      .option(...JSON_OPTION)
      .action((named: string, options: CdrFlags) => setCdr(context, { named, options, findPbx })),
  ];
}

interface Asked<Options> {
  named: string;
  options: Options;
  findPbx: FindPbx;
}

async function listGaps(context: CommandContext, { named, options, findPbx }: Asked<ListOptions>): Promise<void> {
  const api = await openApi(context);
  const { id } = await findPbx(api, named);
  const answer = await loadList(api, `/api/v1/pbxs/${id}/gaps`, {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(gap), answer.items).map((one) => [
      one.id,
      toLocalTime(one.from),
      toLocalTime(one.to),
      one.reason,
      one.state,
      one.calls,
      one.missing,
      one.repaired,
      one.problem,
    ]);
    const head = ["ID", "From", "To", "Reason", "State", "Calls", "Missing", "Repaired", "Problem"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

interface ReconcileFlags extends JsonOption {
  since: string;
  until?: string;
  wait: boolean;
}

const LOOK_EVERY_MS = 1_000;

async function reconcile(context: CommandContext, { named, options, findPbx }: Asked<ReconcileFlags>): Promise<void> {
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  const { since, until } = options;
  let answer = await api.send("POST", `/api/v1/pbxs/${id}/reconcile`, { since, until });
  let found = parseAnswer(gap, answer);
  while (options.wait && found.state === "open" && found.problem === null) {
    await context.clock.sleep(LOOK_EVERY_MS, context.signal);
    answer = await api.get(`/api/v1/pbxs/${id}/gaps/${found.id}`);
    found = parseAnswer(gap, answer);
  }
  show(context, options, { answer, toText: () => toSentence(name, found) });
  if (options.wait && found.state !== "checked") {
    throw new CommandFailure(found.problem ?? "the records could not be compared", {
      hints: [`\`enlace pbx gaps ${name}\` tells how it goes on.`],
    });
  }
}

function toSentence(name: string, { state, calls, missing, repaired, id }: GapItem): string {
  if (state === "open") return `Gap ${id} of ${name} will be compared by the process that listens to it.`;
  return `${name} has records of ${calls} calls: ${missing} were missing, ${repaired} are repaired.`;
}

interface CdrFlags extends JsonOption {
  kind?: string;
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  password?: string;
  path?: string;
}

const cdr = z.object({ kind: z.string(), host: z.string().optional(), path: z.string().optional() });

/** Without `--kind` it only shows. */
async function setCdr(context: CommandContext, { named, options, findPbx }: Asked<CdrFlags>): Promise<void> {
  const { json: _, password: from, ...fields } = options;
  const api = await openApi(context);
  const { id, name } = await findPbx(api, named);
  const url = `/api/v1/pbxs/${id}/cdr`;
  const password = await readPassword(context, from);
  const answer = options.kind === undefined ? await api.get(url) : await api.send("PUT", url, { ...fields, password });
  const toText = (): string => {
    const { kind, host, path } = parseAnswer(cdr, answer);
    return `Call records of ${name}: ${[kind, host ?? path].filter(Boolean).join(" ")}`;
  };
  show(context, options, { answer, toText });
}

/** Never taken from the command line itself: `ps` shows it. */
async function readPassword({ terminal }: CommandContext, given: string | undefined): Promise<string | undefined> {
  if (given === undefined) return undefined;
  if (given === "-" || given.startsWith("@")) return readSecretValue(terminal, given);
  throw wrongUsage("a password on the command line is seen by others", "Give --password @file or --password -.");
}
