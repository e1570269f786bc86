// The web server on which the made-up PBX keeps its recordings: two voices that take turns, without a word.
import { hash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toTone, toWav } from "./wav.ts";

export interface Voices {
  /** Where the recording of this call is heard. */
  toUrl(callUuid: string): string;
  stop(): Promise<void>;
}

const PATH = /^\/recordings\/([\w.-]{1,100})\.wav$/;
const TURN_SECONDS = 1.6;
const SYLLABLES_PER_SECOND = 4;

export async function startVoices(): Promise<Voices> {
  const server = createServer((request, response) => {
    const [, callUuid] = PATH.exec(request.url ?? "") ?? [];
    if (callUuid === undefined) return void response.writeHead(404).end();
    const wav = toConversation(callUuid);
    response.writeHead(200, { "content-type": "audio/wav", "content-length": wav.length });
    response.end(request.method === "HEAD" ? undefined : wav);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    toUrl: (callUuid) => `http://127.0.0.1:${port}/recordings/${callUuid}.wav`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The same call always sounds the same, and no two alike. */
export function toConversation(callUuid: string): Buffer {
  const chance = hash("sha256", callUuid, "buffer");
  const byte = (index: number): number => (chance[index % chance.length] ?? 0) / 255;
  const pitches = [toTone(110 + 50 * byte(0)), toTone(190 + 70 * byte(1))] as const;
  return toWav(6 + 8 * byte(2), (second) => {
    const turn = Math.floor(second / TURN_SECONDS);
    const speaker = pitches[byte(turn + 3) < 0.5 ? 0 : 1];
    const syllable = Math.floor(second * SYLLABLES_PER_SECOND);
    const swell = Math.abs(Math.sin(Math.PI * SYLLABLES_PER_SECOND * second));
    return speaker(second) * swell * (0.25 + 0.75 * byte(syllable + 7));
  });
}
