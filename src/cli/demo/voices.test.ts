import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startVoices, toConversation } from "./voices.ts";
import { toTone, toWav, WAV_RATE } from "./wav.ts";

const voices = await startVoices();
after(() => voices.stop());

test("the recording of a call is a sound that players take, the same each time and another for another call", async () => {
  const answer = await fetch(voices.toUrl("demo-1"));
  assert.equal(answer.headers.get("content-type"), "audio/wav");
  const heard = Buffer.from(await answer.arrayBuffer());
  assert.equal(heard.toString("latin1", 0, 4), "RIFF");
  assert.equal(heard.readUInt32LE(4), heard.length - 8);
  assert.deepEqual(heard, toConversation("demo-1"));
  assert.notDeepEqual(heard, toConversation("demo-2"));
  assert.equal((await fetch(voices.toUrl("demo-1"), { method: "HEAD" })).status, 200);
});

test("there is nothing but recordings", async () => {
  for (const path of ["/", "/recordings/", "/recordings/..%2Fsecret.wav"])
    assert.equal((await fetch(new URL(path, voices.toUrl("x")))).status, 404);
});

test("a tone lasts as long as it was asked to", () => {
  const wav = toWav(1.5, toTone(440));
  assert.equal(wav.readUInt32LE(40), 1.5 * WAV_RATE * 2);
  assert.ok(wav.subarray(44).some((byte) => byte !== 0));
});
