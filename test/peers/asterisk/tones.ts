// Sounds for Asterisk that need no speech: 8 kHz, mono, 16 bit.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HERTZ = 8_000;

/** `pitch` 0 is silence. */
export interface Tone {
  pitch: number;
  seconds: number;
}

/** Writes one after the other to `<folder>/<name>.wav`. */
export function writeTones(folder: string, name: string, tones: readonly Tone[]): void {
  const samples = tones.flatMap(({ pitch, seconds }) =>
    Array.from({ length: Math.round(seconds * HERTZ) }, (_, index) =>
      Math.round(9_000 * Math.sin((2 * Math.PI * pitch * index) / HERTZ)),
    ),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.wav`), toWav(Int16Array.from(samples)));
}

/** A RIFF file of these samples. */
export function toWav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(HERTZ, 24);
  head.writeUInt32LE(HERTZ * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
