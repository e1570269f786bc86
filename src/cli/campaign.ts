import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { openFile } from "./audio.ts";
import { createContactCommands } from "./campaign-contacts.ts";
import { addWindow, type CampaignWindow, toWindowText } from "./campaign-windows.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { findCampaign, findProject } from "./dialer-things.ts";
import { CommandFailure } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { addTo } from "./option-value.ts";
import { toFieldList, toLocalTime, toTable } from "./table.ts";

const counts = z.object({
  total: z.number(),
  pending: z.number(),
  dialing: z.number(),
  completed: z.number(),
  failed: z.number(),
  skipped: z.number(),
});
const campaign = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  contacts: counts,
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
const statistics = z.object({
  campaign,
  by_disposition: z.array(z.object({ disposition: z.string().nullable(), contacts: z.number() })),
  in_schedule: z.boolean(),
  next_window_at: z.string().nullable(),
});
const report = z.object({
  id: z.string(),
  state: z.enum(["running", "finished", "failed"]),
  inserted: z.number(),
  duplicates: z.number(),
  invalid: z.number(),
  problem: z.string().nullable(),
});
const PATH = "/api/v1/campaigns";
const POLL_MS = 1_000;

export function createCampaign(context: CommandContext): Command {
  const group = createCommand("campaign", "lists of people to call for a project");
  const changing = [...createChanging(context), ...createContactCommands(context)];
  for (const command of [...createReading(context), ...changing, ...createSteering(context)]) group.addCommand(command);
  return group;
}

const target = (command: Command): Command => command.argument("<campaign>", "id or name").option(...JSON_OPTION);

function createReading(context: CommandContext): Command[] {
  return [
    addListOptions(createCommand("list", "the campaigns, newest first"))
      .option("--project <project>", "of this project only: number or name")
      .option("--state <state>", "draft, active, paused, stopped or completed")
      .action((options: ListFlags) => listCampaigns(context, options)),
    target(createCommand("show", "how far it has come")).action((named: string, options: JsonOption) =>
      showCampaign(context, named, options),
    ),
  ];
}

function createChanging(context: CommandContext): Command[] {
  return [
    createCommand("add", "make a campaign: a draft without contacts")
      .requiredOption("--project <project>", "number or name")
      .requiredOption("--name <name>", "what people call it")
      .option(...JSON_OPTION)
      .action((options: AddFlags) => addCampaign(context, options)),
    target(createCommand("import", "add a list of contacts: CSV or XLSX, its columns become variables"))
      .argument("<file>", "the list")
      .action((named: string, file: string, options: JsonOption) => importList(context, { named, file }, options)),
    target(createCommand("schedule", "when it may dial, in the project's zone; without --window it is shown"))
      .option("--window <days=from-to>", "mon-fri=09:00-18:00; repeat it; these and no others", addWindow)
      .action((named: string, options: ScheduleFlags) => setSchedule(context, named, options)),
    target(createCommand("recycle", "make a new draft of those who came out so"))
      .requiredOption("--name <name>", "of the new one")
      .requiredOption("--disposition <word>", "busy, no_answer, machine …; repeat it", addTo)
      .action((named: string, options: RecycleFlags) => recycleCampaign(context, named, options)),
    target(createCommand("remove", "remove a campaign in draft, completed or stopped")).action(
      (named: string, options: JsonOption) => removeCampaign(context, named, options),
    ),
  ];
}

function createSteering(context: CommandContext): Command[] {
  const steps = {
    start: "start a draft, or go on with a paused one",
    pause: "call nobody new; calls that go on end by themselves",
    stop: "end it for good; it can be recycled",
  } as const;
  return Object.entries(steps).map(([step, description]) =>
    target(createCommand(step, description)).action((named: string, options: JsonOption) =>
      steer(context, { named, step }, options),
    ),
  );
}

interface ListFlags extends ListOptions {
  project?: string;
  state?: string;
}

async function listCampaigns(context: CommandContext, options: ListFlags): Promise<void> {
  const api = await openApi(context);
  const project_id = options.project === undefined ? undefined : (await findProject(api, options.project)).id;
  const answer = await loadList(api, PATH, { project_id, state: options.state }, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(campaign), answer.items).map(({ id, name, state, contacts, started_at }) => [
      ...[id, name, state, contacts.total, contacts.pending, contacts.dialing, contacts.completed, contacts.failed],
      toLocalTime(started_at),
    ]);
    const head = ["ID", "Name", "State", "Contacts", "Pending", "Dialing", "Completed", "Failed", "Started"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText });
}

async function showCampaign(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const answer = await api.get(`${PATH}/${(await findCampaign(api, named)).id}/statistics`);
  const toText = (): string => {
    const found = parseAnswer(statistics, answer);
    const { contacts, state, name, started_at, ended_at } = found.campaign;
    const next = found.in_schedule ? "now" : toLocalTime(found.next_window_at);
    return toFieldList(context.terminal, [
      ["Name", name],
      ["State", state],
      ["Dials", next],
      ["Started", toLocalTime(started_at)],
      ["Ended", toLocalTime(ended_at)],
      ...Object.entries(contacts).map(([kind, count]) => [kind, count] as const),
      ...found.by_disposition.map((each) => [`… ${each.disposition ?? "not called yet"}`, each.contacts] as const),
    ]);
  };
  show(context, options, { answer, toText });
}

interface AddFlags extends JsonOption {
  project: string;
  name: string;
}

async function addCampaign(context: CommandContext, options: AddFlags): Promise<void> {
  const api = await openApi(context);
  const { id: project_id } = await findProject(api, options.project);
  const answer = await api.send("POST", PATH, { project_id, name: options.name });
  const toText = (): string => `Campaign ${options.name} has id ${parseAnswer(campaign, answer).id}.`;
  show(context, options, { answer, toText });
}

async function importList(
  context: CommandContext,
  { named, file }: { named: string; file: string },
  options: JsonOption,
): Promise<void> {
  const api = await openApi(context);
  const { id } = await findCampaign(api, named);
  const form = new FormData();
  form.set("file", await openFile(file), basename(file));
  const begun = parseAnswer(report, await api.upload(`${PATH}/${id}/import`, form));
  const answer = await untilDone(context, api, begun.id);
  const { state, problem, inserted, duplicates, invalid } = parseAnswer(report, answer);
  if (state === "failed") throw new CommandFailure(`the list could not be taken: ${problem}`);
  const toText = (): string =>
    `${inserted} contacts added, ${duplicates} were there already, ${invalid} lines are no number.`;
  show(context, options, { answer, toText });
}

async function untilDone({ clock, signal }: CommandContext, api: ApiClient, id: string): Promise<unknown> {
  for (;;) {
    const answer = await api.get(`/api/v1/imports/${id}`);
    if (parseAnswer(report, answer).state !== "running") return answer;
    await clock.sleep(POLL_MS, signal);
  }
}

interface ScheduleFlags extends JsonOption {
  window?: CampaignWindow[];
}

const schedule = z.object({
  time_zone: z.string(),
  windows: z.array(z.object({ weekday: z.number(), starts: z.string(), ends: z.string() })),
});

async function setSchedule(context: CommandContext, named: string, options: ScheduleFlags): Promise<void> {
  const api = await openApi(context);
  const path = `${PATH}/${(await findCampaign(api, named)).id}/schedule`;
  const { window: windows } = options;
  const answer = windows ? await api.send("PUT", path, { windows }) : await api.get(path);
  const toText = (): string => {
    const found = parseAnswer(schedule, answer);
    if (found.windows.length === 0) return "It never dials: it has no window.";
    return `${found.windows.map(toWindowText).join(", ")} (${found.time_zone})`;
  };
  show(context, options, { answer, toText });
}

interface RecycleFlags extends JsonOption {
  name: string;
  disposition: string[];
}

async function recycleCampaign(context: CommandContext, named: string, options: RecycleFlags): Promise<void> {
  const api = await openApi(context);
  const { id } = await findCampaign(api, named);
  const body = { name: options.name, dispositions: options.disposition };
  const answer = await api.send("POST", `${PATH}/${id}/recycle`, body);
  const toText = (): string => {
    const made = parseAnswer(z.object({ campaign, import: z.object({ inserted: z.number() }) }), answer);
    return `Campaign ${options.name} has id ${made.campaign.id} and ${made.import.inserted} contacts.`;
  };
  show(context, options, { answer, toText });
}

async function removeCampaign(context: CommandContext, named: string, options: JsonOption): Promise<void> {
  const api = await openApi(context);
  const { id } = await findCampaign(api, named);
  await api.send("DELETE", `${PATH}/${id}`);
  show(context, options, { answer: { id, removed: true }, toText: () => `Campaign ${named} is gone.` });
}

async function steer(
  context: CommandContext,
  { named, step }: { named: string; step: string },
  options: JsonOption,
): Promise<void> {
  const api = await openApi(context);
  const { id } = await findCampaign(api, named);
  const answer = await api.send("POST", `${PATH}/${id}/${step}`, {});
  show(context, options, { answer, toText: () => `Campaign ${named} is ${parseAnswer(campaign, answer).state}.` });
}
