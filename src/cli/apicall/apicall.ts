import { type Command, Option } from "commander";
import { z } from "zod";
import { parseAnswer } from "../api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, show } from "../command.ts";
import { wrongUsage } from "../exit.ts";
import { readSecretValue } from "../secret-value.ts";
import { toTable } from "../table.ts";
import { createOlderApi, type OlderApi } from "./older-api.ts";

// `apicall-cli`, the command line of the older dialer, by its own words; `enlace project`, `trunk`, `call` do more.

interface Flags extends JsonOption {
  host?: string;
  id?: string;
  nombre?: string;
  audio?: string;
  cid?: string;
  trunk?: string;
  prefix?: string;
  desborde?: string;
  amd?: boolean;
  smartCid?: boolean;
  port?: string;
  user?: string;
  pass?: string;
  context?: string;
  project?: string;
  number?: string;
  username?: string;
  password?: string;
}

export function createApicall(context: CommandContext): Command {
  // Its own options stand before the command: --host of a trunk is the carrier's.
  const group = createCommand("apicall", "the older dialer's command line, by its own words (apicall-cli)")
    .enablePositionalOptions()
    .addOption(new Option("--host <url>", "address of Enlace; by default ENLACE_URL").env("APICALL_HOST"))
    .addOption(new Option("--token <token>", "of a login, or an API key").env("APICALL_TOKEN"));
  const own: OlderContext = { ...context, openOlder: () => openOlderApi(context, group.opts()) };
  group.addCommand(createLogin(own));
  group.addCommand(createProjects(own));
  group.addCommand(createTrunks(own));
  group.addCommand(
    createCommand("call", "have a number called")
      .requiredOption("--project <id>", "id of the project")
      .requiredOption("--number <number>", "whom to call")
      .option(...JSON_OPTION)
      .action((flags: Flags) => placeCall(own, flags)),
  );
  return group;
}

/** What every command of the group works with. */
type OlderContext = CommandContext & { openOlder(): OlderApi };

function openOlderApi(
  { readConfig, clock, signal }: CommandContext,
  { host, token }: { host?: string; token?: string },
): OlderApi {
  return createOlderApi({ host: host ?? readConfig().url, token, clock, signal });
}

function createLogin(context: OlderContext): Command {
  return createCommand("login", "show a token that lasts a day")
    .requiredOption("--username <name>", "who")
    .option("--password <from>", "from @file or - (standard input)", "-")
    .option(...JSON_OPTION)
    .action(async (flags: Flags) => {
      const given = flags.password ?? "-";
      if (given !== "-" && !given.startsWith("@"))
        throw wrongUsage("a password on the command line is seen by others", "Use --password @file or --password -.");
      const password = (await readSecretValue(context.terminal, given)).trimEnd();
      const answer = await context.openOlder().ask("POST", "/login", {
        username: flags.username,
        password,
      });
      const toText = (): string => parseAnswer(z.object({ token: z.string() }), answer).token;
      show(context, flags, { answer, toText });
    });
}

const projects = z.array(
  z.object({
    id: z.number(),
    nombre: z.string(),
    audio: z.string(),
    troncal_salida: z.string(),
    caller_id: z.string(),
  }),
);
const trunks = z.array(z.object({ id: z.number(), nombre: z.string(), host: z.string(), puerto: z.number() }));

function createProjects(context: OlderContext): Command {
  const group = createCommand("project", "projects");
  group.addCommand(
    createCommand("list", "the projects")
      .option(...JSON_OPTION)
      .action((flags: Flags) =>
        list(context, flags, {
          path: "/proyectos",
          toText: (answer) => {
            const rows = parseAnswer(projects, answer).map((each) => [
              ...[each.id, each.nombre, each.audio, each.troncal_salida, each.caller_id],
            ]);
            return toTable(context.terminal, ["ID", "Nombre", "Audio", "Troncal", "Caller ID"], rows);
          },
        }),
      ),
  );
  group.addCommand(
    createCommand("add", "make a project")
      .requiredOption("--id <id>", "what it is called by")
      .requiredOption("--nombre <name>", "its name")
      .option("--audio <file>", "what is played")
      .option("--cid <number>", "what is shown")
      .option("--trunk <names>", "trunks, with commas between them")
      .option("--prefix <digits>", "before every number")
      .option("--desborde <number>", "whom the key connects with")
      .option("--amd", "look for answering machines")
      .option("--smart-cid", "choose from the pool of numbers")
      .option(...JSON_OPTION)
      .action((flags: Flags) => addProject(context, flags)),
  );
  group.addCommand(createDelete(context, "/proyectos/delete"));
  return group;
}

function createTrunks(context: OlderContext): Command {
  const group = createCommand("trunk", "trunks");
  group.addCommand(
    createCommand("list", "the trunks")
      .option(...JSON_OPTION)
      .action((flags: Flags) =>
        list(context, flags, {
          path: "/troncales",
          toText: (answer) => {
            const rows = parseAnswer(trunks, answer).map(({ id, nombre, host, puerto }) => [id, nombre, host, puerto]);
            return toTable(context.terminal, ["ID", "Nombre", "Host", "Puerto"], rows);
          },
        }),
      ),
  );
  group.addCommand(
    createCommand("add", "make a trunk")
      .requiredOption("--nombre <name>", "as Asterisk knows it")
      .option("--host <host>", "address of the carrier; without it the PBX has the trunk already")
      .option("--port <n>", "port of the carrier")
      .option("--user <user>", "of the account")
      .option("--pass <from>", "from @file or - (standard input)")
      .option("--context <name>", "where its calls arrive")
      .option(...JSON_OPTION)
      .action((flags: Flags) => addTrunk(context, flags)),
  );
  group.addCommand(createDelete(context, "/troncales/delete"));
  return group;
}

function createDelete(context: OlderContext, path: string): Command {
  return createCommand("delete", "delete it")
    .requiredOption("--id <id>", "which")
    .option(...JSON_OPTION)
    .action(async (flags: Flags) => {
      const answer = await context.openOlder().ask("DELETE", `${path}?id=${encodeURIComponent(flags.id ?? "")}`);
      show(context, flags, { answer, toText: () => `${flags.id} is gone.` });
    });
}

async function list(
  context: OlderContext,
  flags: Flags,
  { path, toText }: { path: string; toText: (answer: unknown) => string },
): Promise<void> {
  const answer = await context.openOlder().ask("GET", path);
  show(context, flags, { answer, toText: () => toText(answer) });
}

async function addProject(context: OlderContext, flags: Flags): Promise<void> {
  const body = {
    ...{ id: flags.id, nombre: flags.nombre, audio: flags.audio, caller_id: flags.cid },
    ...{ troncal_salida: flags.trunk, prefijo_salida: flags.prefix, numero_desborde: flags.desborde },
    ...{ amd_active: flags.amd ?? false, smart_cid_active: flags.smartCid ?? false },
  };
  const answer = await context.openOlder().ask("POST", "/proyectos", body);
  show(context, flags, { answer, toText: () => `Project ${flags.id} is made.` });
}

async function addTrunk(context: OlderContext, flags: Flags): Promise<void> {
  const password = flags.pass === undefined ? undefined : await readSecretValue(context.terminal, flags.pass);
  const body = {
    ...{ nombre: flags.nombre, host: flags.host, puerto: flags.port, usuario: flags.user, password },
    ...{ contexto: flags.context, activo: true },
  };
  const answer = await context.openOlder().ask("POST", "/troncales", body);
  show(context, flags, { answer, toText: () => `Trunk ${flags.nombre} is made.` });
}

async function placeCall(context: OlderContext, flags: Flags): Promise<void> {
  const body = { proyecto_id: flags.project, telefono: flags.number };
  const answer = await context.openOlder().ask("POST", "/call", body);
  show(context, flags, { answer, toText: () => "Llamada encolada correctamente" });
}
