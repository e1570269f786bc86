import { loadCallEnds } from "../calls/store.ts";
import { toSignatureHeaders } from "../connectors/webhook/signature.ts";
import { AppError } from "../core/errors.ts";
import type { Agents } from "../dialer/agents/agents.ts";
import { createDialing, type Dialing } from "../dialer/dialing/dialing.ts";
import { createToTrunkChannel, type Originate } from "../dialer/dialing/placing.ts";
import type { Accept } from "../intake/accept.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import { PbxRefusal } from "../telephony/ask-pbx.ts";
import { fillDialTemplate } from "../telephony/dial-template.ts";
import type { Telephony } from "../telephony/telephony.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { DialerCampaigns } from "./dialer-campaigns.ts";
import type { DialerPolicy } from "./dialer-policy.ts";
import type { DialerProjects } from "./dialer-projects.ts";
import type { Ground } from "./ground.ts";
import type { People } from "./people.ts";

// The dial pipeline, introduced to whom it dials for, who allows it, who places its calls, and who is told of them.

export interface DialingSurroundings {
  tenants: Pick<Tenants, "loadTenant">;
  settings: DialerProjects;
  campaigns: DialerCampaigns;
  policy: DialerPolicy;
  people: People;
  toAgentRoom: Agents["toAgentRoom"];
  accept: Accept["accept"];
  request: HttpRequester;
  /** Built after the dialer: called late. */
  telephony(): Telephony;
}

export function openDialing(ground: Ground, rooms: DialingSurroundings): Dialing {
  const { settings, campaigns, policy, people, tenants } = rooms;
  return createDialing({
    ...ground,
    ...{ accept: rooms.accept, request: rooms.request, campaigns: campaigns.campaigns },
    loadTenant: tenants.loadTenant,
    loadProject: settings.projects.load,
    loadTrunk: settings.trunks.load,
    loadWebhook: settings.projects.loadWebhook,
    decideMany: policy.decideMany,
    toAgentRoom: rooms.toAgentRoom,
    noteAttempts: policy.noteAttempts,
    isSuppressed: people.suppressions.isSuppressed,
    originate: createOriginate(rooms),
    toTrunkChannel,
    sign: (secret, { id, body }, now) => toSignatureHeaders({ secret }, { id, body }, now),
    loadCalls: (tenantId, callUuids) => loadCallEnds(ground.database.sql, tenantId, callUuids),
  });
}

/** What is rung for a number over a trunk. */
export const toTrunkChannel = createToTrunkChannel(fillDialTemplate);

function createOriginate({ telephony }: DialingSurroundings): Originate {
  return async ({ tenantId, id }, request, signal) => {
    const pbx = telephony().find(tenantId, id);
    if (!pbx) throw new AppError("unavailable", "The PBX is not there any more.", { retryAfterSeconds: 5 });
    try {
      return await pbx.originate(request, signal);
    } catch (error) {
      const place = pbx.placeByFile();
      if (!place || !(error instanceof PbxRefusal && error.isForbidden)) throw error;
      return place(request); // a PBX on this host whose AMI user may not originate
    }
  };
}
