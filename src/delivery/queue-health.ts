import { toErrorMessage } from "../core/errors.ts";
import { toDetail, type Wording } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import { inIndexOrder } from "../kit/postgres/index-order.ts";
import { say } from "./words.ts";

/** The state of all queues of the installation in a few numbers. */
export interface QueueHealth {
  pending: number;
  leased: number;
  dead: number;
  /** How long the longest waiting delivery is overdue in lanes that run; 0 when none is. */
  oldestOverdueMs: number;
  lanesHeld: number;
  lanesPaused: number;
  breakersOpen: number;
}

export interface QueueCheck {
  name: string;
  check(): Promise<{ ok: boolean; detail: string; words: Wording }>;
}

const COUNT_MAX = 100_000;
const LANES_MAX = 10_000;
const KEPT_MS = 5_000;
/** A delivery that could run and does not for this long: no worker lives, or they are hopelessly behind. */
const OVERDUE_MAX_MS = 10 * 60_000;

export interface QueueHealthOptions {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** Figures and readiness checks. Read at most every five seconds, however many ask; every count is bounded. */
export function createQueueHealth(options: QueueHealthOptions): { load(): Promise<QueueHealth>; checks: QueueCheck[] } {
  const { database, clock, log, metrics } = options;
  let kept: { atMs: number; value: Promise<QueueHealth> } | undefined;

  const load = (): Promise<QueueHealth> => {
    const nowMs = clock.monotonicMs();
    if (kept && nowMs - kept.atMs < KEPT_MS) return kept.value;
    const value = loadQueueHealth(database, clock.now());
    const entry = { atMs: nowMs, value };
    value.catch(() => {
      if (kept === entry) kept = undefined;
    });
    kept = entry;
    return value;
  };
  const figure = (pick: (health: QueueHealth) => number) => async (): Promise<number | undefined> => {
    try {
      return pick(await load());
    } catch (error) {
      log.warn({ error: toErrorMessage(error) }, "queue.unreadable");
      return undefined;
    }
  };

  metrics.gauge("enlace_delivery_pending", `Deliveries that wait, counted up to ${COUNT_MAX}.`, {
    read: figure((health) => health.pending),
  });
  metrics.gauge("enlace_delivery_leased", "Deliveries in flight.", { read: figure((health) => health.leased) });
  metrics.gauge("enlace_delivery_dead", `Dead letters, counted up to ${COUNT_MAX}.`, {
    read: figure((health) => health.dead),
  });
  metrics.gauge(
    "enlace_delivery_oldest_overdue_seconds",
    "Overdue time of the longest waiting delivery in lanes that run.",
    {
      read: figure((health) => health.oldestOverdueMs / 1_000),
    },
  );
  metrics.gauge("enlace_lanes_held", "Lanes that wait for credentials or settings.", {
    read: figure((health) => health.lanesHeld),
  });
  metrics.gauge("enlace_lanes_breaker_open", "Lanes whose other side fails.", {
    read: figure((health) => health.breakersOpen),
  });
  return {
    load,
    checks: [
      { name: "queue", check: checkQueue },
      { name: "lanes", check: checkLanes },
    ],
  };

  async function checkQueue(): ReturnType<QueueCheck["check"]> {
    const { pending, oldestOverdueMs } = await load();
    const overdueSeconds = Math.round(oldestOverdueMs / 1_000);
    return {
      ok: oldestOverdueMs <= OVERDUE_MAX_MS,
      ...toDetail(say("queueIs", { pending, seconds: overdueSeconds })),
    };
  }

  /** A held lane is for its tenant to mend; it does not make this process unfit. */
  async function checkLanes(): ReturnType<QueueCheck["check"]> {
    const { lanesHeld, lanesPaused, breakersOpen } = await load();
    const lanes = say("lanesAre", { held: lanesHeld, paused: lanesPaused, broken: breakersOpen });
    return { ok: true, ...toDetail(lanes) };
  }
}

async function loadQueueHealth(database: Database, now: Date): Promise<QueueHealth> {
  const { rows } = await inIndexOrder(database, (client) => client.query<HealthRow>({ ...LOAD_HEALTH, values: [now] }));
  const [row] = rows;
  if (!row) throw new Error("an aggregate without a row");
  const { oldestDueAt, ...counts } = row;
  return { ...counts, oldestOverdueMs: oldestDueAt ? Math.max(0, now.getTime() - oldestDueAt.getTime()) : 0 };
}

type HealthRow = Omit<QueueHealth, "oldestOverdueMs"> & { oldestDueAt: Date | null };

const LOAD_HEALTH = {
  name: "delivery.health",
  text: `
with recursive lane as (
  (select connection_id, due_at from deliveries where state = 'pending' order by connection_id, due_at limit 1)
  union all
  select next.connection_id, next.due_at from lane cross join lateral (
    select d.connection_id, d.due_at from deliveries d where d.state = 'pending' and d.connection_id > lane.connection_id
     order by d.connection_id, d.due_at limit 1) next
), seen as (
  select * from lane limit ${LANES_MAX}
)
select (select count(*)::int from (select from deliveries where state = 'pending' limit ${COUNT_MAX}) q) as pending,
       (select count(*)::int from deliveries where state = 'leased') as leased,
       (select count(*)::int from (select from deliveries where state = 'dead' limit ${COUNT_MAX}) q) as dead,
       (select min(seen.due_at) from seen
          join lanes l on l.connection_id = seen.connection_id
          join connections c on c.tenant_id = l.tenant_id and c.id = l.connection_id
         where l.paused_at is null and l.held_at is null and l.open_until is null and c.enabled) as "oldestDueAt",
       count(*) filter (where held_at is not null)::int as "lanesHeld",
       count(*) filter (where paused_at is not null)::int as "lanesPaused",
       count(*) filter (where open_until > $1)::int as "breakersOpen"
  from lanes`,
} as const;
