// A web server of a PBX with one recording on it: a second of a tone, as WAV.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";

const RATE = 8_000;

/** Its address; it ends with the test file. */
export async function startTone(): Promise<string> {
  const sound = toWav(Array.from({ length: RATE }, (_, at) => Math.sin((at / RATE) * 2 * Math.PI * 440) * (at / RATE)));
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "audio/wav", "content-length": sound.length }).end(sound);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tone.wav`;
}

/** 16 bits, one channel. */
function toWav(samples: readonly number[]): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  for (const [at, sample] of samples.entries()) data.writeInt16LE(Math.round(sample * 32_000), at * 2);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
