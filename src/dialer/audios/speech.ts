import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { say } from "../words.ts";
import type { ConvertSound } from "./convert.ts";
import type { FileCache } from "./file-cache.ts";
import type { Language } from "./prompt-texts.ts";
import type { SoundRef } from "./sound.ts";
import { toSpokenText } from "./spoken-text.ts";
import { createTurns } from "./turns.ts";

/** Speaks texts. Another one than espeak-ng is a file like espeak.ts. */
export interface SpeechEngine {
  /** Of the engine with its voices and their versions: what it says under another id is spoken anew. */
  id: string;
  /** Writes `text`, plain and bounded, as WAVE of any rate to `file`. Throws `AppError` (`unavailable`) where it cannot. */
  speak(said: { text: string; language: Language; file: string }): Promise<void>;
}

export interface Speech {
  /** Spoken before, or now: a text is spoken once for all who hear the same. Throws `AppError`. */
  ensure(said: SaidText): Promise<{ sound: SoundRef; path: string; text: string }>;
}

export interface SaidText {
  tenantId: TenantId;
  /** With variables in double braces. */
  text: string;
  variables: Readonly<Record<string, string>>;
  language: Language;
}

const AT_ONCE = 2;
const WAITING_MAX = 500;

export function createSpeech({
  engine,
  cache,
  convert,
}: {
  engine: SpeechEngine;
  /** Of the folder in which `toSoundPlace` puts things. */
  cache: FileCache;
  convert: ConvertSound;
}): Speech {
  const refusal = "Too many texts are waiting to be spoken; try again.";
  const turns = createTurns({ atOnce: AT_ONCE, waitingMax: WAITING_MAX, refusal });

  async function make(text: string, language: Language, draft: string): Promise<void> {
    const spoken = `${draft}.spoken`;
    try {
      await engine.speak({ text, language, file: spoken });
      await convert({ from: spoken, ending: "wav", to: draft });
    } finally {
      await rm(spoken, { force: true });
    }
  }

  return {
    ensure: async ({ tenantId, text: given, variables, language }) => {
      const text = toSpokenText(given, { variables, language });
      if (!/[\p{L}\p{N}]/u.test(text)) throw new AppError("conflict", say("nothingSpoken"));
      const hash = createHash("sha256").update(`${engine.id}\n${language}\n${text}`);
      const sound: SoundRef = { kind: "speech", tenantId, file: hash.digest("hex").slice(0, 32) };
      const name = join(String(tenantId), sound.file);
      const path = await cache.ensure(name, (draft) => turns.take(() => make(text, language, draft)));
      return { sound, path, text };
    },
  };
}
