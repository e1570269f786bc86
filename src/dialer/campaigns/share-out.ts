import type { RowId, TenantId } from "../../core/ids.ts";

/** A campaign that may be dialled now, and for how many calls there is room. */
export interface ClaimQuota {
  tenantId: TenantId;
  campaignId: RowId;
  /** Trunk and project slots that are free for it. */
  most: number;
}

/**
 * Deals `limit` calls out one by one: each tenant in turn, and in a tenant each campaign in turn, as long as it has room.
 * So a tenant with fifty campaigns gets no more than one with a single campaign. `turn` says who is first; count it up, so
 * that with less to deal than there are hands nobody is always the last. Pure.
 */
export function shareOut(quotas: readonly ClaimQuota[], limit: number, turn: number): ClaimQuota[] {
  const tenants = [...Map.groupBy(quotas, ({ tenantId }) => tenantId).values()].map((own) =>
    rotate(own, turn).map((quota) => ({ quota, dealt: 0 })),
  );
  const hands = rotate(tenants, turn);
  let left = limit;
  for (let open = hands; left > 0 && open.length > 0; ) {
    open = open.filter((hand) => left > 0 && deal(hand) && left-- > 0);
  }
  return tenants.flat().flatMap(({ quota, dealt }) => (dealt > 0 ? [{ ...quota, most: dealt }] : []));
}

interface Share {
  quota: ClaimQuota;
  dealt: number;
}

/** One call to the campaign of this tenant that has had the fewest; `false` when none has room. */
function deal(hand: readonly Share[]): boolean {
  let least: Share | undefined;
  for (const share of hand) {
    if (share.dealt < share.quota.most && share.dealt < (least?.dealt ?? Number.POSITIVE_INFINITY)) least = share;
  }
  if (least) least.dealt++;
  return least !== undefined;
}

const rotate = <T>(items: readonly T[], by: number): T[] => {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
};
