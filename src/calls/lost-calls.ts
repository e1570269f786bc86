import type { CallFact } from "../core/call-fact.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { createLoop } from "../kit/loop.ts";
import type { Database } from "../kit/postgres/database.ts";
import { listSilentCalls } from "./store.ts";

/*
 * A call in progress that nobody has said anything about for too long is over, and its end was lost: the webhook or the PBX
 * that should have told it was away. It is closed as of the last we heard. Should the end be told after all, it wins.
 */
export interface LostCallsOptions {
  database: Database;
  /** The front door; see intake/accept.ts. */
  accept(item: { tenant: { id: TenantId }; callUuid: string; fact: CallFact; raw: string }): Promise<unknown>;
  /** How long a call may be silent. */
  silentMsMax: number;
  clock: Clock;
  log: Log;
}

export interface SilentCall {
  tenantId: TenantId;
  callId: RowId;
  callUuid: string;
  heardAt: Date;
}

const LOOK_EVERY_MS = 60_000;

/** Every process may run it: the fact has one key for each call, so that it counts once. */
export function createLostCalls(options: LostCallsOptions): { start(): void; stop(): Promise<void> } {
  const { clock, log } = options;
  return createLoop({
    name: "lost_calls",
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      const calls = await closeLostCalls(options);
      if (calls > 0) log.info({ calls }, "calls.lost");
    },
    clock,
    log,
  });
}

/** Closes those that are silent for too long, some hundreds at a time, and returns how many. */
export async function closeLostCalls({ database, accept, silentMsMax, clock }: LostCallsOptions): Promise<number> {
  const since = new Date(clock.now().getTime() - silentMsMax);
  const silent = await listSilentCalls(database, since);
  await Promise.all(
    silent.map(({ tenantId, callUuid, heardAt }) => {
      const fact: CallFact = {
        key: "recovery:lost",
        source: "recovery",
        at: heardAt,
        status: "lost",
        endedAt: heardAt,
      };
      return accept({ tenant: { id: tenantId }, callUuid, fact, raw: '{"event":"lost"}' });
    }),
  );
  return silent.length;
}
