// What the carrier's people and machines say, as sound that AMD tells apart by its length and pauses: no speech is needed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const RATE = 8_000;
type Sound = (second: number) => number;

const silence: Sound = () => 0;
/** Rough as a voice is: some harmonics of 140 Hz that swell and fade. */
const voice: Sound = (at) =>
  (0.35 + 0.15 * Math.sin(2 * Math.PI * 5 * at)) *
  ([1, 2, 3, 5].reduce((sum, harmonic) => sum + Math.sin(2 * Math.PI * 140 * harmonic * at) / harmonic, 0) / 2);
/**
 * Writes `human.ul`, `machine.ul` and `silence.ul`: raw mu-law, which the carrier plays round and round, so that AMD comes to the
 * same however late it begins to listen and whatever a busy machine tears out of the sound. A person says one word and is quiet
 * for longer than AMD waits after a greeting; a machine says everything in one breath.
 */
export function createGreetings(folder: string): void {
  const write = (name: string, parts: [Sound, number][]): void => writeFileSync(join(folder, name), toMuLaw(parts));
  write("human.ul", [
    [silence, 0.4],
    [voice, 0.5],
    [silence, 6],
  ]);
  write("machine.ul", [[voice, 4]]);
  write("silence.ul", [[silence, 4]]);
}

function toMuLaw(parts: [Sound, number][]): Buffer {
  return Buffer.concat(
    parts.map(([sound, seconds]) =>
      Buffer.from(Array.from({ length: Math.round(seconds * RATE) }, (_, index) => encode(sound(index / RATE)))),
    ),
  );
}

/** One sample of -1 … 1 by ITU-T G.711. */
function encode(sample: number): number {
  const magnitude = Math.min(Math.abs(Math.round(sample * 32_767)), 32_635) + 132;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}
