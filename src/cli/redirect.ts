import type { Command } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { CommandFailure } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { readSecretValue } from "./secret-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const decision = z.object({
  mode: z.string(),
  reason: z.string(),
  name: z.string(),
  extension: z.string().nullable(),
  dial_plan: z.string().nullable(),
  duration_ms: z.number(),
  steps: z.array(z.object({ step: z.string(), said: z.string() })),
});
const keptDecision = decision.extend({ at: z.string(), phone: z.string(), trunk: z.string(), source: z.string() });
const line = z.looseObject({ enabled: z.boolean(), do_routing: z.boolean(), algorithm: z.string() });
const settings = z.object({
  mode: z.string(),
  dial_plan: z.string(),
  connection_id: z.string().nullable(),
  lines: z.record(z.string(), line),
  default_line: line.nullable(),
});

const PATH = "/api/v1/smart-redirect";

export function createRedirect(context: CommandContext): Command {
  const group = createCommand("redirect", "who takes a call: names and extensions for callers that are known");
  group.addCommand(
    createCommand("test", "what would happen if this number called now, step by step")
      .argument("<number>", "of the caller")
      .option("--trunk <id>", "where the call comes in, as the dialplan sends it", "")
      .option("--fresh", "ask anew instead of taking what is remembered")
      .option(...JSON_OPTION)
      .action((number: string, options: TestFlags) => test(context, number, options)),
  );
  group.addCommand(
    createCommand("settings", "what is wanted, or, with --from, what shall be wanted from now on")
      .option("--from <where>", "new settings as JSON: @file, or - for standard input")
      .option(...JSON_OPTION)
      .action((options: SettingsFlags) => showSettings(context, options)),
  );
  group.addCommand(
    addListOptions(createCommand("decisions", "what was decided and why, newest first"), 50)
      .option("--phone <number>", "of this caller only")
      .action((options: ListOptions & { phone?: string }) => listDecisions(context, options)),
  );
  return group;
}

interface TestFlags extends JsonOption {
  trunk: string;
  fresh?: boolean;
}

async function test(context: CommandContext, number: string, options: TestFlags): Promise<void> {
  const body = { phone: number, trunk: options.trunk, fresh: options.fresh ?? false };
  const answer = await (await openApi(context)).send("POST", `${PATH}/test`, body);
  const toText = (): string => {
    const { steps, name, extension, dial_plan, reason, duration_ms } = parseAnswer(decision, answer);
    const told = toTable(
      context.terminal,
      ["Step", "What came of it"],
      steps.map(({ step, said }) => [step, said]),
    );
    const where =
      extension === null ? "left where it rings" : `extension ${extension}, dial plan ${dial_plan ?? "none"}`;
    return `${told}\nName: ${name || "none"}\nCall: ${where} (${reason}, ${duration_ms} ms)`;
  };
  show(context, options, { answer, toText });
}

interface SettingsFlags extends JsonOption {
  from?: string;
}

async function showSettings(context: CommandContext, options: SettingsFlags): Promise<void> {
  const api = await openApi(context);
  const answer =
    options.from === undefined
      ? await api.get(PATH)
      : await api.send("PUT", PATH, parseJson(await readSecretValue(context.terminal, options.from)));
  const toText = (): string => {
    const { mode, dial_plan, connection_id, lines, default_line } = parseAnswer(settings, answer);
    const all = [...Object.entries(lines), ...(default_line ? [["(others)", default_line] as const] : [])];
    const rows = all.map(([key, { enabled, do_routing, algorithm }]) => [
      key,
      enabled ? "on" : "off",
      do_routing ? algorithm : "names only",
    ]);
    const told = toTable(context.terminal, ["Line", "State", "Routing"], rows);
    return `Mode ${mode}, dial plan ${dial_plan}, CRM ${connection_id ?? "the first that can tell"}\n${told}`;
  };
  show(context, options, { answer, toText });
}

function parseJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // said below, as for JSON that is no object
  }
  throw new CommandFailure("the settings are not a JSON object", {
    hints: ["`enlace redirect settings --json` shows what they look like."],
  });
}

async function listDecisions(context: CommandContext, options: ListOptions & { phone?: string }): Promise<void> {
  const query = options.phone === undefined ? {} : { phone: options.phone };
  const answer = await loadList(await openApi(context), `${PATH}/decisions`, query, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(keptDecision), answer.items).map((kept) => [
      toLocalTime(kept.at),
      kept.phone,
      kept.trunk,
      kept.name,
      kept.extension ?? "-",
      kept.reason,
      kept.duration_ms,
    ]);
    return (
      toTable(context.terminal, ["At", "Caller", "Trunk", "Name", "To", "Reason", "ms"], rows) + toMoreText(answer)
    );
  };
  show(context, options, { answer, toText });
}
