import type { TenantId } from "../core/ids.ts";
import { type Sentence, toDetail, type Wording } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Random } from "../kit/random.ts";
import { createAgiDoor } from "./agi-door.ts";
import type { AgiPbx, AgiRoutes } from "./agi-routes.ts";
import { createPbx, type PbxOptions, type PbxSettings, type PbxStatus } from "./pbx.ts";
import { createPbxAddresses } from "./pbx-addresses.ts";
import { createPbxFleet, type PbxFleet, type PbxFleetOptions } from "./pbx-fleet.ts";
import { createRelay, type Relay } from "./relay.ts";
import { say } from "./words.ts";

/*
 * The Asterisk door. It owns the connections to PBXs, what their events mean for calls, placing calls, FastAGI and call
 * files. It never talks to a CRM, never decides who is called, and never runs a command on a PBX.
 */
export interface TelephonyOptions {
  /** Every PBX that is to be listened to; asked again after each notification on `settings`. */
  loadPbxs: PbxFleetOptions["loadPbxs"];
  listener: PbxFleetOptions["listener"];
  /** Absent: no FastAGI server. */
  agi?: AgiSettings | undefined;
  /** Scripts of FastAGI; see agi-routes.ts. */
  agiRoutes?: AgiRoutes;
  /** Whose event token it is, for scripts that say one. */
  findPbxByToken?(token: string): Promise<{ tenantId: TenantId; pbxId: string } | undefined>;
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  accept: PbxOptions["accept"];
  exclusive: PbxOptions["exclusive"];
  /** Looks after what is missed of a PBX's calls; see reconcile/. */
  observe?: NonNullable<PbxOptions["observe"]>;
  listOpenCalls(tenantId: TenantId, pbx: string): Promise<readonly string[]>;
  /** Looks after the PBXs that only post events; see reconcile/unheard-pbxs.ts. */
  unheard?: { start(): Promise<void>; stop(): Promise<void> };
}

/** Where FastAGI is served, and to which addresses and networks; none means nobody. */
export interface AgiSettings {
  host: string;
  port: number;
  allow: readonly string[];
}

export interface Telephony extends Pick<PbxFleet, "list" | "find" | "settings"> {
  /** Has an order carried out by the process that listens to the PBX: this one, or another. */
  ask: Relay["ask"];
  /** Rejects when FastAGI's address cannot be listened to; PBXs that are away are tried for ever. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** For /ready: says how many PBXs are well, but one that is away does not make Enlace unready. */
  checks: readonly { name: string; check(): Promise<{ ok: boolean; detail: string; words: Wording }> }[];
}

/** Orders of other processes that are being carried out may end before the PBXs are let go. */
const ORDERS_GRACE_MS = 1_000;

export function createTelephony(options: TelephonyOptions): Telephony {
  const { metrics, clock } = options;
  const fleet = createPbxFleet({
    ...options,
    openPbx: (settings) => {
      const open = (): Promise<readonly string[]> => options.listOpenCalls(settings.tenantId, settings.name);
      return createPbx({ ...options, settings, listOpenCalls: open });
    },
  });
  const relay = createRelay({ ...options, fleet });
  const agi = options.agi && openAgi(options, options.agi, fleet);
  countPbxs(metrics, fleet.list);
  countOrders(metrics, relay);
  return {
    start: async () => {
      await Promise.all([fleet.start(), options.unheard?.start()]);
      await agi?.start(); // whoever calls is asked which PBX it is
      relay.start();
    },
    stop: async () => {
      const orders = relay.stop();
      await settled(orders, { clock, ms: ORDERS_GRACE_MS });
      await Promise.all([fleet.stop(), options.unheard?.stop(), agi?.stop()]); // whoever still waits for a PBX is told that it is gone
      await orders;
    },
    ask: relay.ask,
    settings: fleet.settings,
    list: fleet.list,
    find: fleet.find,
    checks: [
      { name: "pbx", check: async () => ({ ok: true, ...toDetail(describeFleet(fleet.list())) }) },
      ...(agi ? [{ name: "agi", check: async () => ({ ok: true, ...toDetail(agi.describe()) }) }] : []),
    ],
  };
}

function openAgi(options: TelephonyOptions, settings: AgiSettings, fleet: PbxFleet) {
  const { agiRoutes: routes = {}, findPbxByToken = async () => undefined, clock, log, metrics } = options;
  const loadAddresses = createPbxAddresses({ clock, log });
  const toAgiPbx = ({ tenantId, id, name, callIdPrefix }: PbxSettings): AgiPbx => ({
    tenantId,
    id,
    name,
    callIdPrefix,
  });
  return createAgiDoor({
    ...{ settings, routes, clock, log, metrics },
    listPbxs: () =>
      Promise.all(
        fleet.settings().map(async (pbx) => ({ ...toAgiPbx(pbx), addresses: await loadAddresses(pbx.address.host) })),
      ),
    findPbxByToken: async (token) => {
      const found = await findPbxByToken(token);
      const pbx = fleet.settings().find(({ id, tenantId }) => id === found?.pbxId && tenantId === found.tenantId);
      return pbx && toAgiPbx(pbx);
    },
  });
}

async function settled(work: Promise<void>, { clock, ms }: { clock: Clock; ms: number }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  await Promise.race([work, promise]);
  cancel();
}

/** `2 of 3 owned; ready: 1; away: 4 (waiting)`. Anybody may read it, so PBXs go by their ids. */
const NAMED_MAX = 20;

/** Names at most twenty of each. */
function describeFleet(statuses: readonly PbxStatus[]): Sentence {
  const owned = statuses.filter(({ isOwner }) => isOwner);
  const [ready, away] = [true, false].map((is) => owned.filter(({ ami }) => (ami?.state === "ready") === is));
  const name = (pbxs: readonly PbxStatus[] | undefined, toName: (pbx: PbxStatus) => string): string[] =>
    (pbxs ?? []).slice(0, NAMED_MAX).map(toName);
  const [here, gone] = [name(ready, ({ id }) => id), name(away, ({ id, ami }) => `${id} (${ami?.state})`)];
  const parts = [
    say("owned", { owned: owned.length, count: statuses.length }),
    ...(here.length > 0 ? [say("ready", { pbxs: here })] : []),
    ...(gone.length > 0 ? [say("away", { pbxs: gone })] : []),
  ];
  return say("fleet", { parts });
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

function countOrders(metrics: Metrics, relay: Relay): void {
  metrics.gauge("enlace_pbx_orders", "Orders for PBXs since the start, by how they went.", {
    labels: ["way"] as const,
    read: (gauge) => {
      for (const [way, count] of Object.entries(relay.counters())) gauge.set({ way }, count);
    },
  });
}
