import { toTenantId } from "../src/core/ids.ts";
import { createCampaigns } from "../src/dialer/campaigns/campaigns.ts";
import { addCampaign, addProject } from "../src/dialer/campaigns/fake-campaign.ts";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { openDatabase } from "../src/kit/postgres/database.ts";
import type { Figure, FigureContext } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { startEnlace } from "./stage.ts";

const SMALL = 10_000;
/** BENCH_CONTACTS makes it smaller for a look in between; the figure of the documents is that of ten million. */
const LARGE = Number(process.env.BENCH_CONTACTS ?? 10_000_000);
const CLAIM = 100;
const ROUNDS = 80;

/**
 * What it costs to claim and to settle a hundred contacts when ten thousand and when ten million wait in the campaign. Each
 * in a database of its own, measured in turns. Nothing was analysed since the lists were imported: that is how it is when a
 * campaign starts.
 */
export const campaignClaim: Figure = {
  name: "campaign-claim",
  run: async (context) => {
    const small = await openCampaign(context, SMALL);
    const large = await openCampaign(context, LARGE);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await small.round();
        await large.round();
      }
      report(context, "claim", small.claims, large.claims);
      report(context, "settle", small.settles, large.settles);
    } finally {
      await small.close();
      await large.close();
    }
  },
};

function report(
  { report: print }: FigureContext,
  what: string,
  small: readonly number[],
  large: readonly number[],
): void {
  const [ours, peer] = [toMedian(large.slice(5)), toMedian(small.slice(5))];
  const detail = `µs a contact; ${LARGE} contacts against ${SMALL}`;
  print(`time to ${what}`, { ratio: ours / peer, ours, peer, atMost: 1.2, detail });
}

async function openCampaign({ stage }: FigureContext, contacts: number) {
  const url = await stage.createDatabase(`contacts_${contacts}`);
  const enlace = await startEnlace(url); // makes the schema and the first tenant
  await enlace.stop();
  const database = openDatabase({ url, poolMax: 2, log: createLog({ level: "error", format: "json" }) });
  const at = new Date();
  const tenantId = toTenantId(1);
  await database.pool.query("alter table campaign_contacts set (autovacuum_enabled = off)");
  const projectId = await addProject(database, tenantId, { at });
  const campaignId = await addCampaign(database, { tenantId, projectId, contacts, at });
  const campaigns = createCampaigns({
    database,
    clock: systemClock,
    log: createLog({ level: "error", format: "json" }),
  });
  const claims: number[] = [];
  const settles: number[] = [];
  return {
    claims,
    settles,
    close: database.close,
    round: async (): Promise<void> => {
      const quotas = [{ tenantId, campaignId, most: CLAIM }];
      const startedMs = performance.now();
      const got = await campaigns.claim({ quotas, limit: CLAIM, now: at, owner: "bench" });
      const claimedMs = performance.now();
      const outcomes = got.map((contact) => ({
        ...{
          tenantId,
          campaignId,
          contactId: contact.id,
          state: "completed" as const,
          disposition: "answered" as const,
        },
        ...{ attempts: contact.attempts + 1, nextAt: null },
      }));
      const settled = await campaigns.settle(outcomes, at);
      if (got.length !== CLAIM || settled !== CLAIM) throw new Error(`${got.length} claimed, ${settled} settled`);
      claims.push(((claimedMs - startedMs) * 1000) / CLAIM);
      settles.push(((performance.now() - claimedMs) * 1000) / CLAIM);
    },
  };
}
