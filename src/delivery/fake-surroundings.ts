// What the way out meets in tests: a real database and listener, a clock that stands still, and calls made up on the spot.
import { after } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { Call } from "../core/call.ts";
import type { CallChange } from "../core/call-change.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { type RowId, type TenantId, toTenantId } from "../core/ids.ts";
import { systemClock } from "../kit/clock.ts";
import { createMetrics } from "../kit/metrics.ts";
import { inTransaction } from "../kit/postgres/database.ts";
import { createListener } from "../kit/postgres/listener.ts";
import { createDelivery, type Delivery, type DeliveryLimits } from "./delivery.ts";
import type { FakeConnector } from "./fake-connector.ts";
import { createFanOut } from "./fan-out.ts";
import type { LoadedSubject } from "./flights.ts";
import { createLanes, type LaneLimits } from "./lanes.ts";

export type Surroundings = Awaited<ReturnType<typeof createSurroundings>>;

export interface DeliveryRow {
  id: RowId;
  connection_id: string;
  subject_id: string;
  kind: "record" | "signal";
  name: string;
  state: string;
  revision: number;
  delivered_revision: number;
  attempts: number;
  tries: number;
  due_at: Date;
  lease_owner: string | null;
  remote: { id: string } | null;
  reason: string | null;
  review: string | null;
}

const startAt = new Date("2026-03-10T10:00:00Z");
/** Time is moved on by hours in these tests: processes only die where a test says so. */
const CALM: Partial<DeliveryLimits> = { leaseMs: 10 ** 10, heartbeatMs: 10 ** 9 };
let names = 0;

export async function createSurroundings(connector: FakeConnector) {
  const database = await createTestDatabase(startAt);
  const clock = createManualClock(startAt);
  const listener = createListener({ url: database.url, clock: systemClock, log: silentLog });
  await listener.start();
  after(() => listener.stop());
  const lanes = createLanes({ clock });
  const connections: ConnectionRecord[] = [];
  const subjects = new Map<string, LoadedSubject>();
  const fanOut = createFanOut({
    connectors: [connector],
    clock,
    listRoutable: async (tenantIds) =>
      new Map(tenantIds.map((id) => [id, connections.filter((one) => one.tenantId === id && one.enabled)])),
  });

  async function addTenant(): Promise<TenantId> {
    const number = `t${++names}`;
    const { rows } = await sql<{ id: number }>`
      insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
      values (${number}, ${number}, 'Europe/Madrid', 'ES', 'es', ${startAt}, ${startAt}) returning id`.execute(
      database.sql,
    );
    return toTenantId(rows[0]?.id ?? 0);
  }

  async function addConnection(tenantId: TenantId, options: Partial<LaneLimits> & { signals?: boolean } = {}) {
    const name = `c${++names}`;
    const settings = { name, signals: options.signals ?? false };
    const { rows } = await sql<{ id: string }>`
      insert into connections (tenant_id, connector, name, settings, created_at, updated_at)
      values (${tenantId}, 'fake', ${name}, ${settings}, ${startAt}, ${startAt}) returning id`.execute(database.sql);
    const id = rows[0]?.id ?? "";
    const limits = { concurrency: 4, perSecond: null, attemptsMax: 5, ...options };
    await lanes.create(database.sql, { tenantId, connectionId: id, ...limits });
    const connection: ConnectionRecord = {
      ...{ tenantId, id, connector: "fake", name, settings, problem: null, enabled: true, version: 1, origin: "api" },
    };
    connections.push(connection);
    return connection;
  }

  /** The call as it is now: plans its deliveries in a transaction, as `accept` does. */
  async function tell(...changes: CallChange[]): Promise<void> {
    for (const change of changes) remember(change);
    await inTransaction(database, (client) => fanOut.planChanged(client, changes));
  }

  function remember({ tenantId, callId, revision, call }: CallChange): void {
    const known = subjects.get(`${tenantId}:${callId}`);
    if (known && known.revision > revision) return;
    subjects.set(`${tenantId}:${callId}`, { tenantId, callId, callUuid: `uuid-${callId}`, revision, call });
  }

  async function startDelivery(id: string, limits: Partial<DeliveryLimits> = {}): Promise<Delivery> {
    const delivery = createDelivery({
      ...{ database, listener, clock, log: silentLog, metrics: createMetrics({ includeProcess: false }) },
      random: { fraction: () => 0.999999, bytes: (size) => Buffer.alloc(size), uuid: () => "uuid" },
      worker: { id, host: "test", pid: 1, roles: ["worker"] },
      connectors: [connector],
      http: () => Promise.reject(new Error("no network in this test")),
      publicUrl: "https://enlace.example.test",
      exclusive: (_key, signal, work) => work(signal),
      loadTenant: async () => ({ number: "1", name: "", timeZone: "Europe/Madrid", country: "ES", language: "es" }),
      openMemory: () => ({ load: async () => null, save: async () => undefined, forget: async () => undefined }),
      loadConnection: async (tenantId, connectionId) =>
        connections.find((one) => one.tenantId === tenantId && one.id === connectionId),
      loadCallSubjects: async (refs) => refs.flatMap((ref) => subjects.get(`${ref.tenantId}:${ref.callId}`) ?? []),
      limits: { ...CALM, ...limits },
    });
    await delivery.start();
    return delivery;
  }

  /** Stops it with the clock going on, so that whatever the stop waits for comes about. */
  async function stop(delivery: Delivery): Promise<void> {
    let isStopped = false;
    const stopped = delivery.stop().finally(() => {
      isStopped = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      await sql`select 1`.execute(database.sql);
      return isStopped;
    });
    await stopped;
  }

  /** No delivery of an earlier test is left to be delivered in a later one. */
  async function clear(): Promise<void> {
    await sql`truncate deliveries, attempts`.execute(database.sql);
  }

  async function loadRows(connectionId?: string): Promise<DeliveryRow[]> {
    const { rows } = await sql<DeliveryRow>`
      select * from deliveries where ${connectionId ?? null}::bigint is null or connection_id = ${connectionId ?? null}
       order by id`.execute(database.sql);
    return rows;
  }

  async function loadAttempts(deliveryId: string) {
    const { rows } = await sql<{ number: number; outcome: string; reason: string | null; exchanges: unknown[] }>`
      select number, outcome, reason, exchanges from attempts where delivery_id = ${deliveryId} order by number`.execute(
      database.sql,
    );
    return rows;
  }

  return {
    ...{ database, clock, listener, lanes, connections, subjects, fanOut, addTenant, addConnection },
    ...{ tell, startDelivery, stop, clear, loadRows, loadAttempts },
  };
}

const call: Call = {
  direction: "inbound",
  from: null,
  to: null,
  outcome: "answered",
  phase: "ended",
  startedAt: startAt,
  answeredAt: null,
  endedAt: startAt,
  ringSeconds: null,
  talkSeconds: 150,
  agentExtension: "1001",
  trunk: null,
  pbx: null,
  recordingUrl: null,
  details: null,
  sources: ["webhook"],
};

/** The change of a made-up call. Ids are the test's own: nothing reads the table of calls here. */
export function toChange(tenantId: TenantId, callId: number, changes: Partial<CallChange> = {}): CallChange {
  return {
    tenantId,
    callId: String(callId) as RowId,
    callCreatedAt: startAt,
    revision: 1,
    call,
    recovered: false,
    ...changes,
  };
}

export const ringing: Call = { ...call, phase: "ringing", outcome: "in_progress", endedAt: null, talkSeconds: null };

/** Asks again until it is so; fails after half a minute. Each question is work for the database, so the others get on. */
export async function until<T>(ask: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
  const startMs = performance.now();
  while (performance.now() - startMs < 30_000) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it never became so: ${ask}`);
}
