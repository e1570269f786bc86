import { type Command, Option } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer } from "./api-client.ts";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, openApi, show } from "./command.ts";
import { CommandFailure, wrongUsage } from "./exit.ts";
import { addListOptions, type ListOptions, loadList, toMoreText } from "./list.ts";
import { readSecretValue } from "./secret-value.ts";
import { toLocalTime, toTable } from "./table.ts";

const user = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  role: z.string(),
  disabled_at: z.string().nullable(),
  last_login_at: z.string().nullable(),
});
const shownOnce = z.object({ one_time_password: z.string().nullable() });
const ROLES = ["admin", "supervisor", "agent", "viewer"];
const USERS_MAX = 100_000;

interface PasswordFlags extends JsonOption {
  password?: string;
  prompt?: boolean;
}

export function createUser(context: CommandContext): Command {
  const group = createCommand("user", "the people who log in");
  group.addCommand(
    addListOptions(createCommand("list", "who there is"), 200).action((options: ListOptions) =>
      listUsers(context, options),
    ),
  );
  group.addCommand(
    addPasswordOptions(createCommand("add", "add a person; without a password a one-time password is shown once"))
      .argument("<username>", "what the person logs in with")
      .addOption(new Option("--role <role>", "what the person may do").choices(ROLES).default("agent"))
      .option("--name <name>", "full name", "")
      .action((username: string, options: AddFlags) => addUser(context, username, options)),
  );
  group.addCommand(
    addPasswordOptions(createCommand("passwd", "give a new password; ends the person's log-ins"))
      .argument("<user>", "username or id")
      .action((named: string, options: PasswordFlags) => changePassword(context, named, options)),
  );
  for (const verb of ["disable", "enable"] as const)
    group.addCommand(
      createCommand(verb, verb === "disable" ? "keep a person from logging in" : "let a person log in again")
        .argument("<user>", "username or id")
        .option(...JSON_OPTION)
        .action((named: string, options: JsonOption) => setDisabled(context, named, { ...options, verb })),
    );
  return group;
}

function addPasswordOptions(command: Command): Command {
  return command
    .option("--password <from>", "password from @file or - (standard input)")
    .option("--prompt", "ask for the password")
    .option(...JSON_OPTION);
}

async function listUsers(context: CommandContext, options: ListOptions): Promise<void> {
  const answer = await loadList(await openApi(context), "/api/v1/users", {}, options.limit);
  const toText = (): string => {
    const rows = parseAnswer(z.array(user), answer.items).map((found) => [
      found.id,
      found.username,
      found.name,
      found.role,
      toLocalTime(found.last_login_at),
      found.disabled_at === null ? "active" : `disabled ${toLocalTime(found.disabled_at)}`,
    ]);
    return (
      toTable(context.terminal, ["ID", "Username", "Name", "Role", "Last login", "State"], rows) + toMoreText(answer)
    );
  };
  show(context, options, { answer, toText });
}

interface AddFlags extends PasswordFlags {
  role: string;
  name: string;
}

async function addUser(context: CommandContext, username: string, options: AddFlags): Promise<void> {
  const password = await readPassword(context, options);
  const body = { username, name: options.name, role: options.role, ...(password !== undefined && { password }) };
  const answer = await (await openApi(context)).send("POST", "/api/v1/users", body);
  const toText = (): string => {
    const created = parseAnswer(user, answer);
    return `${created.username} may log in as ${created.role} (id ${created.id}).${toOnceText(answer)}`;
  };
  show(context, options, { answer, toText });
}

async function changePassword(context: CommandContext, named: string, options: PasswordFlags): Promise<void> {
  const password = await readPassword(context, options);
  const api = await openApi(context);
  const { id, username } = await findUser(api, named);
  const body = password === undefined ? {} : { password };
  const answer = await api.send("POST", `/api/v1/users/${id}/password`, body);
  show(context, options, { answer, toText: () => `${username} has a new password.${toOnceText(answer)}` });
}

async function setDisabled(
  context: CommandContext,
  named: string,
  options: JsonOption & { verb: "disable" | "enable" },
): Promise<void> {
  const api = await openApi(context);
  const { id, username } = await findUser(api, named);
  const answer = await api.send("PATCH", `/api/v1/users/${id}`, { disabled: options.verb === "disable" });
  const said = options.verb === "disable" ? "can no longer log in" : "may log in again";
  show(context, options, { answer, toText: () => `${username} ${said}.` });
}

/** `undefined`: let Enlace make a one-time password. A password is never taken from the command line itself: `ps` shows it. */
async function readPassword({ terminal, signal }: CommandContext, { password, prompt }: PasswordFlags) {
  if (password !== undefined) {
    if (password !== "-" && !password.startsWith("@"))
      throw wrongUsage(
        "a password on the command line is seen by others",
        "Give --password @file, --password - or --prompt.",
      );
    return readSecretValue(terminal, password);
  }
  if (!prompt) return undefined;
  const typed = await terminal.askSecret("New password: ", signal);
  if ((await terminal.askSecret("Again: ", signal)) !== typed) throw new CommandFailure("the two are not the same");
  return typed;
}

async function findUser(api: ApiClient, named: string): Promise<z.output<typeof user>> {
  const { items } = await loadList(api, "/api/v1/users", {}, USERS_MAX);
  const wanted = named.toLowerCase();
  const found = parseAnswer(z.array(user), items).find(({ id, username }) => username === wanted || id === named);
  if (!found)
    throw new CommandFailure(`there is no user ${named}`, { hints: ["`enlace user list` shows who there is."] });
  return found;
}

function toOnceText(answer: unknown): string {
  const { one_time_password } = parseAnswer(shownOnce, answer);
  if (one_time_password === null) return "";
  return `\nOne-time password: ${one_time_password}\nShown only now; it must be changed at the first login.`;
}
