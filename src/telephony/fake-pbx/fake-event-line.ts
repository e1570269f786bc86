import type { FakeFields } from "./fake-wire.ts";

/**
 * One event as a line that can be compared: what happened, to whom, and what Asterisk knew of both ends then. Counters, times
 * and ids are left out; `undefined` for events that depend on the machine rather than on the call.
 */
export function toEventLine(fields: FakeFields): string | undefined {
  const get = (name: string): string | undefined => {
    for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return fields[index + 1];
    return undefined;
  };
  const event = get("Event") ?? "";
  if (event === "DeviceStateChange" || event === "QueueMemberStatus" || event === "Cdr") return undefined;
  const side = (prefix: string): string | undefined => {
    const channel = get(`${prefix}Channel`);
    if (channel === undefined) return undefined;
    if (get(`${prefix}CallerIDNum`) === undefined) return toPeer(channel);
    const ends = `${get(`${prefix}CallerIDNum`)}>${get(`${prefix}ConnectedLineNum`)}`;
    const place = `${get(`${prefix}Context`)},${get(`${prefix}Exten`)},${get(`${prefix}Priority`)}`;
    return `${toPeer(channel)}:${get(`${prefix}ChannelState`)} ${ends} ${place}`;
  };
  if (event === "DialState") return `DialState | ${toPeer(get("DestChannel") ?? "")} | ${get("DialStatus")}`; // its state races
  const sides = ["", "Dest", "Transferer", "Transferee", "OrigTransferer", "LocalOne", "LocalTwo"].map(side);
  const more = [
    "DialStatus",
    "DialString",
    "Cause",
    "Cause-txt",
    "BridgeNumChannels",
    "Position",
    "Count",
    "Queue",
  ].map(get);
  const result = ["Result", "Response", "Reason", "IsExternal", "Extension", "DestType"].map(get);
  return [event, ...sides, ...more, ...result].filter((part) => part !== undefined && part !== "").join(" | ");
}

const toPeer = (channel: string): string => channel.replace(/^PJSIP\//, "").replace(/-[0-9a-f]{8}(?=;|$)/, "");

/** The lines of each channel in their order: what Asterisk says of two channels at once may come either way round. */
export function toLinesByChannel(events: readonly FakeFields[]): Record<string, string[]> {
  const lines = events.map(toEventLine).filter((line) => line !== undefined);
  const byChannel = Map.groupBy(lines, (line) => {
    const [event = "", channel = ""] = line.split(" | ");
    return event === "DialState" || event === "OriginateResponse" ? event : (channel.split(":")[0] ?? "");
  });
  byChannel.get("DialState")?.sort();
  return Object.fromEntries([...byChannel].sort(([a], [b]) => (a < b ? -1 : 1)));
}
