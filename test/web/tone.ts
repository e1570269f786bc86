// A web server of a PBX with one recording on it: a second of a tone, as WAV.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { SAMPLE_RATE, toWav } from "../../src/dialer/audios/wav.ts";

/** Its address; it ends with the test file. */
export async function startTone(): Promise<string> {
  const samples = Int16Array.from({ length: SAMPLE_RATE }, (_, at) => {
    const seconds = at / SAMPLE_RATE;
    return Math.round(Math.sin(seconds * 2 * Math.PI * 440) * seconds * 32_000);
  });
  const sound = toWav(Buffer.from(samples.buffer));
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "audio/wav", "content-length": sound.length }).end(sound);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tone.wav`;
}
