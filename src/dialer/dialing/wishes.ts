import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { CampaignSource } from "./campaign-source.ts";
import type { Wish } from "./dial-loop.ts";
import { loadQueuedProjects, type QueuedProject } from "./queue-store.ts";

/** Who has calls to make now, asked of the store no more than once a second, or when the queue's bell rang. */
export interface Wishes {
  load(now: Date): Promise<readonly Wish[]>;
  /** Somebody put a call into the queue. */
  ring(): void;
}

const FRESH_MS = 1_000;
/** A campaign has as many calls as anybody may want in a batch. */
const MANY = 1_000;

interface Known {
  at: number;
  campaigns: readonly { tenantId: TenantId; id: RowId; projectId: RowId }[];
  queued: readonly QueuedProject[];
}

export function createWishes({
  database,
  campaigns,
}: {
  database: Database;
  campaigns: Pick<CampaignSource, "listDialable">;
}): Wishes {
  let known: Known = { at: Number.NEGATIVE_INFINITY, campaigns: [], queued: [] };
  let hasRung = false;

  return {
    ring: () => {
      hasRung = true;
    },
    load: async (now) => {
      const isOld = now.getTime() - known.at >= FRESH_MS;
      if (isOld || hasRung || known.queued.length > 0) {
        hasRung = false;
        const [active, queued] = await Promise.all([
          isOld ? campaigns.listDialable(now) : known.campaigns,
          loadQueuedProjects(database, now),
        ]);
        known = { at: isOld ? now.getTime() : known.at, campaigns: active, queued };
      }
      return [
        ...known.queued.map(({ tenantId, projectId, due }) => ({
          ...{ key: `queue:${projectId}`, tenantId, projectId, most: due },
        })),
        ...known.campaigns.map(({ tenantId, id, projectId }) => ({
          ...{ key: `campaign:${id}`, tenantId, projectId, most: MANY },
        })),
      ];
    },
  };
}
