import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { CampaignContact } from "../campaign.ts";
import { completeDone } from "./completion.ts";
import { type ContactOutcome, type ContactRef, claimContacts, listDialing, settleContacts } from "./contact-queue.ts";
import { isOpen } from "./schedule.ts";
import { type ActiveCampaign, loadActiveCampaigns, loadSchedule } from "./schedule-store.ts";
import { type ClaimQuota, shareOut } from "./share-out.ts";

/** Campaigns as the dial pipeline sees them: whom to call next, and what became of them. It never dials. */
export interface Campaigns {
  /** Active campaigns of enabled projects whose schedule is open at `now`, of all tenants. */
  listDialable(now: Date): Promise<ActiveCampaign[]>;
  /**
   * Up to `limit` contacts that are due become `dialing`, dealt out fairly between tenants and between a tenant's campaigns,
   * and at most `most` of each. `owner` is the process that dials them. Nobody is taken twice, whoever asks at once. The
   * contact's `attempts` are those before this one.
   */
  claim(ask: { quotas: readonly ClaimQuota[]; limit: number; now: Date; owner: string }): Promise<CampaignContact[]>;
  /** What became of claimed contacts, one statement for all of them. A contact that is not `dialing` is passed over. */
  settle(outcomes: readonly ContactOutcome[], now: Date): Promise<number>;
  /** Back to `pending` as if it had never been claimed; `nextAt` leaves it alone until then. */
  release(contacts: readonly (ContactRef & { nextAt?: Date })[], now: Date): Promise<number>;
  /** Contacts claimed before an instant (by one process) and not settled, in the order of their keys: for recovery. */
  listDialing(ask: {
    owner: string | null;
    claimedBefore: Date;
    after: ContactRef | null;
    rowsMax: number;
  }): Promise<CampaignContact[]>;
  /** Campaigns with nobody left become `completed`; returns which. Call it every second. */
  finishDone(now: Date): Promise<{ tenantId: TenantId; id: RowId }[]>;
  /** Whether the campaign's schedule is open; `false` for a campaign that is not there. */
  isInSchedule(tenantId: TenantId, campaignId: RowId, now: Date): Promise<boolean>;
}

/** Contacts in one claim. */
const CLAIM_MAX = 1_000;
/** A campaign that had nobody due leaves its share to the others; so often. */
const CLAIM_ROUNDS = 3;

export function createCampaigns({ database, log }: { database: Database; clock: Clock; log: Log }): Campaigns {
  let turn = 0; // whose turn it is to be first

  const claim: Campaigns["claim"] = async ({ quotas, limit, now, owner }) => {
    const taken: CampaignContact[] = [];
    let open = quotas.filter(({ most }) => most > 0);
    for (let round = 0; round < CLAIM_ROUNDS && open.length > 0 && taken.length < limit; round++) {
      const asked = shareOut(open, Math.min(limit, CLAIM_MAX) - taken.length, turn++);
      const got = await claimContacts(database, { quotas: asked, now, owner });
      taken.push(...got);
      open = toStillOpen(open, asked, got);
    }
    return interleave(taken);
  };

  return {
    listDialable: async (now) =>
      (await loadActiveCampaigns(database.sql)).filter(({ schedule }) => isOpen(schedule, now)),
    claim,
    settle: (outcomes, now) => settleContacts(database, outcomes, now),
    release: (contacts, now) =>
      settleContacts(
        database,
        contacts.map(({ nextAt = null, ...contact }) => ({
          ...contact,
          ...{ state: "pending", disposition: null, attempts: null, nextAt },
        })),
        now,
      ),
    listDialing: (ask) => listDialing(database, ask),
    finishDone: async (now) => {
      const done = await completeDone(database.sql, now);
      for (const campaign of done) {
        log.info({ tenantId: campaign.tenantId, campaignId: campaign.id }, "campaign.completed");
      }
      return done;
    },
    isInSchedule: async (tenantId, campaignId, now) => {
      const schedule = await loadSchedule(database.sql, tenantId, campaignId);
      return schedule !== null && isOpen(schedule, now);
    },
  };
}

/** Campaigns that gave all they were asked for, and what they may give yet. */
function toStillOpen(
  open: readonly ClaimQuota[],
  asked: readonly ClaimQuota[],
  got: readonly CampaignContact[],
): ClaimQuota[] {
  const count = Map.groupBy(got, ({ campaignId }) => campaignId);
  const wanted = new Map(asked.map(({ campaignId, most }) => [campaignId, most]));
  return open.flatMap((quota) => {
    const gave = count.get(quota.campaignId)?.length ?? 0;
    const most = quota.most - gave;
    return most > 0 && gave === (wanted.get(quota.campaignId) ?? 0) ? [{ ...quota, most }] : [];
  });
}

/** One of each campaign in turn, so that whoever starts them in order treats all alike. */
function interleave(contacts: readonly CampaignContact[]): CampaignContact[] {
  const hands = [...Map.groupBy(contacts, ({ campaignId }) => campaignId).values()];
  const longest = Math.max(0, ...hands.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => hands.flatMap((hand) => hand[index] ?? [])).flat();
}
