import type { ServerProcess } from "../server-process.ts";
import { EndedEarly } from "../server-process.ts";
import type { OwnPostgres } from "./own-postgres.ts";
import type { Disaster } from "./scenario.ts";
import type { StormyCrm } from "./stormy-crm.ts";
import type { Trace } from "./trace.ts";

const RISING_MAX_MS = 15_000;

export interface Victims {
  processes: readonly ServerProcess[];
  postgres: OwnPostgres;
  crm: StormyCrm;
  trace: Trace;
}

/** Lets every disaster happen at its time; resolves when each has passed. What is down at the end, `heal` brings back. */
export async function unleash(disasters: readonly Disaster[], victims: Victims): Promise<void> {
  const startedAt = performance.now();
  let postgresIsBack: Promise<unknown> = Promise.resolve();
  await Promise.all(
    disasters.map(async (disaster) => {
      await pause(disaster.atMs - (performance.now() - startedAt));
      victims.trace.add("disaster", describe(disaster));
      if (disaster.kind !== "postgres crash") return strike(disaster, victims);
      postgresIsBack = postgresIsBack.then(() => crashPostgres(disaster.downMs, victims));
      await postgresIsBack;
    }),
  );
}

async function strike(disaster: Exclude<Disaster, { kind: "postgres crash" }>, victims: Victims): Promise<void> {
  const { crm } = victims;
  switch (disaster.kind) {
    case "kill":
      return killProcess(disaster, victims);
    case "crm outage":
      return crm.breakFor(disaster.forMs);
    case "crm credentials":
      return crm.refuseCredentialsFor(disaster.forMs);
    case "crm sessions lost":
      return crm.loseSessions();
    case "crm overlapping login":
      return crm.overlapLogin();
  }
}

/** A process that is down already is awaited and killed soon after it is up again: while it takes over what it left. */
async function killProcess(disaster: Extract<Disaster, { kind: "kill" }>, victims: Victims): Promise<void> {
  const victim = victims.processes[disaster.process];
  if (!victim) return;
  const deadline = performance.now() + RISING_MAX_MS;
  if (!victim.isUp()) {
    while (!victim.isUp() && performance.now() < deadline) await pause(20);
    await pause(disaster.livesMs);
  }
  if (!victim.isUp()) return;
  await victim.kill();
  victims.trace.add("disaster", `process ${disaster.process} is dead`);
  await pause(disaster.downMs);
  await raise(victim, victims.trace);
}

async function crashPostgres(downMs: number, { postgres, trace }: Victims): Promise<void> {
  postgres.crash();
  await pause(downMs);
  await postgres.start();
  trace.add("disaster", "postgres is back");
}

/** Starts a process as a supervisor would: again and again, for its database may be away. */
export async function raise(server: ServerProcess, trace: Trace): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await server.start();
      return trace.add("disaster", `a server is back at ${server.url}`);
    } catch (error) {
      if (!(error instanceof EndedEarly) || tries === 20) throw error;
      trace.add("disaster", `a server could not start: ${error.message.split("\n")[0]}`);
      await pause(100);
    }
  }
}

function describe(disaster: Disaster): string {
  const { kind, atMs: _, ...rest } = disaster;
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return [kind, ...details].join(" ");
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
