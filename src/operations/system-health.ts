import { statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { sql } from "kysely";
import { toErrorMessage } from "../core/errors.ts";
import { type Sentence, toDetail, type Wording } from "../core/sentence.ts";
import type { ReadyCheck } from "../http/health.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Backups } from "./backups.ts";
import { say } from "./words.ts";

/** How this process, its machine and the store are, in figures and in sentences that say how to mend what is not well. */
export interface SystemHealth {
  load(): Promise<SystemReport>;
  start(): void;
  stop(): void;
}

export interface SystemReport {
  checks: readonly SystemCheck[];
  versions: { enlace: string; node: string; postgres: string; schema: string };
  startedAt: Date;
  roles: readonly string[];
  memoryBytes: number;
  /** The 99th of a hundred waits for the event loop since the last look, in milliseconds. */
  eventLoopMs: number;
  disk: { folder: string; freeBytes: number; totalBytes: number };
  database: { sizeBytes: number; connections: number; connectionsMax: number };
  workers: readonly { id: string; host: string; roles: readonly string[]; startedAt: Date; heartbeatAt: Date }[];
}

export interface SystemCheck {
  /** `database`, `disk`, `backups` … */
  name: string;
  ok: boolean;
  detail: string;
  /** Which sentence of ours `detail` is. */
  words?: Wording | undefined;
  /** What to do about it. */
  mend: Sentence | null;
}

export interface SystemHealthOptions {
  database: Database;
  clock: Clock;
  version: string;
  roles: readonly string[];
  dataFolder: string;
  backups: Pick<Backups, "list">;
  /** Those of `/ready`. */
  checks: readonly ReadyCheck[];
}

const LATE_MS_MAX = 200;
const FREE_SHARE_MIN = 0.05;
const FREE_BYTES_MIN = 1024 ** 3;
const CONNECTIONS_SHARE_MAX = 0.9;
const BACKUP_DAYS_MAX = 7;
const DAY_MS = 86_400_000;
const SKEW_MS_MAX = 2_000;
const CHECK_MS = 2_000;
const WORKERS_MAX = 200;

export function createSystemHealth(options: SystemHealthOptions): SystemHealth {
  const { database, clock, dataFolder, backups, version, roles } = options;
  const startedAt = clock.now();
  const delays = monitorEventLoopDelay({ resolution: 20 });

  async function load(): Promise<SystemReport> {
    const [store, disk, made, checks] = await Promise.all([
      loadStore(database, clock),
      loadDisk(dataFolder),
      backups.list(),
      Promise.all(options.checks.map((check) => run(check, clock))),
    ]);
    const eventLoopMs = readDelay(delays);
    const newest = made.items[0]?.madeAt ?? null;
    return {
      checks: [
        ...checks,
        toConnectionsCheck(store),
        toClockCheck(store.skewMs),
        toDiskCheck(disk),
        toLoopCheck(eventLoopMs),
        toBackupsCheck(newest, clock.now()),
      ],
      versions: { enlace: version, node: process.version, postgres: store.version, schema: store.schema },
      ...{ startedAt, roles, eventLoopMs, disk, workers: store.workers },
      memoryBytes: process.memoryUsage.rss(),
      database: store,
    };
  }

  return { load, start: () => void delays.enable(), stop: () => void delays.disable() };
}

interface Store {
  version: string;
  schema: string;
  sizeBytes: number;
  connections: number;
  connectionsMax: number;
  skewMs: number;
  workers: SystemReport["workers"];
}

async function loadStore({ sql: from }: Database, clock: Clock): Promise<Store> {
  const beforeMs = clock.now().getTime();
  const { rows } = await sql<Omit<Store, "skewMs" | "workers" | "sizeBytes"> & { sizeBytes: string; now: Date }>`
    select current_setting('server_version') as version, pg_database_size(current_database())::text as "sizeBytes",
           (select max(name) from enlace_migrations) as schema,
           (select count(*)::int from pg_stat_activity) as connections,
           current_setting('max_connections')::int as "connectionsMax", clock_timestamp() as now`.execute(from);
  const middleMs = (beforeMs + clock.now().getTime()) / 2;
  const { rows: workers } = await sql<SystemReport["workers"][number]>`
    select id, host, roles, started_at as "startedAt", heartbeat_at as "heartbeatAt" from workers
     order by started_at desc limit ${WORKERS_MAX}`.execute(from);
  const [found] = rows;
  if (!found) throw new Error("a select without a row");
  const { now, sizeBytes, ...rest } = found;
  return { ...rest, workers, sizeBytes: Number(sizeBytes), skewMs: now.getTime() - middleMs };
}

async function loadDisk(folder: string): Promise<SystemReport["disk"]> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

async function run({ name, check }: ReadyCheck, clock: Clock): Promise<SystemCheck> {
  const { signal, release } = createDeadline(clock, CHECK_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => late.reject(signal.reason), { once: true });
  try {
    const { ok, detail, words } = await Promise.race([check(signal), late.promise]);
    return { name, ok, detail, mend: null, ...(words && { words }) };
  } catch (error) {
    return { name, ok: false, detail: toErrorMessage(error), mend: null };
  } finally {
    release();
  }
}

/** Since the last look; a first look, and one right after another, find nothing and say 0. */
function readDelay(delays: ReturnType<typeof monitorEventLoopDelay>): number {
  const ms = delays.count > 0 ? delays.percentile(99) / 1e6 : 0;
  delays.reset();
  return Math.round(ms * 10) / 10;
}

function toConnectionsCheck({ connections, connectionsMax }: Store): SystemCheck {
  const ok = connections < connectionsMax * CONNECTIONS_SHARE_MAX;
  const detail = say("connections", { used: connections, max: connectionsMax });
  return toCheck("connections", { ok, detail, mend: say("connectionsMend") });
}

function toClockCheck(skewMs: number): SystemCheck {
  const ok = Math.abs(skewMs) < SKEW_MS_MAX;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = ok ? say("clockRight") : say(skewMs > 0 ? "clockAhead" : "clockBehind", { seconds });
  return toCheck("clock", { ok, detail, mend: say("clockMend", { command: "`timedatectl set-ntp true`" }) });
}

/** Pure. */
export function toDiskCheck({ folder, freeBytes, totalBytes }: SystemReport["disk"]): SystemCheck {
  const ok = freeBytes >= FREE_BYTES_MIN && freeBytes >= totalBytes * FREE_SHARE_MIN;
  const toGib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
  const detail = say("disk", { free: toGib(freeBytes), total: toGib(totalBytes), folder });
  return toCheck("disk", { ok, detail, mend: say("diskMend") });
}

function toLoopCheck(eventLoopMs: number): SystemCheck {
  const ok = eventLoopMs < LATE_MS_MAX;
  return toCheck("event_loop", { ok, detail: say("loop", { ms: eventLoopMs }), mend: say("loopMend") });
}

/** Pure. */
export function toBackupsCheck(newest: Date | null, now: Date): SystemCheck {
  const days = newest ? Math.floor((now.getTime() - newest.getTime()) / DAY_MS) : null;
  const ok = days !== null && days < BACKUP_DAYS_MAX;
  const detail = days === null ? say("noBackup") : days === 0 ? say("backupFresh") : say("backupAge", { days });
  return toCheck("backups", { ok, detail, mend: say("backupMend") });
}

function toCheck(name: string, { ok, detail, mend }: { ok: boolean; detail: Sentence; mend: Sentence }): SystemCheck {
  return { name, ok, ...toDetail(detail), mend: ok ? null : mend };
}
