// The one form in which Enlace keeps sound: RIFF/WAVE, 8 kHz, mono, 16-bit PCM. Every Asterisk plays it, and every browser.

export const SAMPLE_RATE = 8_000;
const BYTES_PER_SECOND = SAMPLE_RATE * 2;
const HEADER_BYTES = 44;

/** A whole WAVE file of these samples (16-bit little-endian). */
export function toWav(samples: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(HEADER_BYTES - 8 + samples.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // channels
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(BYTES_PER_SECOND, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** G.711 µ-law, as in a `.ulaw` file, to 16-bit samples (ITU-T G.711, table 2a). */
export function fromUlaw(bytes: Buffer): Buffer {
  const samples = Buffer.alloc(bytes.length * 2);
  for (const [at, byte] of bytes.entries()) {
    const code = ~byte & 0xff;
    const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
    samples.writeInt16LE(code & 0x80 ? -magnitude : magnitude, at * 2);
  }
  return samples;
}

/** Milliseconds that a WAVE of ours plays; `undefined` for anything else. `head`: its first 44 bytes or more. */
export function toDurationMs(head: Buffer, sizeBytes: number): number | undefined {
  if (head.length < HEADER_BYTES || head.toString("latin1", 0, 4) !== "RIFF") return undefined;
  const isOurs =
    head.toString("latin1", 8, 16) === "WAVEfmt " &&
    head.readUInt16LE(20) === 1 &&
    head.readUInt16LE(22) === 1 &&
    head.readUInt32LE(24) === SAMPLE_RATE &&
    head.readUInt16LE(34) === 16;
  return isOurs ? Math.round(((sizeBytes - HEADER_BYTES) / BYTES_PER_SECOND) * 1000) : undefined;
}
