// What Asterisk 16 writes for a channel, a bridge and an event, header by header; held against the real one's in fixtures/.

/** Names and values in turn, in the order of the wire. */
export type FakeFields = readonly string[];

export interface FakeChannel {
  name: string;
  /** `101`, `trunk`, `102@from-internal`. */
  peer: string;
  uniqueId: string;
  linkedId: string;
  /** 0 Down · 4 Ring · 5 Ringing · 6 Up. */
  state: 0 | 4 | 5 | 6;
  number: string;
  callerName: string;
  connectedNumber: string;
  connectedName: string;
  context: string;
  exten: string;
  priority: number;
  application: string;
  data: string;
  startedAt: Date;
  bridge: FakeBridge | undefined;
  variables: Map<string, string>;
}

export interface FakeBridge {
  id: string;
  members: Set<FakeChannel>;
}

export const UNKNOWN = "<unknown>";
const STATES = { 0: "Down", 4: "Ring", 5: "Ringing", 6: "Up" } as const;

export const CAUSES: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "Unallocated (unassigned) number",
  16: "Normal Clearing",
  17: "User busy",
  21: "Call Rejected",
  26: "Answered elsewhere",
  34: "Circuit/channel congestion",
  41: "Temporary failure",
  127: "Interworking, unspecified",
};

export function toChannelFields(channel: FakeChannel, prefix = ""): string[] {
  return [
    ...[`${prefix}Channel`, channel.name],
    ...[`${prefix}ChannelState`, String(channel.state), `${prefix}ChannelStateDesc`, STATES[channel.state]],
    ...[`${prefix}CallerIDNum`, channel.number, `${prefix}CallerIDName`, channel.callerName],
    ...[`${prefix}ConnectedLineNum`, channel.connectedNumber, `${prefix}ConnectedLineName`, channel.connectedName],
    ...[`${prefix}Language`, "en", `${prefix}AccountCode`, ""],
    ...[`${prefix}Context`, channel.context, `${prefix}Exten`, channel.exten],
    ...[`${prefix}Priority`, String(channel.priority)],
    ...[`${prefix}Uniqueid`, channel.uniqueId, `${prefix}Linkedid`, channel.linkedId],
  ];
}

export function toBridgeFields(bridge: FakeBridge, prefix = ""): string[] {
  return [
    ...[`${prefix}BridgeUniqueid`, bridge.id, `${prefix}BridgeType`, "basic"],
    ...[`${prefix}BridgeTechnology`, "simple_bridge", `${prefix}BridgeCreator`, UNKNOWN],
    ...[`${prefix}BridgeName`, UNKNOWN, `${prefix}BridgeNumChannels`, String(bridge.members.size)],
    ...[`${prefix}BridgeVideoSourceMode`, "none"],
  ];
}

/** An item of CoreShowChannels. */
export function toListedChannel(channel: FakeChannel, now: Date): string[] {
  return [
    ...toChannelFields(channel),
    ...["Application", channel.application, "ApplicationData", channel.data],
    ...["Duration", toDuration(now.getTime() - channel.startedAt.getTime()), "BridgeId", channel.bridge?.id ?? ""],
  ];
}

/** An item of Status; the real one has a dozen more headers about codecs. */
export function toChannelStatus(channel: FakeChannel, now: Date): string[] {
  return [
    ...["Privilege", "Call", ...toChannelFields(channel), "Type", channel.name.split("/", 1)[0] ?? "", "DNID", ""],
    ...["EffectiveConnectedLineNum", channel.connectedNumber, "EffectiveConnectedLineName", channel.connectedName],
    ...["TimeToHangup", "0", "BridgeID", channel.bridge?.id ?? ""],
    ...["Application", channel.application, "Data", channel.data],
    ...["Seconds", String(Math.round((now.getTime() - channel.startedAt.getTime()) / 1000))],
  ];
}

/** The message as bytes. */
export function toBytes(fields: FakeFields): string {
  let text = "";
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Class of an event, by which logins choose what they hear. */
export function toEventClass(event: string): string {
  if (/^(Queue|Agent)/.test(event)) return "agent";
  if (event === "Cdr") return "cdr";
  return event === "FullyBooted" ? "system" : "call";
}

function toDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
