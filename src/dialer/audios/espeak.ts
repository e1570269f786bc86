import { AppError } from "../../core/errors.ts";
import { say } from "../words.ts";
import type { RunProgram } from "./program.ts";
import type { Language } from "./prompt-texts.ts";
import type { SpeechEngine } from "./speech.ts";

const VOICES: Record<Language, string> = { es: "es-419", en: "en-us", ru: "ru" };
/** A little slower than it likes: telephones take the high sounds away. */
const WORDS_PER_MINUTE = 150;
const TIMEOUT_MS = 20_000;

/** espeak-ng of this machine. The text goes in by its input, never as an argument: no text is an option. */
export function createEspeak(run: RunProgram): SpeechEngine {
  return {
    id: `espeak-ng ${WORDS_PER_MINUTE} ${Object.values(VOICES).join(" ")}`,
    speak: async ({ text, language, file }) => {
      const args = ["-v", VOICES[language], "-s", String(WORDS_PER_MINUTE), "-b", "1", "-w", file, "--stdin"];
      const result = await run({ command: "espeak-ng", args, input: text, timeoutMs: TIMEOUT_MS });
      if (result.kind === "ended" && result.code === 0) return;
      const reason =
        result.kind === "missing" ? "install the package espeak-ng" : `espeak-ng failed (${toReason(result)})`;
      throw new AppError("unavailable", say("cannotSpeak", { reason }));
    },
  };
}

function toReason(result: { kind: "ended"; code: number | null } | { kind: "timeout" }): string {
  return result.kind === "timeout" ? `not within ${TIMEOUT_MS / 1000} s` : `code ${result.code}`;
}
