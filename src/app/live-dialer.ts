import { z } from "zod";
import type { LiveBoard } from "../calls/live/board.ts";
import type { LiveCall } from "../calls/live/schema.ts";
import { DISPOSITIONS } from "../core/disposition.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { toContactCounts } from "../dialer/campaigns/answer.ts";
import { loadRunningCampaigns, type RunningCampaign, toReached } from "../dialer/campaigns/running-campaigns.ts";
import { CONTACT_STATES, campaignAnswer } from "../dialer/campaigns/schema.ts";
import { type LiveState, loadLiveState } from "../dialer/dialing/live-state.ts";
import type { Trunk } from "../dialer/trunk.ts";
import type { CallerRule } from "../http/access.ts";
import { PAGE_MAX } from "../http/paging.ts";
import { instantField, toInstant } from "../http/wire.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// What a wallboard says of the dialer: how full the trunks are, and how far the campaigns have come.

const rule: CallerRule = { roles: ["supervisor", "viewer"], scope: "dialer:read" };
const TRUNKS_MAX = 1_000;
const CAMPAIGNS_MAX = 500;
const count = z.int().min(0);

export const trunkItem = z
  .object({
    key: z.string(),
    id: z.string().nullable().meta({ description: "null: the PBX's own, which no campaign dials over" }),
    name: z.string(),
    pbx: z.string().nullable(),
    enabled: z.boolean(),
    calls: count.meta({ description: "Calls over it, whoever made them" }),
    dialed: count.meta({ description: "Those of them that the dialer made; the limits are for these" }),
    channels_max: count.nullable(),
    per_second: count.meta({ description: "Calls that the dialer started within the last second" }),
    per_second_max: z.number().nullable(),
    breaker: z
      .enum(["closed", "open", "half_open"])
      .nullable()
      .meta({ description: "`open`: it failed too often and rests; null: no call of this process is on it" }),
  })
  .meta({ id: "LiveTrunk" });
export type LiveTrunk = z.infer<typeof trunkItem>;

export const campaignItem = z
  .object({
    id: z.string(),
    name: z.string(),
    project: z.object({ id: z.string(), name: z.string() }),
    state: z.enum(["active", "paused"]),
    started_at: instantField.nullable(),
    contacts: campaignAnswer.shape.contacts,
    by_disposition: z.array(
      z.object({ disposition: z.enum(DISPOSITIONS).nullable(), state: z.enum(CONTACT_STATES), contacts: count }),
    ),
    dialing: count.meta({ description: "Calls that ring" }),
    talking: count,
    called: count.meta({ description: "Contacts whose phone rang or should have" }),
    answered: count.meta({ description: "Of these, those who picked up; machines are not counted" }),
    abandonment: z
      .object({ live: count, abandoned: count, share_max: z.number() })
      .nullable()
      .meta({ description: "Of the project's last 30 days, where people take the calls" }),
  })
  .meta({ id: "LiveCampaign" });
export type LiveCampaign = z.infer<typeof campaignItem>;

/** What is being dialled, asked for once for both boards. */
function createLoadState({ database, clock }: Ground, { dialer }: Pick<Rooms, "dialer">) {
  const asked = new Map<TenantId, Promise<LiveState>>();
  return (tenantId: TenantId): Promise<LiveState> => {
    const ask = { tenantId, assignee: null, now: clock.now() };
    const state = asked.get(tenantId) ?? loadLiveState(database, ask, dialer.dialing.toTrunkHealth);
    asked.set(tenantId, state);
    return state.finally(() => asked.delete(tenantId));
  };
}

export function createDialerBoards(ground: Ground, rooms: Pick<Rooms, "dialer" | "tenants">) {
  const loadState = createLoadState(ground, rooms);
  return [createTrunkBoard(rooms, loadState), createCampaignBoard(ground, loadState)] as const;
}

type LoadState = ReturnType<typeof createLoadState>;

function createTrunkBoard(
  { dialer, tenants }: Pick<Rooms, "dialer" | "tenants">,
  loadState: LoadState,
): LiveBoard<LiveTrunk> & { item: typeof trunkItem } {
  const { settings, dialing } = dialer;
  return {
    ...{ name: "trunks", rule, item: trunkItem, toKey: ({ key }) => key },
    load: async (tenantId, calls) => {
      const [trunks, pbxs, state] = await Promise.all([
        settings.trunks.list(tenantId, { afterId: "0", rowsMax: TRUNKS_MAX }),
        tenants.pbxs.list(tenantId, { afterId: "0", rowsMax: PAGE_MAX }),
        loadState(tenantId),
      ]);
      return toTrunks({ trunks, pbxs, state, calls, channelsMax: dialing.limits.of(tenantId).channelsPerTrunk });
    },
  };
}

interface KnownTrunks {
  trunks: readonly Trunk[];
  pbxs: readonly { id: string; name: string; trunks: readonly string[] }[];
  state: Pick<LiveState, "trunks">;
  calls: readonly LiveCall[];
  /** For every trunk; `null`: each has its own only. */
  channelsMax: number | null;
}

const toPlace = (pbx: string | null, name: string): string => `${pbx ?? ""}/${name}`;

/** The trunks that are dialled over, then those that calls come over. Pure. */
export function toTrunks({ trunks, pbxs, state, calls, channelsMax }: KnownTrunks): LiveTrunk[] {
  const pbxName = new Map(pbxs.map(({ id, name }) => [id, name]));
  const onTrunk = Map.groupBy(
    calls.flatMap(({ pbx, trunk }) => (trunk === null ? [] : [{ pbx, name: trunk }])),
    ({ pbx, name }) => toPlace(pbx, name),
  );
  const dialedOver = trunks.map((trunk): LiveTrunk => {
    const pbx = pbxName.get(trunk.pbxId) ?? null;
    const now = state.trunks.find(({ trunkId }) => trunkId === trunk.id);
    return {
      ...{ key: toPlace(pbx, trunk.name), id: trunk.id, name: trunk.name, pbx, enabled: trunk.enabled },
      calls: Math.max(onTrunk.get(toPlace(pbx, trunk.name))?.length ?? 0, now?.calls ?? 0),
      ...{ dialed: now?.calls ?? 0, per_second: now?.perSecond ?? 0, per_second_max: trunk.perSecond },
      channels_max: Math.min(trunk.channelsMax, channelsMax ?? trunk.channelsMax),
      breaker: now?.phase ?? null,
    };
  });
  const known = new Set(dialedOver.map(({ key }) => key));
  const named = pbxs.flatMap(({ name: pbx, trunks: names }) => names.map((name) => ({ pbx, name })));
  const heard = [...onTrunk.values()].flatMap(([first]) => first ?? []);
  const others = new Map([...named, ...heard].map((one) => [toPlace(one.pbx, one.name), one]));
  const own = [...others].flatMap(([key, { pbx, name }]): LiveTrunk[] =>
    known.has(key) ? [] : [{ ...PBX_TRUNK, key, name, pbx, calls: onTrunk.get(key)?.length ?? 0 }],
  );
  return [...dialedOver, ...own].slice(0, TRUNKS_MAX);
}

const PBX_TRUNK = {
  ...{ id: null, enabled: true, dialed: 0, channels_max: null, per_second: 0, per_second_max: null, breaker: null },
} as const;

function createCampaignBoard(
  { database, clock }: Ground,
  loadState: LoadState,
): LiveBoard<LiveCampaign> & { item: typeof campaignItem } {
  return {
    ...{ name: "campaigns", rule, item: campaignItem, toKey: ({ id }) => id },
    load: async (tenantId) => {
      const ask = { now: clock.now(), rowsMax: CAMPAIGNS_MAX };
      const [campaigns, state] = await Promise.all([
        loadRunningCampaigns(database, tenantId, ask),
        loadState(tenantId),
      ]);
      const now = new Map(state.campaigns.map((one) => [one.campaignId, one]));
      return campaigns.map((campaign) => toCampaign(campaign, now.get(campaign.id)));
    },
    toOwn: (campaign, { projects }) => (projects.has(campaign.project.id as RowId) ? campaign : null),
  };
}

function toCampaign(
  { id, name, state, startedAt, projectId, project, counts, agents }: RunningCampaign,
  now: LiveState["campaigns"][number] | undefined,
): LiveCampaign {
  return {
    ...{ id, name, state, project: { id: projectId, name: project }, started_at: toInstant(startedAt) },
    contacts: toContactCounts(counts),
    by_disposition: counts,
    ...{ dialing: now?.dialing ?? 0, talking: now?.talking ?? 0 },
    ...toReached(counts),
    abandonment: agents && { live: agents.live, abandoned: agents.abandoned, share_max: agents.shareMax },
  };
}
