import type { AmdSettings } from "../project.ts";
import { type IvrChannel, toMishap } from "./ivr-channel.ts";

// Answering machine detection: Asterisk's AMD(), which listens to the first seconds and counts words and silences.

/** What the older dialer ran with. */
export const OLDER_AMD: AmdSettings = {
  enabled: true,
  initialSilenceMs: 1500,
  greetingMs: 1000,
  afterGreetingSilenceMs: 500,
  totalAnalysisMs: 3000,
  minimumWordMs: 100,
  betweenWordsMs: 50,
  maximumWords: 3,
  silenceThreshold: 256,
};

export interface Detection {
  /** HUMAN, MACHINE, NOTSURE, HANGUP, or empty where AMD did not run. */
  status: string;
  /** The word before the figures: `MAXWORDS-3-2` is MAXWORDS. */
  cause: string;
}

/** Asterisk reads the audio that comes in; without any it waits in steps, so it may take a little longer than it was told. */
const GRACE_MS = 10_000;

/** Throws what the channel throws, but a hang-up: that is the status HANGUP. An Asterisk without AMD throws `RangeError`. */
export async function detectMachine(channel: IvrChannel, settings: AmdSettings): Promise<Detection> {
  try {
    await channel.exec("AMD", toAmdArguments(settings), settings.totalAnalysisMs + GRACE_MS);
  } catch (error) {
    if (toMishap(error, channel) !== "hung_up") throw error;
    return { status: "HANGUP", cause: "" };
  }
  const status = (await channel.getVariable("AMDSTATUS")) ?? "";
  const cause = (await channel.getVariable("AMDCAUSE")) ?? "";
  return { status, cause: cause.split("-", 1)[0] ?? "" };
}

/** Commas: with bars, as the older dialer had them, Asterisk reads one argument and takes its own defaults for the others. */
export function toAmdArguments(settings: AmdSettings): string {
  const { initialSilenceMs, greetingMs, afterGreetingSilenceMs, totalAnalysisMs } = settings;
  const { minimumWordMs, betweenWordsMs, maximumWords, silenceThreshold } = settings;
  return [
    ...[initialSilenceMs, greetingMs, afterGreetingSilenceMs, totalAnalysisMs],
    ...[minimumWordMs, betweenWordsMs, maximumWords, silenceThreshold],
  ].join(",");
}
