const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;
/** What telephones carry, samples a second. */
export const WAV_RATE = 8_000;

/** A sound of one channel, 16 bits a sample: `toLevel(second)` from -1 to 1. No converter is needed to play it. */
export function toWav(seconds: number, toLevel: (second: number) => number): Buffer {
  const samples = Math.round(seconds * WAV_RATE);
  const wav = Buffer.alloc(HEADER_BYTES + samples * SAMPLE_BYTES);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16); // bytes of the format
  wav.writeUInt16LE(1, 20); // plain samples
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(WAV_RATE, 24);
  wav.writeUInt32LE(WAV_RATE * SAMPLE_BYTES, 28);
  wav.writeUInt16LE(SAMPLE_BYTES, 32);
  wav.writeUInt16LE(SAMPLE_BYTES * 8, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(samples * SAMPLE_BYTES, 40);
  for (let n = 0; n < samples; n++)
    wav.writeInt16LE(Math.round(32_767 * toLevel(n / WAV_RATE)), HEADER_BYTES + n * SAMPLE_BYTES);
  return wav;
}

/** Of one pitch, in hertz. */
export const toTone =
  (hertz: number, loudness = 0.25) =>
  (second: number): number =>
    loudness * Math.sin(2 * Math.PI * hertz * second);
