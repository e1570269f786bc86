// Sounds for Asterisk that need no speech: 8 kHz, mono, 16 bit.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SAMPLE_RATE, toWav } from "../../../src/dialer/audios/wav.ts";

/** `pitch` 0 is silence. */
export interface Tone {
  pitch: number;
  seconds: number;
}

/** Writes one after the other to `<folder>/<name>.wav`. */
export function writeTones(folder: string, name: string, tones: readonly Tone[]): void {
  const samples = tones.flatMap(({ pitch, seconds }) =>
    Array.from({ length: Math.round(seconds * SAMPLE_RATE) }, (_, index) =>
      Math.round(9_000 * Math.sin((2 * Math.PI * pitch * index) / SAMPLE_RATE)),
    ),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.wav`), toWav(Buffer.from(Int16Array.from(samples).buffer)));
}
