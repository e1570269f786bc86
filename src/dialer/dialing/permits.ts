import type { RowId, TenantId } from "../../core/ids.ts";

/** Somebody who wants calls made: a campaign, or the queue of single calls of a project. */
export interface Flow {
  key: string;
  tenantId: TenantId;
  projectId: RowId;
  /** No more than this. */
  most: number;
  /** What it is limited by beside its trunk: `all`, `tenant:1`, `project:4`. */
  limits: readonly string[];
  /** Trunks it may dial over now; what each is limited by is `trunk:<id>`. */
  trunks: readonly { trunkId: RowId; pbxId: string; weight: number }[];
}

/** Leave for one call over one trunk. */
export interface Permit {
  flow: Flow;
  trunkId: RowId;
  pbxId: string;
}

export interface Dealer {
  /**
   * Deals out what there is room for, one by one: each tenant in turn, in a tenant each of its flows in turn, and the trunks of
   * a project by their weights. A tenant with fifty campaigns gets no more than one with a single one. Never more of a key than
   * `room(key)` says, and never more than `limit`.
   */
  deal(flows: readonly Flow[], room: (key: string) => number, limit: number): Permit[];
}

/** Beyond this the past is halved: a trunk that was full for an hour must not be flooded afterwards. */
const REMEMBERED_MAX = 100;

export function createDealer(): Dealer {
  let turn = 0;
  /** Calls given to a trunk of a project; their ratio follows the weights. */
  const given = new Map<string, number>();

  function toTrunk(flow: Flow, isFree: (key: string) => boolean): Flow["trunks"][number] | undefined {
    let best: { trunk: Flow["trunks"][number]; load: number } | undefined;
    for (const trunk of flow.trunks) {
      if (!isFree(`trunk:${trunk.trunkId}`)) continue;
      const load = ((given.get(`${flow.projectId} ${trunk.trunkId}`) ?? 0) + 1) / trunk.weight;
      if (!best || load < best.load) best = { trunk, load };
    }
    return best?.trunk;
  }

  function note(flow: Flow, trunkId: RowId): void {
    const key = `${flow.projectId} ${trunkId}`;
    const count = (given.get(key) ?? 0) + 1;
    given.set(key, count);
    if (count < REMEMBERED_MAX * Math.max(1, ...flow.trunks.map(({ weight }) => weight))) return;
    for (const trunk of flow.trunks) {
      const other = `${flow.projectId} ${trunk.trunkId}`;
      given.set(other, Math.floor((given.get(other) ?? 0) / 2));
    }
  }

  return {
    deal: (flows, room, limit) => {
      turn++;
      const left = new Map<string, number>();
      const leftOf = (key: string): number => left.get(key) ?? keep(left, key, room(key));
      const isFree = (key: string): boolean => leftOf(key) >= 1;
      const permits: Permit[] = [];
      const dealt = new Map<string, number>();

      /** One call for one of the tenant's flows; `false` when none of them can have any. */
      const give = (hand: Flow[]): boolean => {
        for (let tries = hand.length; tries > 0; tries--) {
          const flow = hand.shift();
          if (!flow) return false;
          const count = dealt.get(flow.key) ?? 0;
          const trunk = count < flow.most && flow.limits.every(isFree) ? toTrunk(flow, isFree) : undefined;
          if (trunk === undefined) continue; // it has left the hand: what it lacks does not come back in this round
          const { trunkId, pbxId } = trunk;
          for (const key of [...flow.limits, `trunk:${trunkId}`]) left.set(key, leftOf(key) - 1);
          note(flow, trunkId);
          dealt.set(flow.key, count + 1);
          permits.push({ flow, trunkId, pbxId });
          hand.push(flow);
          return true;
        }
        return false;
      };

      let hands = rotate([...Map.groupBy(flows, ({ tenantId }) => tenantId).values()], turn).map((own) =>
        rotate(own, turn),
      );
      while (hands.length > 0 && permits.length < limit) {
        hands = hands.filter((hand) => permits.length < limit && give(hand));
      }
      return permits;
    },
  };
}

function keep(map: Map<string, number>, key: string, value: number): number {
  map.set(key, value);
  return value;
}

const rotate = <T>(items: readonly T[], by: number): T[] => {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
};
