import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PromptName } from "../project.ts";
import type { Language } from "./prompt-texts.ts";
import { fromUlaw, toWav } from "./wav.ts";

/** Shipped as 8 kHz µ-law, half the size of what is played; spoken by espeak-ng, see test/peers/make-prompts.ts. */
const FOLDER = join(import.meta.dirname, "prompts");

/** A built-in prompt as a WAVE of ours. */
export async function loadPrompt(language: Language, name: PromptName): Promise<Buffer> {
  return toWav(fromUlaw(await readFile(join(FOLDER, language, `${name}.ulaw`))));
}
