import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Random } from "../kit/random.ts";
import type { AgiChannel } from "./agi/channel.ts";
import { type AgiServer, createAgiServer } from "./agi/server.ts";
import { createPbx, type Pbx, type PbxOptions, type PbxSettings, type PbxStatus } from "./pbx.ts";

/*
 * The Asterisk door. It owns the connections to PBXs, what their events mean for calls, placing calls, FastAGI and call
 * files. It never talks to a CRM, never decides who is called, and never runs a command on a PBX.
 */
export interface TelephonyOptions {
  pbxs: readonly PbxSettings[];
  /** Absent: no FastAGI server. */
  agi?: { host: string; port: number; allow: readonly string[]; onCall(agi: AgiChannel): Promise<void> };
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  accept: PbxOptions["accept"];
  exclusive: PbxOptions["exclusive"];
  listOpenCalls(tenantId: TenantId, pbx: string): Promise<readonly string[]>;
}

export interface Telephony {
  /** Rejects when the FastAGI port is taken; PBXs that are away are tried for ever. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Of one tenant, or of all. */
  list(tenantId?: TenantId): readonly PbxStatus[];
  find(tenantId: TenantId, pbxId: string): Pbx | undefined;
  /** For /ready: says how each PBX is, but a PBX that is away does not make Enlace unready. */
  checks: readonly { name: string; check(): Promise<{ ok: boolean; detail: string }> }[];
}

export function createTelephony(options: TelephonyOptions): Telephony {
  const { pbxs, agi, metrics, clock, log } = options;
  const doors = pbxs.map((settings) => {
    const open = (): Promise<readonly string[]> => options.listOpenCalls(settings.tenantId, settings.name);
    return { settings, pbx: createPbx({ ...options, settings, listOpenCalls: open }) };
  });
  const server = agi && createAgiServer({ ...agi, clock, log });
  const statuses = (): PbxStatus[] => doors.map(({ pbx }) => pbx.status());
  countPbxs(metrics, statuses);
  if (server) countAgi(metrics, server);
  return {
    start: async () => {
      if (server && agi) log.info({ host: agi.host, port: await server.start() }, "agi.started");
      for (const { pbx } of doors) pbx.start();
    },
    stop: async () => {
      await Promise.all([...doors.map(({ pbx }) => pbx.stop()), server?.stop()]);
    },
    list: (tenantId) =>
      doors
        .filter(({ settings }) => tenantId === undefined || settings.tenantId === tenantId)
        .map(({ pbx }) => pbx.status()),
    find: (tenantId, pbxId) =>
      doors.find(({ settings }) => settings.tenantId === tenantId && settings.id === pbxId)?.pbx,
    checks: doors.map(({ settings, pbx }) => ({
      name: `pbx ${settings.name}`,
      check: async () => ({ ok: true, detail: describeStatus(pbx.status()) }),
    })),
  };
}

/** `ready, 3 calls`, `waiting: connect ECONNREFUSED …`, `owned by another process`. */
function describeStatus({ ami, calls, isOwner }: PbxStatus): string {
  if (!isOwner || !ami) return "owned by another process";
  return ami.state === "ready" ? `ready, ${calls} calls` : `${ami.state}${ami.problem ? `: ${ami.problem}` : ""}`;
}

/** Sums over this process's PBXs: a label per PBX would be a time series per customer. */
function countPbxs(metrics: Metrics, statuses: () => PbxStatus[]): void {
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
