import type { FakeCalls } from "./fake-calls.ts";
import type { FakeAction } from "./fake-manager.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toChannelStatus, toListedChannel, UNKNOWN } from "./fake-wire.ts";

export interface FakeActionOptions {
  sw: FakeSwitch;
  calls: FakeCalls;
  queue: { name: string; members: readonly string[] };
  isExtension(text: string): boolean;
}

type Act = (action: FakeAction, options: FakeActionOptions) => void;

const succeed = (action: FakeAction, message: string): void =>
  action.answer(["Response", "Success", "Message", message]);
const fail = (action: FakeAction, message: string): void => action.answer(["Response", "Error", "Message", message]);

/** What this PBX can be asked for. Anything else is `Invalid/unknown command`, as in the real one. */
const ACTIONS: Readonly<Record<string, Act>> = {
  ping: (action, { sw }) => {
    const timestamp = (sw.clock.now().getTime() / 1000).toFixed(6);
    action.answer(["Response", "Success", "Ping", "Pong", "Timestamp", timestamp]);
  },
  coreshowchannels: (action, { sw }) =>
    action.list({
      message: "Channels will follow",
      event: "CoreShowChannel",
      complete: "CoreShowChannelsComplete",
      items: [...sw.channels.values()].map((channel) => toListedChannel(channel, sw.clock.now())),
    }),
  status: (action, { sw }) =>
    action.list({
      message: "Channel status will follow",
      event: "Status",
      complete: "StatusComplete",
      items: [...sw.channels.values()].map((channel) => toChannelStatus(channel, sw.clock.now())),
    }),
  corestatus: (action, { calls }) =>
    action.answer(["Response", "Success", ...STARTED, "CoreCurrentCalls", String(calls.live.size)]),
  coresettings: (action) =>
    action.answer(["Response", "Success", "AMIversion", "5.0.4", "AsteriskVersion", "16.28.0~dfsg-0+deb11u10"]),
  queuestatus: (action, { queue, calls }) => {
    const waiting = [...calls.live.values()].filter(({ expected, talk }) => expected.kind === "queue" && !talk).length;
    action.answer(["Response", "Success", "EventList", "start", "Message", "Queue status will follow"]);
    action.answer(["Event", "QueueParams", "Queue", queue.name, ...QUEUE, "Calls", String(waiting)]);
    for (const member of queue.members) {
      const location = ["Name", `PJSIP/${member}`, "Location", `PJSIP/${member}`, "StateInterface", `PJSIP/${member}`];
      action.answer(["Event", "QueueMember", "Queue", queue.name, ...location, "Status", "1", "Paused", "0"]);
    }
    const items = String(queue.members.length + 1);
    action.answer(["Event", "QueueStatusComplete", "EventList", "Complete", "ListItems", items]);
  },
  listcommands: (action) => action.answer(["Response", "Success", ...COMMANDS.flat()]),
  originate: (action, options) => originate(action, options),
  hangup: (action, { sw, calls }) => {
    const channel = sw.find(action.get("Channel") ?? "");
    if (!channel) return fail(action, "No such channel");
    succeed(action, "Channel Hungup");
    calls.hangUp(channel);
  },
  redirect: (action, options) => {
    const channel = find(action, options, (name) => `Channel does not exist: ${name}`);
    if (!channel) return;
    const place = { context: action.get("Context") ?? "", extension: action.get("Exten") ?? "" };
    if (options.calls.redirect(channel, place)) succeed(action, "Redirect successful");
    else fail(action, "Redirect failed, channel not up.");
  },
  blindtransfer: (action, options) => transfer(action, options, "blind"),
  atxfer: (action, options) => transfer(action, options, "attended"),
  getvar: (action, { sw }) => {
    const name = action.get("Variable") ?? "";
    const value = sw.find(action.get("Channel") ?? "")?.variables.get(name) ?? "";
    action.answer(["Response", "Success", "Variable", name, "Value", value]);
  },
  setvar: (action, { sw }) => {
    sw.find(action.get("Channel") ?? "")?.variables.set(action.get("Variable") ?? "", action.get("Value") ?? "");
    succeed(action, "Variable Set");
  },
};

const STARTED = ["CoreStartupDate", "2026-01-01", "CoreStartupTime", "00:00:00"];
const QUEUE = ["Max", "0", "Strategy", "ringall"];
const COMMANDS: readonly (readonly [string, string])[] = [
  ["Atxfer", "Attended transfer.  (Priv: call,all)"],
  ["BlindTransfer", "Blind transfer channel(s) to the given destination  (Priv: call,all)"],
  ["CoreShowChannels", "List currently active channels.  (Priv: system,reporting,all)"],
  ["CoreStatus", "Show PBX core status variables.  (Priv: system,reporting,all)"],
  ["CoreSettings", "Show PBX core settings (version etc).  (Priv: system,reporting,all)"],
  ["Getvar", "Gets a channel variable or function value.  (Priv: call,reporting,all)"],
  ["Hangup", "Hangup channel.  (Priv: system,call,all)"],
  ["Originate", "Originate a call.  (Priv: originate,all)"],
  ["Ping", "Keepalive command.  (Priv: <none>)"],
  ["QueueStatus", "Show queue status.  (Priv: <none>)"],
  ["Redirect", "Redirect (transfer) a call.  (Priv: call,all)"],
  ["Setvar", "Sets a channel variable or function value.  (Priv: call,all)"],
  ["Status", "List channel status.  (Priv: system,call,reporting,all)"],
];

/** Carries out one action of a session that is logged in. */
export function carryOut(action: FakeAction, options: FakeActionOptions): void {
  const act = ACTIONS[action.name];
  if (act) act(action, options);
  else {
    const name = action.get("Action") ?? "";
    fail(action, `Invalid/unknown command: ${name}. Use Action: ListCommands to show available commands.`);
  }
}

function find(
  action: FakeAction,
  { sw }: FakeActionOptions,
  refuse: (name: string) => string,
): FakeChannel | undefined {
  const name = action.get("Channel") ?? "";
  const channel = sw.find(name);
  if (!channel) fail(action, refuse(name));
  return channel;
}

function transfer(action: FakeAction, options: FakeActionOptions, kind: "blind" | "attended"): void {
  const channel = find(action, options, () => "Channel specified does not exist");
  if (!channel) return;
  if (!options.calls.transfer(channel, action.get("Exten") ?? "", kind)) fail(action, "Channel not bridged");
  else succeed(action, kind === "blind" ? "Transfer succeeded" : "Atxfer successfully queued");
}

const EXTENSION_CHANNEL = /^(?:PJSIP|SIP)\/([^@/]+)$/;
const TRUNK_CHANNEL = /^(?:PJSIP|SIP)\/(\+?[\d*#]+)@([\w-]+)$/;

/** Phones of this PBX and, if there is an outside, its numbers can be rung; any other channel fails with Reason 0. */
function originate(action: FakeAction, { sw, calls, isExtension }: FakeActionOptions): void {
  const channel = action.get("Channel") ?? "";
  const [, extension = ""] = EXTENSION_CHANNEL.exec(channel) ?? [];
  const [, number = "", trunk = ""] = TRUNK_CHANNEL.exec(channel) ?? [];
  const id = action.get("ChannelId");
  if (id !== undefined && sw.channels.has(id)) {
    fail(action, "Uniqueid is already in use");
    return;
  }
  succeed(action, "Originate successfully queued");
  const shown = /(\+?[\d*#]+)>?\s*$/.exec(action.get("CallerID") ?? "")?.[1] ?? UNKNOWN;
  const to = action.get("Exten") ?? "";
  const context = action.get("Context") ?? "";
  const respond = (isAnswered: boolean, reason: number, name: string): void =>
    sw.tell("OriginateResponse", [
      ...["ActionID", action.get("ActionID") ?? "", "Response", isAnswered ? "Success" : "Failure"],
      ...["Channel", name, "Context", context, "Exten", to, "Reason", String(reason)],
      ...["Uniqueid", id ?? UNKNOWN, "CallerIDNum", shown, "CallerIDName", UNKNOWN],
    ]);
  const ring = { id, shown, ringMsMax: Number(action.get("Timeout") ?? 30_000) };
  const onEnd = (isAnswered: boolean, reason: number, leg: FakeChannel): void =>
    respond(isAnswered, reason, isAnswered ? leg.name : `PJSIP/${leg.peer}`);
  const call = isExtension(extension)
    ? calls.click({ ...ring, extension, to, onEnd })
    : number === ""
      ? undefined
      : calls.outcall({ ...ring, number, trunk, place: { context, extension: to }, onEnd });
  if (!call) {
    sw.clock.after(1, () => respond(false, 0, channel));
    return;
  }
  for (const text of action.all("Variable")) {
    const equals = text.indexOf("=");
    if (equals > 0) call.origin.variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
}
