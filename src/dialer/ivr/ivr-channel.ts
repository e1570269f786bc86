/**
 * The call in the hands of the IVR: the part of telephony's `AgiChannel` that it uses, with the same meaning. Rooms do not know
 * each other, so what happened is told by the names of the errors, not by their classes.
 */
export interface IvrChannel {
  uniqueId: string;
  /** Aborts when the person or the connection is gone. */
  readonly gone: AbortSignal;
  isHungUp(): boolean;
  answer(): Promise<void>;
  hangup(): Promise<void>;
  stream(sound: string, options?: { escape?: string; longestMs?: number }): Promise<string>;
  waitForDigit(timeoutMs: number): Promise<string>;
  exec(application: string, argument?: string, longestMs?: number): Promise<string>;
  getVariable(name: string): Promise<string | undefined>;
  setVariable(name: string, value: string): Promise<void>;
}

/** Why a step of a call was not carried out. */
export type Mishap = "hung_up" | "line_lost" | "sound_missing" | "application_missing" | "fault";

/** The caller is gone is told first: whatever else failed, failed because of it. */
export function toMishap(error: unknown, channel: Pick<IvrChannel, "isHungUp">): Mishap {
  const name = error instanceof Error ? error.name : "";
  if (name === "AgiHangupError") return "hung_up";
  if (name === "AgiClosedError") return channel.isHungUp() ? "hung_up" : "line_lost";
  if (name === "AgiSoundError" || name === "UnplayableError") return "sound_missing";
  if (name === "RangeError") return "application_missing";
  return "fault";
}
