import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import type { CdrGroup } from "./cdr-groups.ts";
import { type CdrRow, toIdInstant } from "./cdr-row.ts";

/*
 * The records of a call as the events they stand for, so that the tracker, and nobody else, says what they mean: who called
 * whom, who talked, how it ended. A record is a channel that begins, the channel it reached that is rung, answered and bridged,
 * and their end. What records do not tell is supplied here and nowhere else: cause and status of a ring that failed.
 */

interface Moment {
  at: Date;
  /** Order among what happens in one instant; records keep whole seconds. */
  rank: number;
  fields: Record<string, string>;
}

const RANK = { begin: 0, ring: 1, rung: 2, up: 3, bridge: 4, end: 5 } as const;
type Step = keyof typeof RANK;

export function toAmiItems(group: CdrGroup): AmiItem[] {
  const channels = toChannels(group);
  const moments: Moment[] = [];
  const happen = (at: Date, step: Step, fields: Record<string, string>): void => {
    moments.push({ at, rank: RANK[step], fields });
  };
  for (const channel of channels.values()) {
    happen(channel.startedAt, "begin", { Event: "Newchannel", ...channel.fields });
    happen(channel.endedAt, "end", { Event: "Hangup", ...channel.fields, Cause: channel.cause });
  }
  for (const [index, row] of group.rows.entries()) tellRow(group, { row, index, channels, happen });
  moments.sort((a, b) => a.at.getTime() - b.at.getTime() || a.rank - b.rank); // stable: records stay in their order
  return moments.map(({ at, fields }) => ({
    kind: "event",
    at,
    message: new AmiMessage(Object.entries(fields).flat()),
  }));
}

interface Channel {
  startedAt: Date;
  endedAt: Date;
  cause: string;
  fields: Record<string, string>;
  /** Row in which it was first reached; `undefined` for one that came by itself. */
  firstReachedIn: CdrRow | undefined;
}

interface Telling {
  row: CdrRow;
  index: number;
  channels: ReadonlyMap<string, Channel>;
  happen(at: Date, step: Step, fields: Record<string, string>): void;
}

function tellRow(group: CdrGroup, { row, index, channels, happen }: Telling): void {
  const caller = channels.get(row.channel);
  const called = channels.get(row.destinationChannel);
  if (!caller) return;
  if (!called) {
    if (isOriginated(row)) ringOriginated(row, caller, happen);
    else if (row.answeredAt) happen(row.answeredAt, "up", { Event: "Newstate", ...caller.fields, ChannelState: "6" });
    return;
  }
  const isTalk = row.disposition === "ANSWERED" && row.answeredAt !== null;
  if (called.firstReachedIn === row) ring(group, { row, caller, called, happen });
  if (!isTalk || !row.answeredAt) return;
  const bridge = { BridgeUniqueid: `${group.id}-${index}`, BridgeType: "basic", BridgeTechnology: "simple_bridge" };
  for (const { fields } of [caller, called]) {
    happen(row.answeredAt, "up", { Event: "Newstate", ...fields, ChannelState: "6" });
    happen(row.answeredAt, "bridge", { Event: "BridgeEnter", ...fields, ...bridge });
  }
}

type Ringing = Pick<Telling, "row" | "happen"> & { caller: Channel; called: Channel };

function ring(group: CdrGroup, { row, caller, called, happen }: Ringing): void {
  const dialed = {
    ...caller.fields,
    ...Object.fromEntries(Object.entries(called.fields).map(([name, value]) => [`Dest${name}`, value])),
    DestConnectedLineNum: row.source,
    DialString: toDialString(row),
  };
  happen(row.startedAt, "ring", { Event: "DialBegin", ...dialed });
  const isTalk = row.disposition === "ANSWERED";
  const at = isTalk ? (row.answeredAt ?? row.endedAt) : row.endedAt;
  happen(at, "rung", { Event: "DialEnd", ...dialed, DialStatus: toDialStatus(group, row) });
}

/** Originate rang a phone that did not take it: there is no dialling channel. */
function ringOriginated(row: CdrRow, channel: Channel, happen: Telling["happen"]): void {
  const dialed = Object.fromEntries(Object.entries(channel.fields).map(([name, value]) => [`Dest${name}`, value]));
  happen(row.startedAt, "ring", { Event: "DialBegin", ...dialed, DestConnectedLineNum: row.source });
  const status = row.disposition === "BUSY" ? "BUSY" : row.disposition === "NO ANSWER" ? "NOANSWER" : "CONGESTION";
  happen(row.endedAt, "rung", { Event: "DialEnd", ...dialed, DialStatus: status });
}

/** The placeholder application of a channel that Originate made. */
const isOriginated = ({ application }: CdrRow): boolean => application === "AppDial2";

function toChannels(group: CdrGroup): Map<string, Channel> {
  const channels = new Map<string, Channel>();
  const meet = (row: CdrRow, name: string, found: Pick<Channel, "fields" | "firstReachedIn" | "cause">): void => {
    const known = channels.get(name);
    if (!known) channels.set(name, { startedAt: row.startedAt, endedAt: row.endedAt, ...found });
    else if (row.endedAt > known.endedAt) known.endedAt = row.endedAt;
  };
  for (const row of group.rows) {
    const { channel, destinationChannel } = row;
    if (channel !== "") meet(row, channel, { ...asCaller(group, row), firstReachedIn: undefined });
    if (destinationChannel !== "") meet(row, destinationChannel, { ...asCalled(group, row), firstReachedIn: row });
  }
  return channels;
}

/** Ids that do not look like Asterisk's own are those that somebody gave to Originate: the PBX called that channel. */
function asCaller(group: CdrGroup, row: CdrRow): Pick<Channel, "fields" | "cause"> {
  const isCalled = isOriginated(row) || row.application === "AppDial";
  const isOurs = toIdInstant(row.uniqueId) === undefined;
  const dialed =
    group.rows[0] === row || row.channel === group.rows[0].channel ? toFirstDialed(group) : row.destination;
  return {
    cause: causeOf(group, row),
    fields: {
      Channel: row.channel,
      ChannelState: isCalled || isOurs ? "0" : "4",
      CallerIDNum: row.source,
      Context: row.context,
      Exten: dialed,
      Uniqueid: row.uniqueId,
      Linkedid: group.id,
    },
  };
}

/** A blind transfer writes its target over what the caller dialled; FreePBX keeps that in `did`. */
const toFirstDialed = ({ rows: [first] }: CdrGroup): string => first.did || first.destination;

/** Its unique id stands in no record but perhaps its own; its name does as well, since it is unique within the call. */
function asCalled(group: CdrGroup, row: CdrRow): Pick<Channel, "fields" | "cause"> {
  const own = group.rows.find(({ channel }) => channel === row.destinationChannel);
  return {
    cause: causeOf(group, row),
    fields: {
      Channel: row.destinationChannel,
      ChannelState: "0",
      Uniqueid: own?.uniqueId ?? row.destinationChannel,
      Linkedid: group.id,
    },
  };
}

/** What of `PJSIP/101&PJSIP/600000011@trunk,20,tT` led to the channel that was reached. */
function toDialString({ applicationData, destinationChannel }: CdrRow): string {
  const targets = (applicationData.split(",", 1)[0] ?? "").split("&");
  const peer = destinationChannel.slice(destinationChannel.indexOf("/") + 1).replace(/-[0-9a-f]+(;[12])?$/, "");
  const target = targets.find((each) => each.includes(peer)) ?? targets[0] ?? "";
  return target.slice(target.indexOf("/") + 1);
}

/** Less than this, and nobody can have decided not to answer: the number cannot be reached. */
const RANG_MS_MIN = 2_000;

function toDialStatus(group: CdrGroup, row: CdrRow): string {
  if (row.disposition === "ANSWERED") return "ANSWER";
  if (row.disposition === "BUSY") return "BUSY";
  if (row.disposition === "NO ANSWER") return isGivenUp(group, row) ? "CANCEL" : "NOANSWER";
  return row.disposition === "CONGESTION" ? "CONGESTION" : "CHANUNAVAIL";
}

/** Q.850. `NO ANSWER` stands for every ring that came to nothing; a far end that ends it at once has no such number (1). */
function causeOf(group: CdrGroup, row: CdrRow): string {
  if (row.disposition === "BUSY") return "17";
  if (row.disposition === "CONGESTION" || row.disposition === "FAILED") return "34";
  if (row.disposition === "ANSWERED" || isGivenUp(group, row)) return "16";
  return row.endedAt.getTime() - row.startedAt.getTime() < RANG_MS_MIN && toTimeoutMs(row) > RANG_MS_MIN ? "1" : "19";
}

/** The caller hung up while it rang: the dialplan did nothing more with the channel, and the time to ring was not over. */
function isGivenUp({ rows }: CdrGroup, row: CdrRow): boolean {
  const goesOn = rows.some(
    (other) =>
      other.channel === row.channel &&
      other.startedAt >= row.endedAt &&
      other !== row &&
      other.destinationChannel !== row.destinationChannel &&
      isLater(other, row),
  );
  return !goesOn && row.endedAt.getTime() - row.startedAt.getTime() < toTimeoutMs(row) - 1_000;
}

const isLater = (other: CdrRow, row: CdrRow): boolean =>
  (other.sequence ?? 0) > (row.sequence ?? 0) || other.startedAt > row.startedAt;

/** `PJSIP/101,20,tT` rings 20 s; without a number it rings until somebody gives up. */
function toTimeoutMs({ application, applicationData }: CdrRow): number {
  const seconds = application === "Dial" ? Number(applicationData.split(",")[1] || Number.NaN) : Number.NaN;
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
}
