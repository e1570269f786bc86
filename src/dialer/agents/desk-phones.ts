/*
 * The phones at the desks of one PBX, as its events tell:
 *
 *   unheard ── snapshot, and who is away is known ──▶ free ── a channel of theirs, or kept for a person ──▶ busy ── gone, given back ──▶ free
 *                            └── not picked up ──▶ resting ── a while ──▶ free       └ unreachable while the PBX says so
 *
 * A phone is free when it has no channel, the PBX can reach it, nobody is on the way to it and it was not left to ring lately; and
 * its owner is not away: paused, or in a call that is none of the channels here.
 * Of what was never said about a phone the good is believed: one that is not there is found out by the first call to it.
 */
export interface DeskPhones {
  take(items: readonly DeskItem[]): void;
  /** Extensions that must not be rung, from now on; `null`: nobody knows, so nobody is free. */
  noteAway(extensions: ReadonlySet<string> | null): void;
  /** Extensions of these that are free, the one that has been free longest first. */
  listFree(extensions: readonly string[], nowMs: number): string[];
  /** Those that were left to ring lately, and until when they are left alone. */
  listResting(nowMs: number): Map<string, Date>;
  /** Keeps it from everybody else; `giveBack` ends it, and says whether it was picked up. */
  keep(extension: string): void;
  giveBack(extension: string, end: { answered: boolean; nowMs: number }): void;
  /** Called whenever something may have become free. */
  onFree(listener: () => void): () => void;
}

interface Fields {
  get(name: string): string | undefined;
}
export type DeskItem =
  | { kind: "event"; message: Fields; at: Date }
  | { kind: "snapshot"; channels: readonly Fields[]; at: Date }
  | { kind: "lost"; at: Date };

/** A phone that was left to ring is not rung again for this long: its owner is away. */
const REST_MS = 30_000;
const REACHABLE = new Set(["NOT_INUSE", "INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD", "UNKNOWN"]);
const PEER = /^(?:PJSIP|SIP|IAX2|SCCP|DAHDI)\/(.+?)-[0-9a-f]{6,}(?:;\d)?$/i;
const DEVICE = /^(?:PJSIP|SIP|IAX2|SCCP|DAHDI)\/([^@]+)$/i;

/** `toExtension`: whose phone a peer is; a peer that nobody named is its own extension. */
export function createDeskPhones(toExtension: (peer: string) => string): DeskPhones {
  /** Channel's id → extension. */
  let channels = new Map<string, string>();
  let isHeard = false;
  const unreachable = new Set<string>();
  const kept = new Set<string>();
  const restUntilMs = new Map<string, number>();
  const freeSinceMs = new Map<string, number>();
  const listeners = new Set<() => void>();
  let away: ReadonlySet<string> | null = null;
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const toOwner = (channel: string | undefined): string | undefined => {
    const peer = PEER.exec(channel ?? "")?.[1];
    return peer === undefined ? undefined : toExtension(peer);
  };

  function takeEvent(message: Fields, at: Date): void {
    const id = message.get("Uniqueid") ?? "";
    const event = message.get("Event");
    if (event === "Newchannel") {
      const owner = toOwner(message.get("Channel"));
      if (owner !== undefined) channels.set(id, owner);
    } else if (event === "Hangup") {
      const owner = channels.get(id);
      if (owner === undefined) return;
      channels.delete(id);
      freeSinceMs.set(owner, at.getTime());
      tell();
    } else if (event === "DeviceStateChange") takeState(message);
  }

  function takeState(message: Fields): void {
    const peer = DEVICE.exec(message.get("Device") ?? "")?.[1];
    if (peer === undefined) return;
    if (REACHABLE.has(message.get("State") ?? "")) unreachable.delete(toExtension(peer));
    else unreachable.add(toExtension(peer));
    tell();
  }

  function takeSnapshot(list: readonly Fields[]): void {
    channels = new Map();
    for (const channel of list) {
      const owner = toOwner(channel.get("Channel"));
      if (owner !== undefined) channels.set(channel.get("Uniqueid") ?? "", owner);
    }
    isHeard = true;
    tell();
  }

  return {
    take: (items) => {
      for (const item of items) {
        if (item.kind === "event") takeEvent(item.message, item.at);
        else if (item.kind === "snapshot") takeSnapshot(item.channels);
        else isHeard = false;
      }
    },
    noteAway: (extensions) => {
      away = extensions;
      tell();
    },
    listFree: (extensions, nowMs) => {
      if (!isHeard || away === null) return [];
      const absent = away;
      const busy = new Set(channels.values());
      const isFree = (extension: string): boolean =>
        !busy.has(extension) &&
        !kept.has(extension) &&
        !unreachable.has(extension) &&
        !absent.has(extension) &&
        (restUntilMs.get(extension) ?? 0) <= nowMs;
      const since = (extension: string): number => freeSinceMs.get(extension) ?? 0;
      return [...new Set(extensions)].filter(isFree).sort((a, b) => since(a) - since(b));
    },
    listResting: (nowMs) =>
      new Map([...restUntilMs].flatMap(([extension, ms]) => (ms > nowMs ? [[extension, new Date(ms)]] : []))),
    keep: (extension) => void kept.add(extension),
    giveBack: (extension, { answered, nowMs }) => {
      kept.delete(extension);
      freeSinceMs.set(extension, nowMs);
      if (answered) restUntilMs.delete(extension);
      else restUntilMs.set(extension, nowMs + REST_MS);
      tell();
    },
    onFree: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
