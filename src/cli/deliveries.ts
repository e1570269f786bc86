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
  connection: z.string(),
  call_id: z.string(),
  kind: z.string(),
  name: z.string(),
  state: z.string(),
  revision: z.number(),
  delivered_revision: z.number(),
  attempts: z.number(),
  tries: z.number(),
  due_at: z.string(),
  updated_at: z.string(),
  remote: z.object({ id: z.string(), url: z.string().optional() }).nullable(),
  reason: z.string().nullable(),
  review: z.string().nullable(),
});
type Delivery = z.output<typeof delivery>;
const attempt = z.object({
  number: z.number(),
  started_at: z.string(),
  duration_ms: z.number(),
  outcome: z.string(),
  reason: z.string().nullable(),
  exchanges: z.array(z.unknown()),
});
const bulk = z.object({ matched: z.number(), changed: z.number() });
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
      found.call_id,
      found.connection,
      toKindText(found),
      found.state,
      found.tries,
      toLocalTime(found.updated_at),
      found.remote?.id ?? found.reason,
    ]);
    const head = ["ID", "Call", "Connection", "Kind", "State", "Tries", "Changed", "Record or reason"];
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
    const tried = parseAnswer(z.array(attempt), attempts.items).toReversed();
    const rows = tried.map((one) => [
      one.number,
      toLocalTime(one.started_at),
      `${one.duration_ms} ms`,
      one.outcome,
      one.reason,
    ]);
    const { terminal } = context;
    const parts = [
      toFieldList(terminal, toFields(parseAnswer(delivery, answer))),
      toTable(terminal, ["#", "Started", "Took", "Outcome", "Reason"], rows),
      ...(options.exchanges ? tried.map(toExchangesText) : []),
    ];
    return parts.join("\n\n");
  };
  show(context, options, { answer: { ...(answer as object), attempts_made: attempts.items }, toText });
}

function toExchangesText({ number, exchanges }: z.output<typeof attempt>): string {
  return `Attempt ${number}:\n${toPrintable(JSON.stringify(exchanges, null, 2))}`;
}

function toFields(found: Delivery) {
  return [
    ["ID", found.id],
    ["Call", found.call_id],
    ["Connection", found.connection],
    ["Kind", toKindText(found)],
    ["State", found.state],
    ["Revision", `${found.delivered_revision} of ${found.revision} delivered`],
    ["Tries", `${found.tries}, ${found.attempts} of them since the last success`],
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
    return show(context, options, { answer, toText: () => `Delivery ${id} will be sent anew.` });
  }
  if (options.state === undefined)
    throw wrongUsage("which ones?", "Name an id, or --state dead, with --connection when only one is meant.");
  const filter = await toFilter(api, options);
  const answer = options.dryRun ? await replayOnce(api, filter, true) : await replayAll(context, api, filter);
  const toText = (): string =>
    options.dryRun ? `${answer.matched} would be sent anew.` : `${answer.changed} will be sent anew.`;
  show(context, options, { answer, toText });
}

/** The API takes so many at a time: asked again until none is left. */
async function replayAll(context: CommandContext, api: ApiClient, filter: Filter): Promise<Bulk> {
  const bar = context.terminal.startProgress("Sending anew", "deliveries");
  let changed = 0;
  try {
    for (;;) {
      const step = await replayOnce(api, filter, false);
      changed += step.changed;
      const left = step.matched - step.changed;
      if (left <= 0 || step.changed === 0) return { matched: changed + Math.max(0, left), changed };
      bar.update({ done: changed, total: changed + left });
    }
  } finally {
    bar.stop();
  }
}

type Filter = Awaited<ReturnType<typeof toFilter>>;
type Bulk = z.output<typeof bulk>;

async function replayOnce(api: ApiClient, filter: Filter, dryRun: boolean): Promise<Bulk> {
  return parseAnswer(bulk, await api.send("POST", "/api/v1/deliveries/replay", { ...filter, dry_run: dryRun }));
}

async function discard(context: CommandContext, id: string, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).send("POST", `/api/v1/deliveries/${encodeURIComponent(id)}/discard`);
  show(context, options, { answer, toText: () => `Delivery ${id} is given up.` });
}

function toKindText({ kind, name }: Delivery): string {
  return name ? `${kind} ${name}` : kind;
}
