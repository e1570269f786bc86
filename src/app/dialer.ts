import type { Config } from "../config.ts";
import { parseRowId } from "../core/ids.ts";
import type { Agents } from "../dialer/agents/agents.ts";
import type { Audios } from "../dialer/audios/audios.ts";
import type { Dialing } from "../dialer/dialing/dialing.ts";
import type { Accept } from "../intake/accept.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { AgiRoutes } from "../telephony/agi-routes.ts";
import type { PbxObserver, PbxSettings, PbxView } from "../telephony/pbx.ts";
import type { Telephony } from "../telephony/telephony.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { observeBoth, openAgents } from "./agents.ts";
import { openAudios } from "./audios.ts";
import { type DialerCampaigns, openDialerCampaigns } from "./dialer-campaigns.ts";
import { type DialerPolicy, openDialerPolicy } from "./dialer-policy.ts";
import { type DialerProjects, openDialerProjects } from "./dialer-projects.ts";
import { openDialing, toTrunkChannel } from "./dialing.ts";
import type { Ground } from "./ground.ts";
import { type IvrSurroundings, openIvr } from "./ivr.ts";
import { openPeople, type People } from "./people.ts";

// The dialer's parts, introduced to each other and to the rooms around them.

export interface Dialer {
  /** Projects, trunks, and the files their PBXs read. */
  settings: DialerProjects;
  /** Whom to call next, and what became of them. */
  campaigns: DialerCampaigns;
  /** What it plays. */
  audios: Audios;
  /** Who is not to be called, whatever calls. */
  people: People;
  /** Whether a call may be made, and under which number. */
  policy: DialerPolicy;
  /** Places the calls, and knows of each how it fares. */
  dialing: Dialing;
  /** Phones that campaigns leave alone for a while. */
  listResting: Agents["listResting"];
  /** Phones that campaigns must leave alone. */
  noteAway: Agents["noteAway"];
  /** Scripts for FastAGI. */
  agiRoutes: AgiRoutes;
  /** Dials over a PBX for as long as this process owns it. Absent: this process does not have the role. */
  observe?(settings: PbxSettings, view: PbxView): PbxObserver;
  start(): Promise<void>;
  /** After telephony: what is being dialled goes on without us, and what was heard of it is written down. */
  stop(): Promise<void>;
}

export interface DialerSurroundings {
  tenants: Tenants;
  /** The front door for facts of calls. */
  accept: Accept["accept"];
  request: HttpRequester;
  /** Built after the dialer, which it is told of: call it late. */
  telephony(): Telephony;
}

export function openDialer(config: Config, ground: Ground, rooms: DialerSurroundings): Dialer {
  const audios = openAudios(config, ground);
  const settings = openDialerProjects(config, ground, {
    ...{ tenants: rooms.tenants, telephony: rooms.telephony },
    findUnknownAudio: audios.findUnknown,
    hasPolicy: (on, tenantId, id) => policy.policies.exists(on, tenantId, id),
  });
  const people = openPeople(ground);
  const policy = openDialerPolicy(ground, { projects: settings.projects, people });
  const campaigns = openDialerCampaigns(config, ground, {
    tenants: rooms.tenants,
    findSuppressed: people.suppressions.findMany,
    findObstacle: policy.policies.findStartObstacle,
  });
  const agents = openAgents(ground, { policy, telephony: rooms.telephony });
  const { toAgentRoom, requestAgent } = agents;
  const dialing = openDialing(ground, { ...rooms, settings, campaigns, policy, people, toAgentRoom });
  const agiRoutes = openIvr(ground, {
    ...{ audios, people, telephony: rooms.telephony, toTrunkChannel, loadTrunk: loadTrunk(settings) },
    ...{ loadSession: dialing.loadSession, report: dialing.report, requestAgent },
  });
  const dials = config.roles.includes("dialer");
  return {
    settings,
    campaigns,
    audios,
    people,
    policy,
    dialing,
    agiRoutes,
    ...{ listResting: agents.listResting, noteAway: agents.noteAway },
    ...(dials && { observe: (pbx, view) => observeBoth(dialing.observe(pbx, view), agents.observe(pbx)) }),
    start: async () => {
      settings.start();
      audios.start();
      campaigns.start();
      policy.start();
      await dialing.start({ dials });
    },
    stop: async () => {
      await dialing.stop();
      await campaigns.stop();
      await policy.stop();
      await settings.stop();
      await audios.stop();
    },
  };
}

const loadTrunk =
  ({ trunks }: DialerProjects): IvrSurroundings["loadTrunk"] =>
  async (tenantId, id) => {
    const trunkId = parseRowId(id);
    return trunkId === undefined ? null : trunks.load(tenantId, trunkId);
  };
