import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { OwnProjects } from "../own-calls.ts";
import type { Activity, SPANS, Statistics } from "./schema.ts";
import type { CountRow, StepRow } from "./store.ts";

/** The lines of the one reading, sorted into the report. Pure. */
export function toStatistics(
  rows: readonly CountRow[],
  around: { timeZone: string; missedCallers: Statistics["missed_callers"]; dialer: Statistics["dialer"] },
): Statistics {
  const all = rows.find(({ grouping }) => grouping === "all");
  const of = (grouping: CountRow["grouping"]): CountRow[] => rows.filter((row) => row.grouping === grouping);
  return {
    time_zone: around.timeZone,
    calls: all?.calls ?? 0,
    answered: all?.answered ?? 0,
    missed: all?.missed ?? 0,
    talk_seconds: all?.talk_seconds ?? 0,
    average_talk_seconds: all?.average_talk ?? null,
    average_ring_seconds: all?.average_ring ?? null,
    outcomes: byCalls(of("outcome")).flatMap(({ outcome, calls }) => (outcome === null ? [] : [{ outcome, calls }])),
    extensions: byCalls(of("extension")).flatMap(({ extension, calls, inbound, outbound, answered, talk_seconds }) =>
      extension === null ? [] : [{ extension, calls, inbound, outbound, answered, talk_seconds }],
    ),
    days: of("day").flatMap(({ day, calls, answered, missed }) =>
      day === null ? [] : [{ day, calls, answered, missed }],
    ),
    hours: of("hour").flatMap(({ weekday, hour, calls, missed }) =>
      weekday === null || hour === null ? [] : [{ weekday, hour, calls, missed }],
    ),
    missed_callers: around.missedCallers,
    dialer: around.dialer,
  };
}

const byCalls = (rows: readonly CountRow[]): CountRow[] => rows.toSorted((left, right) => right.calls - left.calls);

const STEPS: Record<(typeof SPANS)[number], { stepSeconds: number; steps: number }> = {
  hour: { stepSeconds: 60, steps: 60 },
  day: { stepSeconds: 900, steps: 96 },
};
/** However many look at a wallboard, the store is asked this often for each tenant. */
const FRESH_MS = 10_000;

export interface ActivityOptions {
  loadSteps(tenantId: TenantId, steps: { since: Date; stepSeconds: number; own: OwnProjects }): Promise<StepRow[]>;
  clock: Clock;
  /** Default 10,000. */
  freshMs?: number;
}

export interface ActivityAsk {
  tenantId: TenantId;
  span: (typeof SPANS)[number];
  own: OwnProjects;
}

/** Calls a minute of the last hour, or a quarter of an hour of the last day; one question for all who ask the same at once. */
export function createActivity({ loadSteps, clock, freshMs = FRESH_MS }: ActivityOptions) {
  const known = new Map<string, { atMs: number; activity: Promise<Activity> }>();

  async function load({ tenantId, span, own }: ActivityAsk): Promise<Activity> {
    const { stepSeconds, steps } = STEPS[span];
    const stepMs = stepSeconds * 1000;
    const lastMs = Math.floor(clock.now().getTime() / stepMs) * stepMs;
    const since = new Date(lastMs - (steps - 1) * stepMs);
    return toActivity(await loadSteps(tenantId, { since, stepSeconds, own }), {
      stepSeconds,
      steps,
      lastAt: new Date(lastMs),
    });
  }

  return (ask: ActivityAsk): Promise<Activity> => {
    const nowMs = clock.monotonicMs();
    for (const [key, { atMs }] of known) if (nowMs - atMs > freshMs) known.delete(key);
    const key = `${ask.tenantId} ${ask.span} ${ask.own?.join() ?? "all"}`;
    const fresh = known.get(key)?.activity;
    if (fresh) return fresh;
    const activity = load(ask);
    known.set(key, { atMs: nowMs, activity });
    activity.catch(() => known.delete(key)); // whoever asked is told; the next one asks again
    return activity;
  };
}

/** Fills the steps without calls. Calls that start after the last step, by another clock, count into it. Pure. */
export function toActivity(
  rows: readonly StepRow[],
  { stepSeconds, steps, lastAt }: { stepSeconds: number; steps: number; lastAt: Date },
): Activity {
  const sum = (field: "answered" | "inbound_answered" | "missed" | "other"): number[] => {
    const counts = new Array<number>(steps).fill(0);
    for (const row of rows) {
      const step = Math.min(row.step, steps - 1);
      counts[step] = (counts[step] ?? 0) + row[field];
    }
    return counts;
  };
  return {
    step_seconds: stepSeconds,
    last_step_at: lastAt.toISOString(),
    ...{ answered: sum("answered"), inbound_answered: sum("inbound_answered") },
    ...{ missed: sum("missed"), other: sum("other") },
  };
}
