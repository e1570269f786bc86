import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import {
  CAUSES,
  type FakeBridge,
  type FakeChannel,
  type FakeFields,
  toBridgeFields,
  toChannelFields,
  toEventClass,
  UNKNOWN,
} from "./fake-wire.ts";

/*
 * Channels and bridges, and what Asterisk says when they change. Knows nothing of calls: what happens to them is the
 * dialplan's. Every change says its own event, so that a story cannot forget one.
 */
export interface FakeSwitch {
  readonly clock: Clock;
  readonly random: Random;
  /** Live channels by Uniqueid. */
  channels: ReadonlyMap<string, FakeChannel>;
  /** By name, Uniqueid, or `/regular expression/`, as the action Hangup takes it. */
  find(name: string): FakeChannel | undefined;
  open(leg: NewLeg): FakeChannel;
  tell(event: string, ...parts: readonly FakeFields[]): void;
  /** Says an event about a channel, with more headers after its own. */
  say(event: string, channel: FakeChannel, more?: FakeFields): void;
  state(channel: FakeChannel, state: 5 | 6): void;
  /** Whom a channel is shown. */
  connect(channel: FakeChannel, number: string, name: string): void;
  bridge(): FakeBridge;
  enter(bridge: FakeBridge, channel: FakeChannel): void;
  leave(channel: FakeChannel): void;
  destroy(bridge: FakeBridge): void;
  hangUp(channel: FakeChannel, cause: number): void;
}

export interface NewLeg {
  /** `PJSIP/101`, `Local/102@from-internal`. */
  channel: string;
  /** 4 came by itself, 0 was called. */
  state: 0 | 4;
  number?: string;
  name?: string;
  context: string;
  exten: string;
  /** Absent: begins a Linkedid of its own. */
  linkedId?: string;
  uniqueId?: string;
  application: string;
  data: string;
  /** Name of a half of a Local channel: without the counter of its own. */
  half?: string;
}

export interface FakeSwitchOptions {
  clock: Clock;
  random: Random;
  /** Members of the queue, whose state is told as well. */
  queue: { name: string; members: readonly string[] };
  emit(fields: FakeFields, eventClass: string): void;
}

export function createFakeSwitch({ clock, random, queue, emit }: FakeSwitchOptions): FakeSwitch {
  const channels = new Map<string, FakeChannel>();
  const byName = new Map<string, FakeChannel>();
  const devices = createDevices(tell, queue);
  const loggedInAt = toSeconds(clock.now());
  let opened = 0;
  let named = 0;

  function tell(event: string, ...parts: readonly FakeFields[]): void {
    const eventClass = toEventClass(event);
    const head = ["Event", event, "Privilege", `${eventClass},all`, "Timestamp", toTimestamp(clock.now())];
    emit(head.concat(...parts), eventClass);
  }

  const say = (event: string, channel: FakeChannel, more: FakeFields = []): void =>
    tell(event, toChannelFields(channel), more);

  const self: FakeSwitch = {
    ...{ clock, random, channels, tell, say },
    find: (name) => {
      const pattern = /^\/(.*)\/$/.exec(name)?.[1];
      const isIt =
        pattern === undefined ? (each: string) => each === name : (each: string) => new RegExp(pattern).test(each);
      return channels.get(name) ?? byName.get(name) ?? [...channels.values()].find((channel) => isIt(channel.name));
    },
    open: (leg) => {
      const uniqueId = leg.uniqueId ?? `${toSeconds(clock.now())}.${opened}`;
      opened++;
      const channel: FakeChannel = {
        name: leg.half ?? `${leg.channel}-${(named++).toString(16).padStart(8, "0")}`,
        peer: leg.channel.slice(leg.channel.indexOf("/") + 1),
        uniqueId,
        linkedId: leg.linkedId ?? uniqueId,
        state: leg.state,
        number: leg.number ?? UNKNOWN,
        callerName: leg.name ?? UNKNOWN,
        connectedNumber: UNKNOWN,
        connectedName: UNKNOWN,
        context: leg.context,
        exten: leg.exten,
        priority: 1,
        application: leg.application,
        data: leg.data,
        startedAt: clock.now(),
        bridge: undefined,
        variables: new Map(),
      };
      channels.set(uniqueId, channel);
      byName.set(channel.name, channel);
      say("Newchannel", channel);
      return channel;
    },
    state: (channel, state) => {
      channel.state = state;
      say("Newstate", channel);
      devices.note(channel, loggedInAt);
    },
    connect: (channel, number, name) => {
      channel.connectedNumber = number;
      channel.connectedName = name;
      say("NewConnectedLine", channel);
    },
    bridge: () => {
      const bridge: FakeBridge = { id: random.uuid(), members: new Set() };
      tell("BridgeCreate", toBridgeFields(bridge));
      return bridge;
    },
    enter: (bridge, channel) => {
      bridge.members.add(channel);
      channel.bridge = bridge;
      tell("BridgeEnter", toBridgeFields(bridge), toChannelFields(channel));
    },
    leave: (channel) => {
      const { bridge } = channel;
      if (!bridge) return;
      bridge.members.delete(channel);
      channel.bridge = undefined;
      tell("BridgeLeave", toBridgeFields(bridge), toChannelFields(channel));
    },
    destroy: (bridge) => tell("BridgeDestroy", toBridgeFields(bridge)),
    hangUp: (channel, cause) => {
      if (!channels.delete(channel.uniqueId)) return;
      byName.delete(channel.name);
      say("Hangup", channel, ["Cause", String(cause), "Cause-txt", CAUSES[cause] ?? "Unknown"]);
      devices.forget(channel, loggedInAt);
    },
  };
  return self;
}

type DeviceState = "NOT_INUSE" | "RINGING" | "INUSE";
const QUEUE_STATUS: Readonly<Record<DeviceState, string>> = { NOT_INUSE: "1", INUSE: "2", RINGING: "6" };

/** What the phones' lamps show: told when it changes, for queue members twice. */
function createDevices(tell: FakeSwitch["tell"], queue: FakeSwitchOptions["queue"]) {
  const busy = new Map<string, Map<string, DeviceState>>();
  const shown = new Map<string, DeviceState>();

  function show(peer: string, loggedInAt: string): void {
    const states = new Set(busy.get(peer)?.values());
    const state = states.has("INUSE") ? "INUSE" : states.has("RINGING") ? "RINGING" : "NOT_INUSE";
    if (state === (shown.get(peer) ?? "NOT_INUSE")) return;
    shown.set(peer, state);
    tell("DeviceStateChange", ["Device", `PJSIP/${peer}`, "State", state]);
    if (queue.members.includes(peer)) {
      const location = `PJSIP/${peer}`;
      tell("QueueMemberStatus", ["Queue", queue.name, ...toMemberFields(location, QUEUE_STATUS[state], loggedInAt)]);
    }
  }

  return {
    note: (channel: FakeChannel, loggedInAt: string): void => {
      if (channel.name.startsWith("Local/")) return;
      const states = busy.get(channel.peer) ?? new Map<string, DeviceState>();
      busy.set(channel.peer, states.set(channel.uniqueId, channel.state === 5 ? "RINGING" : "INUSE"));
      if (states.size <= LAMP_CHANNELS_MAX) show(channel.peer, loggedInAt);
    },
    forget: (channel: FakeChannel, loggedInAt: string): void => {
      const states = busy.get(channel.peer);
      if (!states?.delete(channel.uniqueId)) return;
      if (states.size === 0) busy.delete(channel.peer);
      if (states.size <= LAMP_CHANNELS_MAX) show(channel.peer, loggedInAt);
    },
  };
}

/** A trunk with hundreds of calls is in use whatever one of them does. */
const LAMP_CHANNELS_MAX = 20;

const toMemberFields = (location: string, status: string, loggedInAt: string): string[] => [
  ...["MemberName", location, "Interface", location, "StateInterface", location, "Membership", "static"],
  ...["Penalty", "0", "CallsTaken", "0", "LastCall", "0", "LastPause", "0", "LoginTime", loggedInAt, "InCall", "0"],
  ...["Status", status, "Paused", "0", "PausedReason", "", "Ringinuse", "1", "Wrapuptime", "0"],
];

const toSeconds = (at: Date): string => String(Math.floor(at.getTime() / 1000));
const toTimestamp = (at: Date): string => `${(at.getTime() / 1000).toFixed(3)}000`;
