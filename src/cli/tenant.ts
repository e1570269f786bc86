import { type Command, Option } from "commander";
import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { toFieldList, toLocalTime, toTable } from "./table.ts";

const tenant = z.object({
  number: z.string(),
  name: z.string(),
  time_zone: z.string(),
  country: z.string(),
  language: z.string(),
  signature_modes: z.array(z.string()),
  is_default: z.boolean(),
  disabled_at: z.string().nullable(),
});
const LANGUAGES = ["es", "en", "ru"];

/** One's own tenant by any key; all tenants by the key that Enlace leaves for this machine's administrator. */
export function createTenant(context: CommandContext): Command {
  const group = createCommand("tenant", "one's own tenant, and for operators all of them");
  group.addCommand(
    createCommand("show", "one's own tenant")
      .option(...JSON_OPTION)
      .action((options: JsonOption) => showTenant(context, options)),
  );
  group.addCommand(
    addFields(createCommand("set", "change one's own tenant")).action((options: FieldFlags) =>
      changeTenant(context, options),
    ),
  );
  group.addCommand(
    addListOptions(createCommand("list", "all tenants"), 200).action((options: ListOptions) =>
      listTenants(context, options),
    ),
  );
  group.addCommand(
    addFields(createCommand("add", "add a tenant with its first administrator"))
      .argument("<number>", "its name on the wire (X-Enlace-Tenant); never changes")
      .requiredOption("--admin <username>", "its first administrator; the one-time password is shown once")
      .action((number: string, options: AddFlags) => addTenant(context, number, options)),
  );
  return group;
}

interface FieldFlags extends JsonOption {
  name?: string;
  timeZone?: string;
  country?: string;
  language?: string;
  signatureModes?: string;
}

interface AddFlags extends FieldFlags {
  admin: string;
}

function addFields(command: Command): Command {
  return command
    .option("--name <name>", "what people call it")
    .option("--time-zone <zone>", "IANA zone, such as Europe/Madrid")
    .option("--country <country>", "assumed where a number has no country code: ES, MX …")
    .addOption(new Option("--language <language>", "of its CRM records").choices(LANGUAGES))
    .option("--signature-modes <list>", "raw, or raw,python-json for older scripts")
    .option(...JSON_OPTION);
}

async function showTenant(context: CommandContext, options: JsonOption): Promise<void> {
  const answer = await (await openApi(context)).get("/api/v1/tenant");
  show(context, options, { answer, toText: () => toText(context, answer) });
}

async function changeTenant(context: CommandContext, options: FieldFlags): Promise<void> {
  const body = toFields(options);
  if (Object.keys(body).length === 0) throw wrongUsage("what shall change?", "Give at least one of the options.");
  const answer = await (await openApi(context)).send("PATCH", "/api/v1/tenant", body);
  show(context, options, { answer, toText: () => toText(context, answer) });
}

async function listTenants(context: CommandContext, options: ListOptions): Promise<void> {
  const api = await openApi(context);
  const answer = await loadList(api, "/api/v1/tenants", {}, options.limit);
  const toRows = (): string => {
    const rows = parseAnswer(z.array(tenant), answer.items).map((found) => [
      found.number,
      found.name,
      found.language,
      found.country,
      found.time_zone,
      found.signature_modes.join(" "),
      found.disabled_at ? `disabled ${toLocalTime(found.disabled_at)}` : found.is_default ? "default" : "active",
    ]);
    const head = ["Number", "Name", "Language", "Country", "Time zone", "Signatures", "State"];
    return toTable(context.terminal, head, rows) + toMoreText(answer);
  };
  show(context, options, { answer, toText: toRows });
}

async function addTenant(context: CommandContext, number: string, options: AddFlags): Promise<void> {
  const defaults = { name: number, time_zone: "Europe/Madrid", country: "ES", language: "es" };
  const body = { number, ...defaults, ...toFields(options), admin: { username: options.admin } };
  const answer = await (await openApi(context)).send("POST", "/api/v1/tenants", body);
  const toAdded = (): string => {
    const { one_time_password } = parseAnswer(z.object({ one_time_password: z.string() }), answer);
    return `${toText(context, answer)}\n\n${options.admin} logs in with ${one_time_password}, shown only now.`;
  };
  show(context, options, { answer, toText: toAdded });
}

function toFields({ name, timeZone, country, language, signatureModes }: FieldFlags) {
  return {
    ...(name !== undefined && { name }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...(country !== undefined && { country }),
    ...(language !== undefined && { language }),
    ...(signatureModes !== undefined && { signature_modes: signatureModes.split(",").map((mode) => mode.trim()) }),
  };
}

function toText({ terminal }: CommandContext, answer: unknown): string {
  const found = parseAnswer(tenant, answer);
  return toFieldList(terminal, [
    ["Number", found.number],
    ["Name", found.name],
    ["Language", found.language],
    ["Country", found.country],
    ["Time zone", found.time_zone],
    ["Signatures", found.signature_modes.join(", ")],
  ]);
}
