import { type Command, Option } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findConnection } from "./connection.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { toFieldList, toLocalTime, toPrintable, toTable } from "./table.ts";

const STATES = ["pending", "leased", "delivered", "dead", "expired", "discarded"];
const delivery = z.object({
  id: z.string(),
  connection_id: z.string(),
  connection_name: z.string().nullish(),
  call_id: z.string().nullish(),
  call_uuid: z.string().nullish(),
  kind: z.string(),
  name: z.string().nullish(),
  state: z.string(),
  attempts: z.number(),
  due_at: z.string().nullish(),
  reason: z.string().nullish(),
  review: z.string().nullish(),
  remote: z.object({ id: z.string(), url: z.string().nullish() }).nullish(),
  updated_at: z.string(),
});
type Delivery = z.output<typeof delivery>;
const attempt = z.object({
  number: z.number(),
  started_at: z.string(),
  duration_ms: z.number(),
  outcome: z.string(),
  reason: z.string().nullish(),
  exchanges: z.array(z.unknown()).nullish(),
});
const replayed = z.object({ count: z.number() });
const ATTEMPTS_MAX = 1000;

export function createDeliveries(context: CommandContext): Command {
  const group = createCommand("deliveries", "the way out: what goes to which connection, and what was given up");
  group.addCommand(
    addFilter(addListOptions(createCommand("list", "deliveries, newest first"))).action(
      (options: FilterFlags & ListOptions) => listDeliveries(context, options),
    ),
  );
  group.addCommand(
    createCommand("show", "one delivery and every attempt")
      .argument("<id>", "id of the delivery")
      .option("--exchanges", "with the requests and answers, secrets masked")
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption & { exchanges?: boolean }) => showDelivery(context, id, options)),
  );
  group.addCommand(
    addFilter(createCommand("replay", "deliver again: one, or all dead letters that match"))
      .argument("[id]", "id of the delivery")
      .option("--dry-run", "only say how many that would be")
      .option(...JSON_OPTION)
      .action((id: string | undefined, options: ReplayFlags) => replay(context, id, options)),
  );
  group.addCommand(
    createCommand("discard", "give a dead letter up for good")
      .argument("<id>", "id of the delivery")
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption) => discard(context, id, options)),
  );
  return group;
}

interface FilterFlags {
  state?: string;
  connection?: string;
}

function addFilter(command: Command): Command {
  return command
    .addOption(new Option("--state <state>", "in this state").choices(STATES))
    .option("--connection <connection>", "of this connection, by id or name");
}

async function toFilter(api: ApiClient, { state, connection }: FilterFlags) {
  const connection_id = connection === undefined ? undefined : (await findConnection(api, connection)).id;
  return { state, connection_id };
}

async function listDeliveries(context: CommandContext, options: FilterFlags & ListOptions): Promise<void> {
  const api = await openApi(context);
  const answer = await loadList(api, "/api/v1/deliveries", await toFilter(api, options), options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(delivery), answer.items).map((found) => [
      found.id,
      found.call_uuid ?? found.call_id,
      found.connection_name ?? found.connection_id,
      toKindText(found),
      found.state,
      found.attempts,
      toLocalTime(found.updated_at),
      found.remote?.id ?? found.reason,
    ]);
    const head = ["ID", "Call", "Connection", "Kind", "State", "Attempts", "Changed", "Record or reason"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function showDelivery(
  context: CommandContext,
  id: string,
  options: JsonOption & { exchanges?: boolean },
): Promise<void> {
  const api = await openApi(context);
  const path = `/api/v1/deliveries/${encodeURIComponent(id)}`;
  const [answer, attempts] = [await api.get(path), await loadList(api, `${path}/attempts`, {}, ATTEMPTS_MAX)];
  const toText = (): string => {
    const found = parseAnswer(delivery, answer);
    const tried = parseAnswer(z.array(attempt), attempts.items);
    const rows = tried.map((one) => [
      one.number,
      toLocalTime(one.started_at),
      `${one.duration_ms} ms`,
      one.outcome,
      one.reason,
    ]);
    const table = toTable(context.terminal, ["#", "Started", "Took", "Outcome", "Reason"], rows);
    const exchanges = options.exchanges
      ? `\n\n${toPrintable(
          JSON.stringify(
            tried.flatMap((one) => one.exchanges ?? []),
            null,
            2,
          ),
        )}`
      : "";
    return `${toFieldList(context.terminal, toFields(found))}\n\n${table}${exchanges}`;
  };
  show(context, options, { answer: { ...(answer as object), attempt_log: attempts.items }, toText });
}

function toFields(found: Delivery) {
  return [
    ["ID", found.id],
    ["Call", found.call_uuid ?? found.call_id],
    ["Connection", found.connection_name ?? found.connection_id],
    ["Kind", toKindText(found)],
    ["State", found.state],
    ["Reason", found.reason],
    ["Next try", found.state === "pending" ? toLocalTime(found.due_at) : null],
    ["Record", found.remote?.url ?? found.remote?.id],
    ["To review", found.review],
  ] as const;
}

interface ReplayFlags extends FilterFlags, JsonOption {
  dryRun?: boolean;
}

async function replay(context: CommandContext, id: string | undefined, options: ReplayFlags): Promise<void> {
  const api = await openApi(context);
  if (id !== undefined) {
    const answer = await api.send("POST", `/api/v1/deliveries/${encodeURIComponent(id)}/replay`);
    return show(context, options, { answer, toText: () => `Delivery ${id} will be tried again.` });
  }
  if (options.state !== "dead")
    throw wrongUsage("which ones?", "Name an id, or --state dead, with --connection when only one is meant.");
  const { connection_id } = await toFilter(api, options);
  const body = { ...(connection_id !== undefined && { connection_id }), ...(options.dryRun && { dry_run: true }) };
  const answer = await api.send("POST", "/api/v1/deliveries/replay", body);
  const toText = (): string => {
    const { count } = parseAnswer(replayed, answer);
    return options.dryRun ? `${count} would be tried again.` : `${count} will be tried again.`;
  };
  show(context, options, { answer, toText });
}

async function discard(context: CommandContext, id: string, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).send("POST", `/api/v1/deliveries/${encodeURIComponent(id)}/discard`);
  show(context, options, { answer, toText: () => `Delivery ${id} is given up.` });
}

function toKindText({ kind, name }: Delivery): string {
  return name ? `${kind} ${name}` : kind;
}
