import type { Command } from "commander";
import { type CommandContext, createCommand, JSON_OPTION, type JsonOption, show } from "../command.ts";
import { CommandFailure } from "../exit.ts";
import type { OpenServerDatabase } from "../server-database.ts";
import { examineDatabase } from "./database.ts";
import type { Finding } from "./finding.ts";
import { toFindingText } from "./finding-text.ts";
import { examineHost, examinePort, type ServerSettings } from "./host.ts";
import { createDoctorPbx } from "./pbx.ts";
import { examineServer, findServer } from "./server.ts";

/** What the doctor needs beside the API; main.ts gives it. */
export interface DoctorTools {
  openServerDatabase: OpenServerDatabase;
  /** The settings a server would start with. Throws `ConfigError`, whose `problems` are findings. */
  readServerSettings(): ServerSettings;
  migrationsFolder: string;
  /** `process.versions.node`. */
  nodeVersion: string;
}

export function createDoctor(context: CommandContext, tools: DoctorTools): Command {
  return createCommand("doctor", "say what is wrong with this installation and how to mend it")
    .option(...JSON_OPTION)
    .addCommand(createDoctorPbx(context))
    .action(async (options: JsonOption) => {
      const findings = await examineAll(context, tools);
      const errors = findings.filter(({ level }) => level === "error").length;
      const answer = { ok: errors === 0, findings };
      show(context, options, {
        answer,
        toText: () => findings.map((finding) => toFindingText(context, finding)).join("\n"),
      });
      if (errors > 0)
        throw new CommandFailure(errors === 1 ? "one thing needs mending" : `${errors} things need mending`);
    });
}

/** Every look there is, in the order in which a person would take them. */
export async function examineAll(context: CommandContext, tools: DoctorTools): Promise<Finding[]> {
  const settings = readSettings(tools);
  if (!("host" in settings)) return settings;
  const version = await findServer(context);
  return [
    ...(await examineHost(settings, tools.nodeVersion)),
    ...(version === undefined ? [NOT_RUNNING, await examinePort(settings)] : []),
    ...(await examineDatabase({
      settings,
      open: tools.openServerDatabase,
      migrationsFolder: tools.migrationsFolder,
      clock: context.clock,
    })),
    ...(version === undefined ? [] : await examineServer(context, version)),
  ];
}

const NOT_RUNNING: Finding = {
  level: "warning",
  subject: "server",
  message: "Enlace is not running",
  mend: "`enlace start`; connections are checked only while it runs.",
};

function readSettings({ readServerSettings }: DoctorTools): ServerSettings | Finding[] {
  try {
    return readServerSettings();
  } catch (error) {
    if (!(error instanceof Error && "problems" in error && Array.isArray(error.problems))) throw error;
    return error.problems.map((problem) => ({
      level: "error",
      subject: "configuration",
      message: String(problem),
      mend: "docs/configuration.md lists every setting.",
    }));
  }
}
