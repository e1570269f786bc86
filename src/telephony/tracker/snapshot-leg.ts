import type { AmiMessage } from "../ami/message.ts";
import type { Leg } from "./tracked-call.ts";

/**
 * Whether a channel came to the PBX by itself. A new one is then in state Ring (4), a called one Down (0); in a snapshot the
 * called ones run AppDial, AppQueue or what Originate gave them.
 */
export function isEntered(message: AmiMessage): boolean {
  const application = message.get("Application");
  if (application === undefined || message.get("Event") === "Newchannel") return message.get("ChannelState") === "4";
  return application !== "" && !/^App(Dial|Queue)/.test(application);
}

/** A channel that we meet in a snapshot: what it dialled is only known from DNID or where it stands now. */
export function toSnapshotLeg(leg: Leg, channel: AmiMessage): Leg {
  const dialed = channel.get("DNID") || leg.dialed;
  return { ...leg, dialed, shown: channel.get("ConnectedLineNum") || undefined };
}

/** When a channel of a snapshot began: `Duration` is `hh:mm:ss`, Status has `Seconds`. */
export function toStartedAt(channel: AmiMessage, at: Date): Date {
  const [seconds = 0, minutes = 0, hours = 0] = (channel.get("Duration") ?? "").split(":").map(Number).reverse();
  const age = Number(channel.get("Seconds") ?? hours * 3600 + minutes * 60 + seconds);
  return new Date(at.getTime() - (Number.isFinite(age) ? age * 1000 : 0));
}
