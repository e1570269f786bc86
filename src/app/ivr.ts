import type { TenantId } from "../core/ids.ts";
import type { Audios } from "../dialer/audios/audios.ts";
import { createIvrScript } from "../dialer/ivr/ivr-script.ts";
import type { IvrOptions, IvrSession, OptOut } from "../dialer/ivr/ivr-session.ts";
import type { Trunk } from "../dialer/trunk.ts";
import type { AgiRoutes } from "../telephony/agi-routes.ts";
import { fillDialTemplate } from "../telephony/dial-template.ts";
import type { Telephony } from "../telephony/telephony.ts";
import type { Ground } from "./ground.ts";
import type { People } from "./people.ts";

// The IVR, introduced to who knows its calls, what it plays, whom it rings, and who must not be called again.

export interface IvrSurroundings extends Pick<IvrOptions, "loadSession" | "report"> {
  audios: Pick<Audios, "toPlayable">;
  people: People;
  loadTrunk(tenantId: TenantId, id: string): Promise<Trunk | null>;
  /** What is rung for a number over a trunk, as it is for the dialer's own calls. */
  toTrunkChannel(trunk: Trunk, callee: { number: string; prefix: string }): string;
  telephony(): Pick<Telephony, "settings">;
  requestAgent?: IvrOptions["requestAgent"];
}

/** The FastAGI script `ivr`. */
export function openIvr(ground: Ground, rooms: IvrSurroundings): AgiRoutes {
  const { loadSession, report, audios, people, requestAgent } = rooms;
  const ivr = createIvrScript({
    ...ground,
    ...{ loadSession, report, toPlayable: audios.toPlayable },
    toOverflowChannel: (session) => toOverflowChannel(rooms, session),
    suppress: (optOut) => people.suppressions.suppress(toEntry(optOut)),
    ...(requestAgent && { requestAgent }),
  });
  return { ivr };
}

/** Whoever presses the key means every call of ours, not those of one list. */
const toEntry = ({ tenantId, number, attemptId }: OptOut) => ({
  ...{ tenantId, number, scope: { kind: "global" } as const, source: "opt_out" as const },
  reason: `pressed the opt-out key in the call ${attemptId}`,
});

async function toOverflowChannel(rooms: IvrSurroundings, { attempt, project }: IvrSession): Promise<string> {
  const { overflow } = project.ivr;
  const { tenantId, trunkId, pbxId } = attempt;
  if (overflow?.kind === "number") {
    const trunk = trunkId === null ? null : await rooms.loadTrunk(tenantId, trunkId);
    if (!trunk) throw new Error("the trunk of the call is gone");
    return rooms.toTrunkChannel(trunk, { number: overflow.number, prefix: project.prefix });
  }
  const pbx = rooms
    .telephony()
    .settings()
    .find((each) => each.tenantId === tenantId && each.id === pbxId);
  if (!pbx || !overflow) throw new Error("the PBX of the call is gone");
  return fillDialTemplate(pbx.dial.extension, { extension: overflow.extension });
}
