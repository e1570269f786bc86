import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Random } from "../kit/random.ts";
import type { AgiChannel } from "./agi/channel.ts";
import { type AgiServer, createAgiServer } from "./agi/server.ts";
import { createPbx, type PbxOptions, type PbxStatus } from "./pbx.ts";
import { createPbxFleet, type PbxFleet, type PbxFleetOptions } from "./pbx-fleet.ts";
import { createSpool, type Spool, type SpoolOptions } from "./spool.ts";

/*
 * The Asterisk door. It owns the connections to PBXs, what their events mean for calls, placing calls, FastAGI and call
 * files. It never talks to a CRM, never decides who is called, and never runs a command on a PBX.
 */
export interface TelephonyOptions {
  /** Every PBX that is to be listened to; asked again after each notification on `settings`. */
  loadPbxs: PbxFleetOptions["loadPbxs"];
  listener: PbxFleetOptions["listener"];
  /** Absent: no FastAGI server. */
  agi?: { host: string; port: number; allow: readonly string[]; onCall(agi: AgiChannel): Promise<void> };
  /** Absent: no call files. */
  spool?: Omit<SpoolOptions, "random">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  accept: PbxOptions["accept"];
  exclusive: PbxOptions["exclusive"];
  listOpenCalls(tenantId: TenantId, pbx: string): Promise<readonly string[]>;
}

export interface Telephony extends Pick<PbxFleet, "list" | "find"> {
  /** Rejects when the FastAGI port is taken or call files could not be handed over; PBXs that are away are tried for ever. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** For a PBX on this host that offers no AMI originate. */
  spool: Spool | undefined;
  /** For /ready: says how many PBXs are well, but one that is away does not make Enlace unready. */
  checks: readonly { name: string; check(): Promise<{ ok: boolean; detail: string }> }[];
}

export function createTelephony(options: TelephonyOptions): Telephony {
  const { agi, metrics, clock, log } = options;
  const fleet = createPbxFleet({
    ...options,
    openPbx: (settings) => {
      const open = (): Promise<readonly string[]> => options.listOpenCalls(settings.tenantId, settings.name);
      return createPbx({ ...options, settings, listOpenCalls: open });
    },
  });
  const spool = options.spool && createSpool({ ...options.spool, random: options.random });
  const server = agi && createAgiServer({ ...agi, clock, log });
  countPbxs(metrics, fleet.list);
  if (server) countAgi(metrics, server);
  return {
    spool,
    start: async () => {
      await spool?.check();
      if (server && agi) log.info({ host: agi.host, port: await server.start() }, "agi.started");
      await fleet.start();
    },
    stop: async () => {
      await Promise.all([fleet.stop(), server?.stop()]);
    },
    list: fleet.list,
    find: fleet.find,
    checks: [{ name: "pbx", check: async () => ({ ok: true, detail: describeFleet(fleet.list()) }) }],
  };
}

/** `2 of 3 owned; ready: 1; away: 4 (waiting)`. Anybody may read it, so PBXs go by their ids. */
function describeFleet(statuses: readonly PbxStatus[]): string {
  const owned = statuses.filter(({ isOwner }) => isOwner);
  const [ready, away] = [true, false].map((is) => owned.filter(({ ami }) => (ami?.state === "ready") === is));
  const parts = [
    `${owned.length} of ${statuses.length} owned`,
    ready?.length && `ready: ${ready.map(({ id }) => id).join(", ")}`,
    away?.length && `away: ${away.map(({ id, ami }) => `${id} (${ami?.state})`).join(", ")}`,
  ];
  return parts.filter(Boolean).join("; ").slice(0, 500);
}

/** Sums over this process's PBXs: a label per PBX would be a time series per customer. */
function countPbxs(metrics: Metrics, statuses: () => readonly PbxStatus[]): void {
  const sum = (pick: (status: PbxStatus) => number | undefined): number =>
    statuses().reduce((total, status) => total + (pick(status) ?? 0), 0);
  const gauge = (name: string, help: string, pick: (status: PbxStatus) => number | undefined): void => {
    metrics.gauge(name, help, { read: () => sum(pick) });
  };
  gauge("enlace_pbx_owned", "PBXs that this process owns.", ({ isOwner }) => Number(isOwner));
  gauge("enlace_pbx_ready", "Owned PBXs whose connection is up.", ({ ami }) => Number(ami?.state === "ready"));
  gauge("enlace_pbx_calls", "Calls that are going on.", ({ calls }) => calls ?? 0);
  gauge("enlace_pbx_events", "AMI events heard by the current connections.", ({ ami }) => ami?.events);
  gauge(
    "enlace_pbx_dropped_events",
    "AMI events dropped; each gap is mended by a snapshot.",
    ({ ami }) => ami?.droppedEvents,
  );
  gauge("enlace_pbx_waiting_events", "AMI events that wait for the store.", ({ ami }) => ami?.waitingEvents);
  gauge("enlace_pbx_refused_facts", "Facts that the store refused for good.", ({ facts }) => facts.refused);
}

function countAgi(metrics: Metrics, server: AgiServer): void {
  metrics.gauge("enlace_agi_sessions", "FastAGI sessions that are open.", { read: () => server.sessions() });
  metrics.gauge("enlace_agi_outcomes", "FastAGI connections since the start, by outcome.", {
    labels: ["outcome"] as const,
    read: (gauge) => {
      for (const [outcome, count] of Object.entries(server.counters())) gauge.set({ outcome }, count);
    },
  });
}
