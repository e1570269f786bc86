import { parseChannelName } from "../tracker/channel-name.ts";

/** What AMI tells of a channel or a device, by header. */
export interface Fields {
  get(name: string): string | undefined;
}

export interface PhoneChannel {
  extension: string;
  state: "ringing" | "dialing" | "talking";
  sinceAt: Date;
  /** Who is at the other end, as the PBX writes it. */
  other: string | null;
}

/** The channels of a PBX that are extensions' own. Each function returns whose picture changed, if anybody's. */
export interface PhoneChannels {
  begin(message: Fields, at: Date): string | undefined;
  goOn(message: Fields, at: Date): string | undefined;
  end(id: string): string | undefined;
  ids(): string[];
  has(id: string): boolean;
  /** What says most of the extension: somebody who talks may be rung for another call. */
  find(extension: string): PhoneChannel | undefined;
}

const STATES: Readonly<Record<string, PhoneChannel["state"]>> = { 5: "ringing", 6: "talking" };
const RANK = ["talking", "ringing", "dialing"] as const;

export function createPhoneChannels(extensionOf: (peer: string) => string | undefined): PhoneChannels {
  const channels = new Map<string, PhoneChannel>();
  const byExtension = new Map<string, Set<string>>();
  return {
    ids: () => [...channels.keys()],
    has: (id) => channels.has(id),
    begin: (message, at) => {
      const name = message.get("Channel") ?? "";
      const extension = name.startsWith("Local/") ? undefined : extensionOf(parseChannelName(name).peer);
      if (extension === undefined) return undefined;
      const id = message.get("Uniqueid") ?? "";
      channels.set(id, { extension, state: toState(message), sinceAt: at, other: toOther(message) });
      byExtension.set(extension, (byExtension.get(extension) ?? new Set()).add(id));
      return extension;
    },
    goOn: (message, at) => {
      const channel = channels.get(message.get("Uniqueid") ?? "");
      if (!channel) return undefined;
      const state = toState(message);
      if (state !== channel.state) Object.assign(channel, { state, sinceAt: at });
      channel.other = toOther(message) ?? channel.other;
      return channel.extension;
    },
    end: (id) => {
      const extension = channels.get(id)?.extension;
      if (extension === undefined) return undefined;
      channels.delete(id);
      const own = byExtension.get(extension);
      own?.delete(id);
      if (own?.size === 0) byExtension.delete(extension);
      return extension;
    },
    find: (extension) => {
      const mine = [...(byExtension.get(extension) ?? [])].flatMap((id) => channels.get(id) ?? []);
      return RANK.map((state) => mine.find((channel) => channel.state === state)).find((found) => found !== undefined);
    },
  };
}

const toState = (message: Fields): PhoneChannel["state"] => STATES[message.get("ChannelState") ?? ""] ?? "dialing";

function toOther(message: Fields): string | null {
  const number = message.get("ConnectedLineNum");
  return number === undefined || number === "" || number === "<unknown>" ? null : number;
}
