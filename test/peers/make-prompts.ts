// Speaks the built-in prompts anew, after their texts changed: `node test/peers/make-prompts.ts`. Needs espeak-ng and sox. The files
// are committed, so that neither is needed to run Enlace.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LANGUAGES, PROMPT_TEXTS } from "../../src/dialer/audios/prompt-texts.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "src", "dialer", "audios", "prompts");
const VOICES = { es: "es-419", en: "en-us", ru: "ru" } as const;
const SPEED = { es: "150", en: "150", ru: "145" } as const;
/** Silence around the words is cut, then a breath of it is put back. */
const TRIM = ["silence", "1", "0.01", "0.5%", "reverse", "silence", "1", "0.01", "0.5%", "reverse"];

const draft = mkdtempSync(join(tmpdir(), "enlace-prompts-"));
for (const language of LANGUAGES) {
  mkdirSync(join(FOLDER, language), { recursive: true });
  for (const [name, text] of Object.entries(PROMPT_TEXTS[language])) {
    const spoken = join(draft, "spoken.wav");
    execFileSync("espeak-ng", ["-v", VOICES[language], "-s", SPEED[language], "-w", spoken, "--stdin"], {
      input: text,
    });
    const form = ["-t", "ul", "-r", "8000", "-c", "1"];
    const file = join(FOLDER, language, `${name}.ulaw`);
    execFileSync("sox", ["-V1", spoken, ...form, file, ...TRIM, "pad", "0.05", "0.15", "norm", "-4"]);
  }
}
rmSync(draft, { recursive: true });
