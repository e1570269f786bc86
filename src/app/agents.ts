import { type Agents, createAgents } from "../dialer/agents/agents.ts";
import { fillDialTemplate } from "../telephony/dial-template.ts";
import type { PbxObserver } from "../telephony/pbx.ts";
import type { Telephony } from "../telephony/telephony.ts";
import type { DialerPolicy } from "./dialer-policy.ts";
import type { Ground } from "./ground.ts";

// Campaigns whose calls go to people, introduced to the PBXs whose phones those are, and to the rules that bound them.

export function openAgents(
  ground: Ground,
  { policy, telephony }: { policy: DialerPolicy; telephony(): Pick<Telephony, "settings"> },
): Agents {
  return createAgents({
    ...ground,
    toChannel: ({ tenantId, pbxId, extension }) => {
      const pbx = telephony()
        .settings()
        .find((each) => each.tenantId === tenantId && each.id === pbxId);
      if (!pbx) throw new Error("the PBX of the call is gone");
      return fillDialTemplate(pbx.dial.extension, { extension });
    },
    loadShareMax: async ({ tenantId, policyId }) => {
      const rules = policyId === null ? null : await policy.policies.load(tenantId, policyId);
      return rules?.pack.abandonedShareMax ?? null;
    },
  });
}

/** Two who listen to one PBX. */
export function observeBoth(one: PbxObserver, other: PbxObserver): PbxObserver {
  return {
    take: (items) => {
      one.take(items);
      other.take(items);
    },
    run: async (signal) => {
      await Promise.all([one.run(signal), other.run(signal)]);
    },
  };
}
