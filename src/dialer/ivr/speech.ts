import { toErrorMessage } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import { createDeadline } from "../../kit/clock.ts";
import type { IvrSettings, PromptName } from "../project.ts";
import { type IvrChannel, toMishap } from "./ivr-channel.ts";
import type { IvrOptions, IvrSession, Playable } from "./ivr-session.ts";

/** The message, or what stands in for it, cannot be had. */
export class UnplayableError extends Error {
  constructor(reason: string) {
    super(`the message cannot be played: ${reason}`);
    this.name = "UnplayableError";
  }
}

/** What one callee hears. `keys`: those that cut it short; resolves with the one that did, or "". */
export interface Speech {
  /** Throws `UnplayableError` or `AgiSoundError`. */
  message(keys: string): Promise<string>;
  /** For a machine: its own message, or the same as for people. Throws likewise. */
  machineMessage(): Promise<void>;
  /** A prompt that cannot be had is left out: the call goes on without. */
  prompt(name: PromptName, keys?: string): Promise<string>;
}

/** Synthesising a text the first time takes a moment; nobody waits longer in silence. */
const PREPARE_MS = 8_000;
const MESSAGE_MS_MAX = 300_000;
const PROMPT_MS_MAX = 60_000;

export interface SpeechOptions extends Pick<IvrOptions, "toPlayable" | "clock" | "log"> {
  channel: IvrChannel;
  session: IvrSession;
  pbxId: RowId;
  countMissing(what: PromptName): void;
}

/** The message is prepared at once, while AMD listens. */
export function createSpeech(options: SpeechOptions): Speech {
  const { channel, session, log } = options;
  const { ivr, language } = session.project;
  const isTalked = session.project.mode === "ivr";
  const message = isTalked ? prepare(options, toMessage(session)) : undefined;

  /** Nobody waits for speech that is still being made when the person has gone. */
  const take = async (prepared: Prepared | undefined): Promise<string> => {
    const made = await Promise.race([prepared, toRejection(channel.gone)]);
    if (made && "sound" in made) return made.sound;
    throw new UnplayableError(made?.problem ?? "none is set");
  };

  return {
    message: async (keys) => await channel.stream(await take(message), { escape: keys, longestMs: MESSAGE_MS_MAX }),
    machineMessage: async () => {
      const own = ivr.machineAudioId === null ? message : prepare(options, { audioId: ivr.machineAudioId });
      await channel.stream(await take(own), { longestMs: MESSAGE_MS_MAX });
    },
    prompt: async (name, keys = "") => {
      const audioId = ivr.prompts[name];
      try {
        const sound = await take(prepare(options, audioId === undefined ? { prompt: name, language } : { audioId }));
        return await channel.stream(sound, { escape: keys, longestMs: PROMPT_MS_MAX });
      } catch (error) {
        if (toMishap(error, channel) !== "sound_missing") throw error;
        options.countMissing(name);
        log.warn({ attemptId: session.attempt.id, prompt: name, reason: toErrorMessage(error) }, "ivr.prompt_missing");
        return "";
      }
    },
  };
}

type Prepared = Promise<{ sound: string } | { problem: string }>;

/** Never rejects: what is prepared may never be asked for. */
async function prepare({ toPlayable, clock, session, pbxId }: SpeechOptions, wish: Playable | undefined): Prepared {
  if (!wish) return { problem: "the project has neither an audio nor a text" };
  const { signal, release } = createDeadline(clock, PREPARE_MS);
  try {
    const made = toPlayable({ ...wish, tenantId: session.attempt.tenantId, pbxId });
    return { sound: await Promise.race([made, toRejection(signal)]) };
  } catch (error) {
    return { problem: toErrorMessage(error) };
  } finally {
    release();
  }
}

const toRejection = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

function toMessage({ project, attempt }: IvrSession): Playable | undefined {
  const { audioId, text }: IvrSettings = project.ivr;
  if (audioId !== null) return { audioId };
  if (text !== null) return { text, variables: attempt.variables, language: project.language };
  return undefined;
}
