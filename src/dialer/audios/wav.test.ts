import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT_NAMES } from "../project.ts";
import { LANGUAGES } from "./prompt-texts.ts";
import { loadPrompt } from "./prompts.ts";
import { fromUlaw, toDurationMs, toWav } from "./wav.ts";

test("µ-law becomes the samples that G.711 says: both silences, the loudest, and a step in between", () => {
  const samples = fromUlaw(Buffer.from([0xff, 0x7f, 0x80, 0x00, 0xef, 0x6f]));
  assert.deepEqual([...new Int16Array(samples.buffer, samples.byteOffset, 6)], [0, 0, 32_124, -32_124, 132, -132]);
});

test("a WAVE tells how long it plays, and only one of ours does", () => {
  const second = toWav(Buffer.alloc(16_000));
  assert.equal(toDurationMs(second, second.length), 1000);
  const stereo = Buffer.from(second);
  stereo.writeUInt16LE(2, 22);
  assert.equal(toDurationMs(stereo, stereo.length), undefined);
  assert.equal(toDurationMs(Buffer.from("RIFF"), 4), undefined);
});

test("every built-in prompt is there in every language: a second or more, and not silence", async () => {
  for (const language of LANGUAGES) {
    for (const name of PROMPT_NAMES) {
      const wav = await loadPrompt(language, name);
      const durationMs = toDurationMs(wav, wav.length) ?? 0;
      assert.ok(durationMs >= 1000 && durationMs <= 7000, `${language}/${name}: ${durationMs} ms`);
      const loudest = Math.max(...new Int16Array(wav.buffer, wav.byteOffset + 44, 8_000));
      assert.ok(loudest > 8_000, `${language}/${name} is loud: ${loudest}`);
    }
  }
});
