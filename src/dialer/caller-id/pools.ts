import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Random } from "../../kit/random.ts";
import { isMobile } from "../policy/number-zones.ts";
import { dateOf, localDay } from "../policy/wall-clock.ts";
import { type CallerIdQuestion, type Candidate, type Choice, chooseCallerId } from "./choice.ts";
import { countCalls, hasDropped, loadPools, type Measured, type PoolDay } from "./store.ts";

/** The pools of some projects for the length of one transaction, in which nobody else takes from them. */
export interface OpenPools {
  /** Takes a call of the number's day. `null`: the pool is empty, or full for today. */
  take(project: PoolOwner, question: CallerIdQuestion): Choice | null;
  /** Writes down what was taken. */
  save(): Promise<void>;
}

export interface PoolOwner {
  tenantId: TenantId;
  id: RowId;
  timeZone: string;
}

type OpenCandidate = Candidate & { id: RowId; taken: number };

/** The caller holds a lock per project. */
export async function openPools(
  on: Pick<pg.ClientBase, "query">,
  projects: readonly PoolOwner[],
  { now, random }: { now: Date; random: Pick<Random, "fraction"> },
): Promise<OpenPools> {
  const days: PoolDay[] = projects.map(({ tenantId, id, timeZone }) => ({
    ...{ tenantId, projectId: id },
    day: dateOf(localDay(now.getTime(), timeZone)),
  }));
  const pools = new Map<string, OpenCandidate[]>();
  for (const row of await loadPools(on, days)) {
    if (!row.active) continue;
    const key = `${row.tenantId} ${row.projectId}`;
    pools.set(key, [...(pools.get(key) ?? []), toCandidate(row)]);
  }
  return {
    take: ({ tenantId, id }, question) => {
      const choice = chooseCallerId(pools.get(`${tenantId} ${id}`) ?? [], question, random.fraction);
      if (choice) {
        const candidate = choice.candidate as OpenCandidate;
        candidate.callsToday++;
        candidate.taken++;
      }
      return choice;
    },
    save: () =>
      countCalls(
        on,
        days.flatMap(({ tenantId, projectId, day }) =>
          (pools.get(`${tenantId} ${projectId}`) ?? []).flatMap(({ id, taken }) =>
            taken > 0 ? [{ tenantId, id, day, calls: taken }] : [],
          ),
        ),
      ),
  };
}

function toCandidate(row: Measured): OpenCandidate {
  const { id, number, areaPrefix, dailyCap, callsToday } = row;
  return {
    ...{ id, number, areaPrefix, dailyCap, callsToday, taken: 0 },
    ended: row.endedRecently + row.endedBefore,
    answers: row.answersRecently + row.answersBefore,
    hasDropped: hasDropped(row),
    isMobile: isMobile(number),
  };
}
