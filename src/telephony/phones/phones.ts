import { createPhoneChannels, type Fields } from "./phone-channels.ts";

/*
 * What the phones of one PBX do, for people who look at them:
 *
 *   heard of ──▶ free ── its channel rings ──▶ ringing ── taken ──▶ talking ── last channel gone ──▶ free
 *                 │ └── calls out ──▶ dialing ─────────────────────▲
 *                 └── the PBX cannot reach it ──▶ offline
 *
 * Beside its state a phone may be paused (do not disturb, or paused in every queue that it is a member of), and rest: a campaign
 * let it ring in vain and leaves it alone for a while. Away is who must not be rung: paused, or in a call of which only the state
 * of the phone tells.
 */
export type PhoneState = "free" | "ringing" | "dialing" | "talking" | "offline";

export interface Phone {
  extension: string;
  state: PhoneState;
  sinceAt: Date;
  other: string | null;
  paused: boolean;
  pauseReason: string | null;
  restsUntilAt: Date | null;
}

export type PhoneItem =
  | { kind: "event"; message: Fields; at: Date }
  | { kind: "snapshot"; channels: readonly Fields[]; at: Date }
  | { kind: "lost"; at: Date };

export interface Phones {
  take(item: PhoneItem): void;
  /** Extension → until when; those that are not in it do not rest. */
  noteResting(resting: ReadonlyMap<string, Date>, at: Date): void;
  /** Phones whose picture is another than it was given out, at most `max`; the others come with the next. */
  takeChanged(max: number): Phone[];
  /** Extensions that are paused or whose phone is in use, as they are now: always the same set; `changes` counts how often it was another. */
  away(): { extensions: ReadonlySet<string>; changes: number };
  /** What was heard of queues is forgotten: they are about to be listed anew. */
  forgetQueues(): void;
}

/** What is known of a phone beside its channels. */
interface Heard {
  isReachable: boolean;
  isQuiet: boolean;
  /** Its devices that the PBX says are in use, whether a channel of theirs was heard of or not. */
  used: Set<string>;
  /** Queue → whether it is paused there, and why. */
  queues: Map<string, { isPaused: boolean; reason: string | null }>;
  freeSinceAt: Date;
  restsUntilAt: Date | null;
  /** As it was last given out; empty: not yet. */
  shown: string;
}

/** More names than any PBX has phones: of what comes beyond nothing is kept. */
const PHONES_MAX = 20_000;

export function createPhones(extensionOf: (peer: string) => string | undefined): Phones {
  const channels = createPhoneChannels(extensionOf);
  const heard = new Map<string, Heard>();
  const changed = new Set<string>();
  const away = { extensions: new Set<string>(), changes: 0 };

  function noteAway(extension: string, own: Heard): void {
    const { extensions } = away;
    if (extensions.has(extension) === isAway(own)) return;
    away.changes++;
    if (!extensions.delete(extension)) extensions.add(extension);
  }

  function note(extension: string | undefined, at: Date, change: (own: Heard) => void = () => undefined): void {
    if (extension === undefined || (!heard.has(extension) && heard.size >= PHONES_MAX)) return;
    const own = heard.get(extension) ?? createHeard(at);
    heard.set(extension, own);
    change(own);
    changed.add(extension);
    noteAway(extension, own);
  }

  const end = (id: string, at: Date): void =>
    note(channels.end(id), at, (own) => void Object.assign(own, { freeSinceAt: at }));

  function takeEvent(message: Fields, at: Date): void {
    const event = message.get("Event") ?? "";
    if (event === "Newchannel") note(channels.begin(message, at), at);
    else if (event === "Newstate" || event === "NewConnectedLine") note(channels.goOn(message, at), at);
    else if (event === "Hangup") end(message.get("Uniqueid") ?? "", at);
    else if (event === "DeviceStateChange") {
      const device = parseDevice(message, extensionOf);
      const isNews = device !== undefined && (device.state !== "UNKNOWN" || heard.has(device.extension));
      if (isNews) note(device.extension, at, (own) => applyDevice(own, device, at));
    } else if (OF_MEMBERS.has(event)) {
      const member = parseMember(message, extensionOf);
      if (member) note(member.extension, at, (own) => applyMember(own, member, event));
    }
  }

  /** What is not in it has ended; of what is in it the instants that are known stay. All is given out anew. */
  function takeSnapshot(list: readonly Fields[], at: Date): void {
    const alive = new Set(list.map((channel) => channel.get("Uniqueid") ?? ""));
    for (const id of channels.ids()) if (!alive.has(id)) end(id, at);
    for (const channel of list) {
      const isKnown = channels.has(channel.get("Uniqueid") ?? "");
      note(isKnown ? channels.goOn(channel, at) : channels.begin(channel, toBeginning(channel, at)), at);
    }
    for (const extension of heard.keys()) note(extension, at, (own) => void Object.assign(own, { shown: "" }));
  }

  return {
    take: (item) => {
      if (item.kind === "event") takeEvent(item.message, item.at);
      else if (item.kind === "snapshot") takeSnapshot(item.channels, item.at);
    },
    noteResting: (resting, at) => {
      for (const extension of new Set([...resting.keys(), ...heard.keys()])) {
        const until = resting.get(extension) ?? null;
        if (heard.get(extension)?.restsUntilAt?.getTime() === until?.getTime()) continue;
        note(extension, at, (own) => void Object.assign(own, { restsUntilAt: until }));
      }
    },
    takeChanged: (max) => {
      const phones: Phone[] = [];
      for (const extension of changed) {
        if (phones.length >= max) break;
        changed.delete(extension);
        const own = heard.get(extension);
        if (!own) continue;
        const phone = toPhone(extension, own, channels.find(extension));
        const shown = JSON.stringify(phone);
        if (own.shown === shown) continue;
        own.shown = shown;
        phones.push(phone);
      }
      return phones;
    },
    away: () => away,
    forgetQueues: () => {
      for (const [extension, own] of heard) {
        own.queues.clear();
        noteAway(extension, own);
      }
    },
  };
}

const createHeard = (at: Date): Heard => ({
  ...{
    isReachable: true,
    isQuiet: false,
    used: new Set(),
    queues: new Map(),
    freeSinceAt: at,
    restsUntilAt: null,
    shown: "",
  },
});

function toPhone(extension: string, own: Heard, busy: Pick<Phone, "state" | "sinceAt" | "other"> | undefined): Phone {
  const pauses = listPauses(own);
  return {
    extension,
    state: busy?.state ?? (own.isReachable ? "free" : "offline"),
    sinceAt: busy?.sinceAt ?? own.freeSinceAt,
    other: busy?.other ?? null,
    paused: own.isQuiet || pauses.length > 0,
    pauseReason: pauses.find(({ reason }) => reason !== null)?.reason ?? null,
    restsUntilAt: own.restsUntilAt,
  };
}

/** Of somebody who is paused in every queue; of anybody else none. */
function listPauses({ queues }: Heard): { reason: string | null }[] {
  const pauses = [...queues.values()].filter(({ isPaused }) => isPaused);
  return pauses.length === queues.size ? pauses : [];
}

const isAway = (own: Heard): boolean => own.isQuiet || own.used.size > 0 || listPauses(own).length > 0;

const DEVICE = /^(?:PJSIP|SIP|IAX2|SCCP|DAHDI)\/([^@/]+)$/i;
const LOCAL_MEMBER = /^Local\/(\d+)@/;
const DO_NOT_DISTURB = /^Custom:(?:DEV)?DND(\d+)$/i;
const OUT_OF_REACH: ReadonlySet<string> = new Set(["UNAVAILABLE", "INVALID"]);
const IN_USE: ReadonlySet<string> = new Set(["INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"]);
const MEMBER_GONE = "QueueMemberRemoved";
const OF_MEMBERS: ReadonlySet<string> = new Set([
  ...["QueueMember", "QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus", MEMBER_GONE],
]);

interface Device {
  extension: string;
  device: string;
  isDoNotDisturb: boolean;
  state: string;
}

function parseDevice(message: Fields, extensionOf: (peer: string) => string | undefined): Device | undefined {
  const [device, state] = [message.get("Device") ?? "", message.get("State") ?? ""];
  const [, quiet] = DO_NOT_DISTURB.exec(device) ?? [];
  const [, peer] = DEVICE.exec(device) ?? [];
  const extension = quiet ?? (peer === undefined ? undefined : extensionOf(peer));
  return extension === undefined ? undefined : { extension, device, isDoNotDisturb: quiet !== undefined, state };
}

function applyDevice(own: Heard, { device, isDoNotDisturb, state }: Device, at: Date): void {
  if (isDoNotDisturb) own.isQuiet = state === "INUSE";
  else {
    const isReachable = !OUT_OF_REACH.has(state);
    if (own.isReachable !== isReachable) own.freeSinceAt = at;
    own.isReachable = isReachable;
    if (IN_USE.has(state)) own.used.add(device);
    else own.used.delete(device);
  }
}

type Member = NonNullable<ReturnType<typeof parseMember>>;

function applyMember(own: Heard, member: Member, event: string): void {
  if (event === MEMBER_GONE) own.queues.delete(member.queue);
  else own.queues.set(member.queue, member);
}

function parseMember(message: Fields, extensionOf: (peer: string) => string | undefined) {
  const place = message.get("StateInterface") || message.get("Interface") || message.get("Location") || "";
  const [, peer] = DEVICE.exec(place) ?? [];
  const extension = LOCAL_MEMBER.exec(place)?.[1] ?? (peer === undefined ? undefined : extensionOf(peer));
  const queue = message.get("Queue");
  if (extension === undefined || queue === undefined) return undefined;
  const reason = message.get("PausedReason") || message.get("Reason") || null;
  return { extension, queue, isPaused: message.get("Paused") === "1", reason };
}

/** `Duration: 00:01:15` of a listed channel. */
function toBeginning(message: Fields, at: Date): Date {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d)$/.exec(message.get("Duration") ?? "") ?? [];
  if (hours === undefined) return at;
  return new Date(at.getTime() - (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
}
