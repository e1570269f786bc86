import { type IvrChannel, toMishap } from "./ivr-channel.ts";

/** How a second party was rung, in Asterisk's words and seconds. */
export interface DialResult {
  /** ANSWER, BUSY, NOANSWER, CANCEL (the person hung up), CHANUNAVAIL, CONGESTION, …; empty: Dial did not run. */
  status: string;
  waitSeconds: number;
  talkSeconds: number;
}

export interface DialWish {
  /** `PJSIP/34600000001@trunk` */
  channel: string;
  ringSeconds: number;
  /** What the other side sees, as carriers are told numbers: in full, without the plus. Absent: the person's own number, as the channel has it. */
  callerId?: string;
  /** What the person hears meanwhile. */
  waitsWith: "ringing" | "music";
}

/** A conversation that is longer holds a line by mistake. */
const TALK_SECONDS_MAX = 7_200;
const GRACE_MS = 30_000;
/** As telephony checks it before an Originate; a comma or an ampersand would be another argument or another phone. */
const CHANNEL = /^[A-Za-z0-9]+\/[A-Za-z0-9_.@/:+*#-]{1,200}$/;

/**
 * Rings the other side and, when it answers, lets both talk to the end. A person who hangs up, before or after, is told by the
 * status and not by an error: Asterisk keeps its variables for a dead channel.
 */
export async function dialOther(channel: IvrChannel, wish: DialWish): Promise<DialResult> {
  if (!CHANNEL.test(wish.channel)) return { status: "", waitSeconds: 0, talkSeconds: 0 };
  if (wish.callerId !== undefined) await channel.setVariable("CALLERID(num)", wish.callerId.replace(/^\+/, ""));
  const options = `${wish.waitsWith === "music" ? "m" : "r"}gS(${TALK_SECONDS_MAX})`;
  const longestMs = (wish.ringSeconds + TALK_SECONDS_MAX) * 1_000 + GRACE_MS;
  try {
    await channel.exec("Dial", `${wish.channel},${wish.ringSeconds},${options}`, longestMs);
  } catch (error) {
    if (toMishap(error, channel) !== "hung_up") throw error;
  }
  const status = (await channel.getVariable("DIALSTATUS")) ?? "";
  const dialedSeconds = toSeconds(await channel.getVariable("DIALEDTIME"));
  const talkSeconds = status === "ANSWER" ? toSeconds(await channel.getVariable("ANSWEREDTIME")) : 0;
  return { status, waitSeconds: Math.max(0, dialedSeconds - talkSeconds), talkSeconds };
}

const toSeconds = (text: string | undefined): number => (text && /^\d{1,9}$/.test(text) ? Number(text) : 0);
