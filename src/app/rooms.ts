import { hostname } from "node:os";
import type { Recordings } from "../calls/recordings/recordings.ts";
import { loadCallSubjects } from "../calls/store.ts";
import type { Config } from "../config.ts";
import { connectors } from "../connectors/registry.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { createDelivery, type Delivery } from "../delivery/delivery.ts";
import { createFanOut } from "../delivery/fan-out.ts";
import { createLanes } from "../delivery/lanes.ts";
import { type Accept, createAccept } from "../intake/accept.ts";
import { loadAmiNames } from "../intake/identity-store.ts";
import { RefusedAddress } from "../kit/address-guard.ts";
import { createHttpRequester, type HttpRequester } from "../kit/http-client.ts";
import { newSecret } from "../kit/random.ts";
import type { PbxSettings } from "../telephony/pbx.ts";
import { createToPbxSettings, createToRecordedPbx } from "../telephony/pbx-settings.ts";
import { createPhoneWatch } from "../telephony/phones/phone-watch.ts";
import { createRedirectScript } from "../telephony/redirect/agi-script.ts";
import type { SmartRedirect } from "../telephony/redirect/smart-redirect.ts";
import { listOpenCalls } from "../telephony/store.ts";
import { createTelephony, type Telephony, type TelephonyOptions } from "../telephony/telephony.ts";
import { type Connections, createConnections } from "../tenants/connections/connections.ts";
import { createTenants, type Tenants } from "../tenants/tenants.ts";
import { type Dialer, openDialer } from "./dialer.ts";
import { openReconciliation, openUnheardPbxs } from "./gaps.ts";
import type { Ground } from "./ground.ts";
import { type CallSources, openCallSources } from "./hooks.ts";
import { openRecordings } from "./recordings.ts";
import { openRedirect } from "./redirect.ts";

// The rooms, introduced to each other: what one needs of another it gets here, as a function.

export interface Rooms {
  tenants: Tenants;
  connections: Connections;
  delivery: Delivery;
  accept: Accept;
  /** In front of `accept`, for those who know a call by a name of their own. */
  sources: CallSources;
  recordings: Recordings;
  /** The way out over HTTP. */
  request: HttpRequester;
  redirect: SmartRedirect;
  telephony: Telephony;
  dialer: Dialer;
  toPbxSettings: ReturnType<typeof createToPbxSettings>;
}

export function openRooms(config: Config, ground: Ground, undo: (() => Promise<void>)[]): Rooms {
  const { database, clock, random, locks } = ground;
  const tenants = createTenants(ground);
  const connections = createConnections({ ...ground, connectors, lanes: createLanes({ clock }) });
  const http = createHttpRequester({ clock, allowTargets: toAllowedTargets(config) });
  undo.push(
    () => http.close(),
    async () => {
      connections.stop();
      tenants.stop();
    },
  );
  const recordings = openRecordings(config, ground, {
    ...{ tenants, allowTargets: toAllowedTargets(config) },
    accept: (item) => accept.accept(item),
  });
  undo.push(recordings.close);
  const delivery = createDelivery({
    ...ground,
    connectors,
    http: http.request,
    worker: {
      id: `${config.processName}:${newSecret(random, 6)}`,
      host: hostname(),
      pid: process.pid,
      roles: config.roles,
    },
    exclusive: locks.exclusive,
    loadTenant: async (id: TenantId) => {
      const tenant = await tenants.loadTenant(id);
      if (!tenant) throw new Error(`tenant ${id} is gone`);
      return tenant;
    },
    openMemory: connections.openMemory,
    loadConnection: connections.load,
    loadCallSubjects: async (refs) => recordings.toCrmSubjects(await loadCallSubjects(database.sql, refs)),
    limits: { stopMs: Math.min(10_000, config.drainMs), ...ground.deliveryLimits },
  });
  const fanOut = createFanOut({ listRoutable: connections.listRoutable, connectors, clock });
  const accept = createAccept({ ...ground, fanOuts: [fanOut, recordings.expectation] });
  const toPbxSettings = createToPbxSettings(config.allowTargets);
  const redirect = openRedirect(ground, { tenants, connections, delivery });
  undo.push(redirect.stop);
  const sources = openCallSources(ground, { tenants, accept });
  const dialer = openDialer(config, ground, {
    ...{ tenants, accept: accept.accept, request: http.request },
    telephony: () => telephony,
  });
  const telephony: Telephony = openTelephony(config, ground, {
    ...{ tenants, sources, accept, redirect, dialer, toPbxSettings },
  });
  return {
    request: http.request,
    tenants,
    connections,
    delivery,
    accept,
    sources,
    recordings,
    redirect,
    telephony,
    dialer,
    toPbxSettings,
  };
}

function openTelephony(
  config: Config,
  ground: Ground,
  rooms: Pick<Rooms, "tenants" | "sources" | "accept" | "redirect" | "dialer" | "toPbxSettings">,
): Telephony {
  const { database, locks, log } = ground;
  /** A PBX that this installation must not call is left out: it must not keep the others from being called. */
  const loadPbxs = async (): Promise<PbxSettings[]> =>
    (await rooms.tenants.pbxs.listEnabled()).flatMap((record) => {
      try {
        return [rooms.toPbxSettings(record)];
      } catch (error) {
        if (!(error instanceof RefusedAddress)) throw error;
        log.warn({ tenantId: record.tenantId, pbx: record.id, reason: toErrorMessage(error) }, "pbx.refused");
        return [];
      }
    });
  const reconciliation = openReconciliation(ground, { ...rooms.accept, accept: rooms.sources.accept });
  const toRecordedPbx = createToRecordedPbx(config.allowTargets);
  return createTelephony({
    ...ground,
    loadPbxs,
    unheard: openUnheardPbxs(ground, reconciliation, async () =>
      (await rooms.tenants.pbxs.listUnheard()).map(toRecordedPbx),
    ),
    agi: config.agi,
    agiRoutes: { redirect: createRedirectScript(rooms.redirect, log), ...rooms.dialer.agiRoutes },
    findPbxByToken: async (token) => (await rooms.tenants.eventTokens.find(token)) ?? undefined,
    accept: rooms.sources.accept,
    exclusive: locks.exclusive,
    observe: observeBoth(
      observeBoth(
        reconciliation.observe,
        createPhoneWatch({ ...ground, listResting: rooms.dialer.listResting, tellAway: rooms.dialer.noteAway }),
      ),
      rooms.dialer.observe,
    ),
    listOpenCalls: async (tenantId, pbx) =>
      loadAmiNames(database.sql, tenantId, await listOpenCalls(database, tenantId, pbx)),
  });
}

type Observe = NonNullable<TelephonyOptions["observe"]>;

/** Who looks after what was missed of a PBX, and who dials over it. */
function observeBoth(first: Observe, second: Observe | undefined): Observe {
  if (!second) return first;
  return (settings, view) => {
    const observers = [first(settings, view), second(settings, view)];
    return {
      take: (items) => {
        for (const observer of observers) observer.take(items);
      },
      run: async (signal) => {
        await Promise.all(observers.map((observer) => observer.run(signal)));
      },
    };
  };
}

/** The operator who names a Vtiger on this very machine in the environment has allowed to call it. */
function toAllowedTargets({ allowTargets, vtiger }: Config): { private: boolean; loopback: boolean } {
  const isHere = vtiger !== undefined && /^(localhost|127\.|\[::1\])/.test(new URL(vtiger.url).hostname);
  return { ...allowTargets, loopback: allowTargets.loopback || isHere };
}
