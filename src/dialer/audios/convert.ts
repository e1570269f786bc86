import { copyFile, open } from "node:fs/promises";
import { AppError, toFieldError } from "../../core/errors.ts";
import { say } from "../words.ts";
import type { ProgramResult, RunProgram } from "./program.ts";
import { createTurns } from "./turns.ts";
import { SAMPLE_RATE, toDurationMs } from "./wav.ts";

/** What may be uploaded, by its ending. */
export const AUDIO_ENDINGS = ["wav", "gsm", "ulaw", "alaw", "sln", "mp3", "ogg", "flac", "m4a"] as const;
export type AudioEnding = (typeof AUDIO_ENDINGS)[number];

/** Makes a WAVE of ours (8 kHz, mono, 16 bit) at `to` of the file `from`. Throws `AppError` for what cannot be read. */
export type ConvertSound = (sound: {
  from: string;
  ending: AudioEnding;
  to: string;
  signal?: AbortSignal;
}) => Promise<void>;

/** The longest sound that is kept. */
export const DURATION_SECONDS_MAX = 3_600;
const TIMEOUT_MS = 120_000;
const AT_ONCE = 2;
const WAITING_MAX = 20;

/** How sox and ffmpeg call each form; those without a header say what is in them. `null`: it cannot read it at all. */
const FORMS: Record<AudioEnding, { sox: readonly string[] | null; ffmpeg: readonly string[] }> = {
  wav: { sox: ["-t", "wav"], ffmpeg: ["-f", "wav"] },
  gsm: { sox: ["-t", "gsm", "-r", "8000", "-c", "1"], ffmpeg: ["-f", "gsm"] },
  ulaw: { sox: ["-t", "ul", "-r", "8000", "-c", "1"], ffmpeg: ["-f", "mulaw", "-ar", "8000", "-ac", "1"] },
  alaw: { sox: ["-t", "al", "-r", "8000", "-c", "1"], ffmpeg: ["-f", "alaw", "-ar", "8000", "-ac", "1"] },
  sln: {
    sox: ["-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-r", "8000", "-c", "1"],
    ffmpeg: ["-f", "s16le", "-ar", "8000", "-ac", "1"],
  },
  mp3: { sox: ["-t", "mp3"], ffmpeg: ["-f", "mp3"] },
  ogg: { sox: ["-t", "ogg"], ffmpeg: ["-f", "ogg"] },
  flac: { sox: ["-t", "flac"], ffmpeg: ["-f", "flac"] },
  m4a: { sox: null, ffmpeg: ["-f", "mov"] },
};

/** Converts with sox, with ffmpeg where sox is not there or cannot; two at a time. */
export function createConvertSound(run: RunProgram): ConvertSound {
  const refusal = "Too many sounds are being converted; try again.";
  const turns = createTurns({ atOnce: AT_ONCE, waitingMax: WAITING_MAX, refusal });
  return (sound) =>
    turns.take(async () => {
      if (sound.ending === "wav" && (await isOurForm(sound.from))) return copyFile(sound.from, sound.to);
      const bySox = await runSox(run, sound);
      if (isDone(bySox)) return;
      if (bySox !== null && !lacksForm(bySox)) throw toRefusal(bySox, "sox");
      const byFfmpeg = await runFfmpeg(run, sound);
      if (byFfmpeg.kind === "missing") throw toMissing(sound.ending, bySox);
      if (!isDone(byFfmpeg)) throw toRefusal(byFfmpeg, "ffmpeg");
    });
}

type Sound = Parameters<ConvertSound>[0];

/** Such a file needs no program: it is taken as it is. */
async function isOurForm(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null); // the program says it better
  if (!file) return false;
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(44), 0, 44, 0);
    const durationMs = toDurationMs(buffer, size);
    const isPlain = buffer.toString("latin1", 36, 40) === "data" && buffer.readUInt32LE(40) === size - buffer.length;
    return isPlain && durationMs !== undefined && durationMs <= DURATION_SECONDS_MAX * 1000;
  } finally {
    await file.close();
  }
}

async function runSox(run: RunProgram, { from, ending, to, signal }: Sound): Promise<ProgramResult | null> {
  const form = FORMS[ending].sox;
  if (form === null) return null;
  const output = ["-t", "wav", "-e", "signed-integer", "-b", "16", "-r", String(SAMPLE_RATE), "-c", "1", to];
  const args = ["-V1", "--no-dither", ...form, from, ...output, "trim", "0", String(DURATION_SECONDS_MAX + 1)];
  return run({ command: "sox", args, timeoutMs: TIMEOUT_MS, signal });
}

/** It may open the file it is given and nothing else, whatever stands in that. */
function runFfmpeg(run: RunProgram, { from, ending, to, signal }: Sound): Promise<ProgramResult> {
  const input = ["-protocol_whitelist", "file", ...FORMS[ending].ffmpeg, "-i", `file:${from}`];
  const form = ["-vn", "-sn", "-dn", "-ac", "1", "-ar", String(SAMPLE_RATE), "-c:a", "pcm_s16le"];
  const plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-t", String(DURATION_SECONDS_MAX + 1), "-f", "wav"];
  const args = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", ...input, ...form, ...plain, `file:${to}`];
  return run({ command: "ffmpeg", args, timeoutMs: TIMEOUT_MS, signal });
}

const isDone = (result: ProgramResult | null): boolean => result?.kind === "ended" && result.code === 0;

/** sox is not there, or was built without this form (Debian: libsox-fmt-mp3). */
const lacksForm = (result: ProgramResult): boolean =>
  result.kind === "missing" ||
  (result.kind === "ended" && /no handler for (given|detected) file type/i.test(result.output));

function toMissing(ending: AudioEnding, bySox: ProgramResult | null): AppError {
  const packages = ending === "mp3" ? "sox with libsox-fmt-mp3" : "sox";
  if (bySox === null) return new AppError("unavailable", say("needsFfmpeg", { ending }));
  return new AppError("unavailable", say("needsSox", { ending, packages }));
}

function toRefusal(result: ProgramResult, program: string): AppError {
  if (result.kind === "timeout")
    return toFieldError("file", say("conversionSlow", { program, seconds: TIMEOUT_MS / 1000 }));
  const said = result.kind === "ended" ? toSentence(result.output) : "";
  return toFieldError("file", said ? say("notSoundSays", { program, said }) : say("notSound", { program }));
}

/** Its last line, without the paths of this machine. */
function toSentence(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  return line
    .replaceAll(/(file:)?`?\/[^\s:'`]+'?/g, "the file")
    .replaceAll(/\p{Cc}/gu, "")
    .slice(0, 200);
}
