import { toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { PbxObserver, PbxView } from "../pbx.ts";
import { createPhones } from "./phones.ts";
import { forgetPhones, savePhones } from "./store.ts";

/*
 * Listens to the phones of a PBX for as long as it is ours, and writes down what changed, so that every process can show it: one
 * statement each half second at most, whatever the phones do.
 */
export interface PhoneWatchOptions {
  database: Database;
  clock: Clock;
  log: Log;
  /** Extension → until when a campaign leaves it alone. */
  listResting(tenantId: TenantId, pbxId: string): ReadonlyMap<string, Date>;
  /**
   * Told whom a campaign must not ring, as soon as it changes; it may keep the set, which is always the same. `null`: nobody knows,
   * until what the PBX says of its phones was read once.
   */
  tellAway?(tenantId: TenantId, pbxId: string, away: ReadonlySet<string> | null): void;
}

export type PhoneWatch = (pbx: { id: string; tenantId: TenantId }, view: Pick<PbxView, "plan" | "list">) => PbxObserver;

const WRITE_EVERY_MS = 500;
const ROWS_MAX = 500;
/** What Asterisk says of phones when it is asked; by itself it tells changes only. */
const LISTS = ["DeviceStateList", "QueueStatus"] as const;

export function createPhoneWatch({ database, clock, log, listResting, tellAway }: PhoneWatchOptions): PhoneWatch {
  return (pbx, { plan, list }) => {
    const tell = (away: ReadonlySet<string> | null): void => tellAway?.(pbx.tenantId, pbx.id, away);
    const phones = createPhones((peer) => plan.extensionOf(peer));
    let isHeard = false;
    let isForgotten = true;
    let mustAsk = false;
    /** The PBX was asked since it was lost last, whatever it answered. */
    let isAsked = false;

    async function ask(): Promise<void> {
      mustAsk = false;
      for (const name of LISTS) {
        try {
          const messages = await list(name);
          if (name === "QueueStatus" && messages.length > 0) phones.forgetQueues();
          for (const message of messages) phones.take({ kind: "event", message, at: clock.now() });
        } catch (error) {
          // It went away, or its user may not ask: changes are heard all the same.
          log.info({ pbx: pbx.id, list: name, reason: toErrorMessage(error) }, "phones.not_listed");
        }
      }
      if (!isHeard) return; // it was lost meanwhile
      isAsked = true;
      tell(phones.away().extensions);
    }

    async function write(signal: AbortSignal): Promise<void> {
      if (!isHeard) {
        if (!isForgotten) await forgetPhones(database.sql, pbx);
        isForgotten = true;
        return;
      }
      if (mustAsk) await ask();
      phones.noteResting(listResting(pbx.tenantId, pbx.id), clock.now());
      isForgotten = false;
      for (let rows = phones.takeChanged(ROWS_MAX); rows.length > 0; rows = phones.takeChanged(ROWS_MAX)) {
        if (signal.aborted) return;
        await savePhones(database, pbx, rows);
      }
    }

    return {
      take: (items) => {
        const { changes } = phones.away();
        for (const item of items) {
          phones.take(item);
          if (item.kind === "event") continue;
          isHeard = item.kind === "snapshot";
          mustAsk = isHeard;
          isAsked &&= isHeard;
          if (!isHeard) tell(null);
        }
        const away = phones.away();
        if (isAsked && away.changes !== changes) tell(away.extensions);
      },
      run: async (signal) => {
        const loop = createLoop({ name: "phones", everyMs: WRITE_EVERY_MS, work: write, clock, log });
        loop.start();
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener("abort", () => resolve(), { once: true });
        });
        await loop.stop();
        isHeard = false;
        tell(null);
        await write(signal).catch((error: unknown) => {
          log.warn({ pbx: pbx.id, err: error }, "phones.not_forgotten");
        });
      },
    };
  };
}
