import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { toCallId } from "./call-id.ts";
import { addCallOrders } from "./call-orders.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { parseInstant } from "./option-value.ts";
import { toDuration, toFieldList, toLocalTime, toTable } from "./table.ts";

const call = z.object({
  id: z.string(),
  call_uuid: z.string(),
  direction: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  outcome: z.string(),
  agent_extension: z.string().nullable(),
  trunk: z.string().nullable(),
  pbx: z.string().nullable(),
  started_at: z.string(),
  answered_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  ring_seconds: z.number().nullable(),
  talk_seconds: z.number().nullable(),
  contact: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  recording: z.object({ url: z.string() }).nullable(),
  deliveries: z.array(
    z.object({
      id: z.string(),
      connection: z.string(),
      state: z.string(),
      remote_id: z.string().nullable(),
      reason: z.string().nullable(),
      review: z.string().nullable(),
    }),
  ),
});
type Call = z.output<typeof call>;
const detail = call.extend({
  timeline: z.array(z.object({ at: z.string(), kind: z.string(), text: z.string(), source: z.string().nullable() })),
});

export function createCalls(context: CommandContext): Command {
  const group = createCommand("calls", "look at calls, place them, steer them");
  group.addCommand(
    addListOptions(createCommand("list", "the latest calls"))
      .option("--outcome <outcome>", "answered, missed, busy, failed …")
      .option("--direction <direction>", "inbound, outbound or internal")
      .option("--number <number>", "either end, however it is written")
      .option("--extension <extension>", "of the agent")
      .option("--since <instant>", "started then or later: 2026-11-22T08:00:00Z or 2026-11-22", parseInstant)
      .option("--until <instant>", "started before", parseInstant)
      .action((options: ListFlags) => listCalls(context, options)),
  );
  group.addCommand(
    createCommand("show", "one call: its timeline and where it was delivered")
      .argument("<call>", "id or call_uuid")
      .option(...JSON_OPTION)
      .action((named: string, options: JsonOption) => showCall(context, named, options)),
  );
  addCallOrders(group, context);
  return group;
}

interface ListFlags extends ListOptions {
  outcome?: string;
  direction?: string;
  number?: string;
  extension?: string;
  since?: string;
  until?: string;
}

async function listCalls(context: CommandContext, options: ListFlags): Promise<void> {
  const { limit, json: _, ...filter } = options;
  const answer = await loadList(await openApi(context), "/api/v1/calls", { ...filter }, limit);
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

async function showCall(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const { terminal } = context;
  const api = await openApi(context);
  const answer = await api.get(`/api/v1/calls/${encodeURIComponent(await toCallId(api, named))}`);
  const toText = (): string => {
    const found = parseAnswer(detail, answer);
    const deliveries = found.deliveries.map((one) => [
      one.id,
      one.connection,
      one.state,
      one.remote_id,
      one.reason ?? one.review,
    ]);
    const events = found.timeline.map(({ at, source, text }) => [toLocalTime(at), source ?? "delivery", text]);
    return [
      toFieldList(terminal, toFields(found)),
      toTable(terminal, ["Delivery", "Connection", "State", "Record", "Remark"], deliveries),
      toTable(terminal, ["At", "By", "What"], events),
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
    ["Contact", found.contact && (found.contact.name ?? found.contact.id)],
    ["Recording", found.recording?.url],
  ] as const;
}

function toDeliveryText({ deliveries }: Call): string {
  return deliveries.map(({ connection, state }) => `${connection}: ${state}`).join(", ");
}
