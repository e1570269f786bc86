import type { AgiReply } from "./reply.ts";
import { AgiHangupError, type AgiSession } from "./session.ts";

/**
 * A call in the hands of a script, in the words of a dialplan:
 *
 *   await agi.answer();
 *   const key = await agi.stream("welcome", { escape: "1#" });
 *   if (key === "1") await agi.exec("Dial", "PJSIP/101,30");
 *
 * Every method rejects with `AgiHangupError` once the caller is gone, so a script reads as if nobody ever hung up;
 * `getVariable`, `setVariable`, `verbose` and `userEvent` still work then.
 */
export interface AgiChannel {
  /** `PJSIP/trunk-00000012` */
  channel: string;
  uniqueId: string;
  /** Digits as Asterisk has them; empty when withheld. */
  callerNumber: string;
  callerName: string;
  dialedNumber: string;
  context: string;
  extension: string;
  /** Path of `agi://host/path?…`, without the slash. */
  script: string;
  readonly query: URLSearchParams;
  args: readonly string[];
  environment: ReadonlyMap<string, string>;
  readonly gone: AbortSignal;
  isHungUp(): boolean;

  answer(): Promise<void>;
  hangup(): Promise<void>;
  /** Plays a sound; resolves with the key that cut it short, or "" when it was heard to its end. `missing` files throw. */
  stream(sound: string, options?: { escape?: string; longestMs?: number }): Promise<string>;
  /** Waits for one key; "" when none came. */
  waitForDigit(timeoutMs: number): Promise<string>;
  /** Plays a sound and gathers keys until `digitsMax`, `#`, or `timeoutMs` of silence. */
  getData(sound: string, options: { timeoutMs: number; digitsMax: number; longestMs?: number }): Promise<AgiDigits>;
  /** Records until a key of `escape`, silence or `longestMs`. `file` has no extension. */
  record(file: string, options: AgiRecordOptions): Promise<AgiRecording>;
  sayDigits(digits: string, keys?: string): Promise<string>;
  /** Runs a dialplan application. Throws `RangeError` when it is not loaded. `longestMs` must cover its run. */
  exec(application: string, argument?: string, longestMs?: number): Promise<string>;
  getVariable(name: string): Promise<string | undefined>;
  setVariable(name: string, value: string): Promise<void>;
  /** Where the dialplan goes on after the script. */
  goTo(place: { context: string; extension: string; priority?: number }): Promise<void>;
  verbose(message: string): Promise<void>;
  /** Any other command, its arguments quoted. */
  command(words: string, args?: readonly (string | number)[], timeoutMs?: number): Promise<AgiReply>;
}

export interface AgiDigits {
  digits: string;
  timedOut: boolean;
}

export interface AgiRecordOptions {
  format: "wav" | "gsm" | "ulaw" | "alaw" | "sln";
  escape?: string;
  longestMs: number;
  silenceSeconds?: number;
  beep?: boolean;
}

export interface AgiRecording {
  /** Key that ended it, or "". */
  key: string;
  endedBy: "key" | "timeout" | "hangup";
  samples: number;
}

/** A sound that Asterisk could not play; the channel is still there. */
export class AgiSoundError extends Error {
  constructor(sound: string) {
    super(`Asterisk cannot play ${sound}`);
    this.name = "AgiSoundError";
  }
}

/** Replies may be late by this much beyond what the command itself takes. */
const GRACE_MS = 5_000;
const SOUND_MS_MAX = 600_000;
const APPLICATION_MS_MAX = 14_400_000;

/** Gives a session its words. */
export function createAgiChannel(session: AgiSession): AgiChannel {
  const { environment } = session;
  const run = (words: string, args: readonly (string | number)[] = [], timeoutMs?: number): Promise<AgiReply> =>
    session.command(words, args, timeoutMs);

  /** -1 is "the channel has gone" or "no such file". HANGUP comes after it, so one more reply tells them apart. */
  async function play(words: string, sound: string, args: readonly (string | number)[], ms: number): Promise<AgiReply> {
    const reply = await run(words, [sound, ...args], ms + GRACE_MS);
    if (reply.result !== "-1") return reply;
    if (!session.isHungUp()) await run("CHANNEL STATUS"); // rejects on a dead channel
    throw session.isHungUp() ? new AgiHangupError() : new AgiSoundError(sound);
  }

  async function live(words: string, args: readonly (string | number)[] = [], timeoutMs?: number): Promise<AgiReply> {
    const reply = await run(words, args, timeoutMs);
    if (reply.result === "-1") throw new AgiHangupError();
    return reply;
  }

  return {
    ...toFacts(environment),
    get query() {
      return new URLSearchParams(environment.get("agi_network_script")?.split("?", 2)[1]);
    },
    get gone() {
      return session.gone;
    },
    isHungUp: session.isHungUp,
    command: run,
    answer: async () => void (await live("ANSWER", [], 30_000)),
    hangup: async () => void (await run("HANGUP")),
    stream: async (sound, { escape: keys = "", longestMs = SOUND_MS_MAX } = {}) =>
      toKey(await play("STREAM FILE", sound, [keys], longestMs)),
    waitForDigit: async (timeoutMs) => toKey(await live("WAIT FOR DIGIT", [timeoutMs], timeoutMs + GRACE_MS)),
    getData: async (sound, { timeoutMs, digitsMax, longestMs = SOUND_MS_MAX }) => {
      const reply = await play("GET DATA", sound, [timeoutMs, digitsMax], longestMs + timeoutMs * digitsMax);
      return { digits: reply.result ?? "", timedOut: reply.data === "timeout" };
    },
    record: (file, options) => record(live, file, options),
    sayDigits: async (digits, keys = "") =>
      toKey(await live("SAY DIGITS", [digits, keys], digits.length * 3_000 + GRACE_MS)),
    exec: async (application, argument = "", longestMs = APPLICATION_MS_MAX) => {
      const reply = await run("EXEC", [application, argument], longestMs);
      if (reply.result === "-1" && session.isHungUp()) throw new AgiHangupError();
      if (reply.result === "-2") throw new RangeError(`Asterisk has no application ${application}`);
      return reply.result ?? "";
    },
    getVariable: async (name) => {
      const reply = await run("GET VARIABLE", [name]);
      return reply.result === "1" ? (reply.data ?? "") : undefined;
    },
    setVariable: async (name, value) => void (await run("SET VARIABLE", [name, value])),
    goTo: async ({ context, extension, priority = 1 }) => {
      await run("SET CONTEXT", [context]);
      await run("SET EXTENSION", [extension]);
      await run("SET PRIORITY", [priority]);
    },
    verbose: async (message) => void (await run("VERBOSE", [message, 1])),
  };
}

type Live = (words: string, args: readonly (string | number)[], timeoutMs?: number) => Promise<AgiReply>;

async function record(live: Live, file: string, options: AgiRecordOptions): Promise<AgiRecording> {
  const { format, escape: keys = "", longestMs, silenceSeconds, beep } = options;
  const args: (string | number)[] = [file, format, keys, longestMs, 0];
  if (beep) args.push("BEEP");
  if (silenceSeconds !== undefined) args.push(`s=${silenceSeconds}`);
  const reply = await live("RECORD FILE", args, longestMs + GRACE_MS);
  const key = toKey(reply);
  const endedBy = reply.data === "hangup" ? "hangup" : key === "" ? "timeout" : "key";
  return { key: endedBy === "hangup" ? "" : key, endedBy, samples: reply.endpos ?? 0 };
}

/** `result` is the ASCII code of the key, or 0. */
function toKey({ result }: AgiReply): string {
  const code = Number(result);
  return Number.isInteger(code) && code >= 32 && code < 127 ? String.fromCharCode(code) : "";
}

function toFacts(environment: ReadonlyMap<string, string>) {
  const say = (name: string): string => environment.get(name) ?? "";
  const known = (name: string): string => (environment.get(name) === "unknown" ? "" : say(name));
  const [script = ""] = say("agi_network_script").split("?", 1);
  const args: string[] = [];
  for (let index = 1; environment.has(`agi_arg_${index}`); index++) args.push(say(`agi_arg_${index}`));
  return {
    environment,
    args,
    script,
    channel: say("agi_channel"),
    uniqueId: say("agi_uniqueid"),
    callerNumber: known("agi_callerid"),
    callerName: known("agi_calleridname"),
    dialedNumber: known("agi_dnid"),
    context: say("agi_context"),
    extension: say("agi_extension"),
  };
}
