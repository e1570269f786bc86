import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { toDuration, toFieldList, toLocalTime, toTable } from "./table.ts";

const party = z.string().nullish();
const call = z.object({
  id: z.string(),
  call_uuid: z.string(),
  direction: z.string(),
  from: party,
  to: party,
  outcome: z.string(),
  agent_extension: z.string().nullish(),
  trunk: z.string().nullish(),
  pbx: z.string().nullish(),
  started_at: z.string(),
  answered_at: z.string().nullish(),
  ended_at: z.string().nullish(),
  ring_seconds: z.number().nullish(),
  talk_seconds: z.number().nullish(),
  deliveries: z.array(
    z.object({ id: z.string(), connection: z.string().nullish(), state: z.string(), reason: z.string().nullish() }),
  ),
});
type Call = z.output<typeof call>;
const timeline = z.array(z.object({ at: z.string(), kind: z.string(), text: z.string().nullish() }));

export function createCalls(context: CommandContext): Command {
  const group = createCommand("calls", "look at calls");
  group.addCommand(
    addListOptions(createCommand("list", "the latest calls"))
      .option("--outcome <outcome>", "answered, missed, busy, failed …")
      .option("--direction <direction>", "inbound, outbound or internal")
      .option("--number <number>", "either end")
      .action((options: ListFlags) => listCalls(context, options)),
  );
  group.addCommand(
    createCommand("show", "one call: its timeline and where it was delivered")
      .argument("<id>", "id of the call")
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption) => showCall(context, id, options)),
  );
  return group;
}

interface ListFlags extends ListOptions {
  outcome?: string;
  direction?: string;
  number?: string;
}

async function listCalls(context: CommandContext, options: ListFlags): Promise<void> {
  const { outcome, direction, number, limit } = options;
  const answer = await loadList(await openApi(context), "/api/v1/calls", { outcome, direction, number }, limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(call), answer.items).map((found) => [
      found.id,
      toLocalTime(found.started_at),
      found.direction,
      found.from,
      found.to,
      found.outcome,
      toDuration(found.talk_seconds),
      found.agent_extension,
      toDeliveryText(found),
    ]);
    const head = ["ID", "Started", "Direction", "From", "To", "Outcome", "Talk", "Agent", "Deliveries"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function showCall(context: CommandContext, id: string, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).get(`/api/v1/calls/${encodeURIComponent(id)}`);
  const toText = (): string => {
    const found = parseAnswer(call.extend({ timeline }), answer);
    const events = found.timeline.map((event) => [toLocalTime(event.at), event.kind, event.text]);
    return [
      toFieldList(context.terminal, toFields(found)),
      toTable(context.terminal, ["At", "What", ""], events),
      found.deliveries
        .map((one) => `delivery ${one.id} to ${one.connection}: ${one.state} ${one.reason ?? ""}`)
        .join("\n"),
    ].join("\n\n");
  };
  show(context, options, { answer, toText });
}

function toFields(found: Call) {
  return [
    ["ID", found.id],
    ["Call", found.call_uuid],
    ["Direction", found.direction],
    ["From", found.from],
    ["To", found.to],
    ["Outcome", found.outcome],
    ["Started", toLocalTime(found.started_at)],
    ["Answered", toLocalTime(found.answered_at)],
    ["Ended", toLocalTime(found.ended_at)],
    ["Talk", toDuration(found.talk_seconds)],
    ["Agent", found.agent_extension],
    ["Trunk", found.trunk],
    ["PBX", found.pbx],
  ] as const;
}

function toDeliveryText({ deliveries }: Call): string {
  return deliveries.map(({ connection, state }) => (connection ? `${connection}: ${state}` : state)).join(", ");
}
