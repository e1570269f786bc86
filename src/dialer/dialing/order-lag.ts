import type { Clock } from "../../kit/clock.ts";

/**
 * How long orders wait for the PBX's answer. It comes in one line with everything else that the PBX says, so it is as late as
 * we hear of anything; of several PBXs the quickest counts: what is slow with all of them is our doing.
 */
export interface OrderLag {
  /** An order leaves; the returned function is called when it is answered, or never will be. */
  sent(pbxId: string): () => void;
  /** Milliseconds; 0 when nothing was ordered within the last second. */
  lagMs(): number;
}

interface Orders {
  /** Milliseconds at which those left that are not answered, the oldest first. */
  open: Map<number, number>;
  answeredMs: number;
  tookMs: number;
}

const RECENT_MS = 1_000;

export function createOrderLag(clock: Pick<Clock, "monotonicMs">): OrderLag {
  const byPbx = new Map<string, Orders>();
  let lastId = 0;

  function lagOf({ open, answeredMs, tookMs }: Orders, nowMs: number): number | null {
    const [oldestMs] = open.values();
    if (oldestMs !== undefined) return nowMs - oldestMs;
    return nowMs - answeredMs > RECENT_MS ? null : tookMs;
  }

  return {
    sent: (pbxId) => {
      const orders = byPbx.get(pbxId) ?? { open: new Map(), answeredMs: Number.NEGATIVE_INFINITY, tookMs: 0 };
      byPbx.set(pbxId, orders);
      const id = ++lastId;
      const sentMs = clock.monotonicMs();
      orders.open.set(id, sentMs);
      return () => {
        orders.open.delete(id);
        orders.answeredMs = clock.monotonicMs();
        orders.tookMs = orders.answeredMs - sentMs;
      };
    },
    lagMs: () => {
      const nowMs = clock.monotonicMs();
      const lags = [...byPbx.values()].flatMap((orders) => lagOf(orders, nowMs) ?? []);
      return lags.length === 0 ? 0 : Math.min(...lags);
    },
  };
}
