import type { Command } from "commander";
import { type CommandContext, createCommand } from "./command.ts";

/** What the command line asks of the server's own code; main.ts gives it. */
export interface ServerCommands {
  /** Runs Enlace until it is told to stop. Rejects when it cannot start. */
  start(overrides: StartOverrides): Promise<void>;
  /** Brings the schema up to date; resolves with the names applied now. */
  migrate(): Promise<readonly string[]>;
}

/** Settings named on the command line instead of in the environment. */
export interface StartOverrides {
  ENLACE_ROLES?: string;
  ENLACE_HOST?: string;
  ENLACE_PORT?: string;
  ENLACE_DATA?: string;
}

export function createStart(server: Pick<ServerCommands, "start">): Command {
  return createCommand("start", "run Enlace until it is told to stop")
    .option("--roles <list>", "what this process does (ENLACE_ROLES): api, worker, telephony, dialer")
    .option("--host <address>", "address to listen on (ENLACE_HOST)")
    .option("--port <number>", "port to listen on (ENLACE_PORT)")
    .option("--data <folder>", "data folder (ENLACE_DATA)")
    .action(({ roles, host, port, data }: { roles?: string; host?: string; port?: string; data?: string }) =>
      server.start({
        ...(roles !== undefined && { ENLACE_ROLES: roles }),
        ...(host !== undefined && { ENLACE_HOST: host }),
        ...(port !== undefined && { ENLACE_PORT: port }),
        ...(data !== undefined && { ENLACE_DATA: data }),
      }),
    );
}

export function createMigrate({ terminal }: CommandContext, server: Pick<ServerCommands, "migrate">): Command {
  return createCommand("migrate", "bring the database's schema up to date, without starting Enlace")
    .option("--json", "print what was applied as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const applied = await server.migrate();
      if (json) return terminal.print(JSON.stringify({ applied }));
      terminal.print(applied.length === 0 ? "The schema is up to date." : `Applied: ${applied.join(", ")}`);
    });
}
