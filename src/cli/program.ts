import { Command, CommanderError } from "commander";
import { toErrorMessage } from "../core/errors.ts";
import { createApicall } from "./apicall/apicall.ts";
import { createAudio } from "./audio.ts";
import { createBackupCommand, createRestoreCommand } from "./backup.ts";
import { createCall } from "./call.ts";
import { createCalls } from "./calls.ts";
import { createCampaign } from "./campaign.ts";
import type { CommandContext } from "./command.ts";
import { createConnection } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { createDemo, type DemoTools } from "./demo.ts";
import { createDoctor, type DoctorTools } from "./doctor/doctor.ts";
import { CommandFailure, EXIT } from "./exit.ts";
import { createExtension } from "./extension.ts";
import { createKey } from "./key.ts";
import { createPbx, findPbx } from "./pbx.ts";
import { createProject } from "./project.ts";
import { createRedirect } from "./redirect.ts";
import { createSecret } from "./secret.ts";
import { createSendTestCall } from "./send-test-call.ts";
import { createMigrate, createStart, type ServerCommands } from "./start.ts";
import { createSuppression } from "./suppression.ts";
import { createTenant } from "./tenant.ts";
import { Interruption } from "./terminal.ts";
import { createTrace, type TraceTools } from "./trace.ts";
import { createTrunk } from "./trunk.ts";
import { createUser } from "./user.ts";

/**
 * The command line. It owns what people type and read; it never touches a table: everything goes through the HTTP API,
 * except what must work without a running Enlace (start, migrate, doctor, backup, restore), which main.ts passes in.
 */
export interface CliOptions extends CommandContext {
  version: string;
  server: ServerCommands & DoctorTools & DemoTools & TraceTools;
}

export function createCli(options: CliOptions): Command {
  const { server } = options;
  const program = new Command("enlace").description("Enlace joins a PBX with CRMs and chat.").version(options.version);
  program.helpCommand(false);
  const groups: [string, Command[]][] = [
    [
      "Server",
      [createStart(server), createMigrate(options, server), createDoctor(options, server), createDemo(options, server)],
    ],
    ["People and access", [createUser(options), createKey(options), createSecret(options), createTenant(options)]],
    ["Connections", [createConnection(options)]],
    [
      "Phones",
      [createPbx(options), createTrace(options, server, findPbx), createExtension(options), createRedirect(options)],
    ],
    ["Calls and deliveries", [createCalls(options), createDeliveries(options), createSendTestCall(options)]],
    [
      "Dialer",
      [
        createProject(options),
        createTrunk(options),
        createCampaign(options),
        createCall(options),
        createAudio(options),
        createSuppression(options),
        createApicall(options),
      ],
    ],
    [
      "Safekeeping",
      [
        createBackupCommand(options, server.openServerDatabase),
        createRestoreCommand(options, server.openServerDatabase),
      ],
    ],
  ];
  for (const [heading, commands] of groups)
    for (const command of commands) program.addCommand(command.helpGroup(`${heading}:`));
  program.addHelpText("after", "\nExit codes: 0 done, 1 refused or failed, 2 used wrongly. See docs/cli.md.");
  prepare(program, options);
  return program;
}

/** Runs one command line (without `node` and the script's name) and says how it ended; never throws. */
export async function runCli(program: Command, words: readonly string[], options: CommandContext): Promise<number> {
  try {
    await program.parseAsync([...words], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return explain(error, options);
  }
}

/** Every command throws instead of ending the process, and speaks through the terminal. */
function prepare(command: Command, { terminal }: CommandContext): void {
  command.exitOverride().showSuggestionAfterError();
  command.configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.note(text.trimEnd()),
    outputError: (text, write) => write(`${text.trimEnd()}\nSee: ${pathOf(command)} --help`),
  });
  for (const child of command.commands) prepare(child, { terminal } as CommandContext);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function explain(error: unknown, { terminal }: CommandContext): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has spoken already
  if (error instanceof Interruption) return error.exitCode;
  terminal.note(`enlace: ${toErrorMessage(error)}`);
  if (error instanceof CommandFailure) {
    for (const hint of error.hints) terminal.note(`  ${hint}`);
    return error.exitCode;
  }
  return error instanceof Error && error.name === "ConfigError" ? EXIT.usage : EXIT.failed;
}
