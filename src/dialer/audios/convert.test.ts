import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "../../kit/clock.ts";
import { type ConvertSound, createConvertSound } from "./convert.ts";
import { createRunProgram, type ProgramCall, type ProgramResult } from "./program.ts";
import { toDurationMs, toWav } from "./wav.ts";

type Answers = Partial<Record<string, ProgramResult>>;
const DONE: ProgramResult = { kind: "ended", code: 0, output: "" };
const MISSING: ProgramResult = { kind: "missing" };

/** The programs of a machine: what is not named is not there. */
function createMachine(answers: Answers): { calls: ProgramCall[]; convert: ConvertSound } {
  const calls: ProgramCall[] = [];
  const convert = createConvertSound(async (call) => {
    calls.push(call);
    return answers[call.command] ?? MISSING;
  });
  return { calls, convert };
}
const sound = (ending: Parameters<ConvertSound>[0]["ending"]) => ({ from: "/data/in.x", ending, to: "/data/out.wav" });

test("with neither sox nor ffmpeg the refusal says what to install", async () => {
  const { convert } = createMachine({});
  await assert.rejects(convert(sound("mp3")), {
    code: "unavailable",
    message: /install the package sox with libsox-fmt-mp3, or ffmpeg/,
  });
  await assert.rejects(convert(sound("m4a")), { code: "unavailable", message: /m4a needs ffmpeg/ });
});

test("a WAVE that is of our form already needs no program, and one that says another length does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "enlace-convert-"));
  t.after(() => rm(folder, { recursive: true }));
  const { convert } = createMachine({});
  const ours = toWav(Buffer.alloc(1_600, 7));
  const paths = { from: join(folder, "in"), ending: "wav", to: join(folder, "out.wav") } as const;
  await writeFile(paths.from, ours);
  await convert(paths);
  assert.deepEqual(await readFile(paths.to), ours);
  await writeFile(paths.from, Buffer.concat([ours, Buffer.alloc(10)]));
  await assert.rejects(convert(paths), { code: "unavailable" });
});

test("ffmpeg takes over where sox is not there, cannot read the form, or never could", async () => {
  const lacks: ProgramResult = {
    kind: "ended",
    code: 2,
    output: "sox FAIL formats: no handler for given file type `mp3'",
  };
  for (const [answers, ending] of [
    [{ ffmpeg: DONE }, "wav"],
    [{ sox: lacks, ffmpeg: DONE }, "mp3"],
    [{ sox: DONE, ffmpeg: DONE }, "m4a"],
  ] as const) {
    const { convert, calls } = createMachine(answers);
    await convert(sound(ending));
    assert.equal(calls.at(-1)?.command, "ffmpeg");
    assert.ok(calls.at(-1)?.args.includes("-nostdin"));
  }
});

test("what sox cannot read is the sender's mistake: told in its words, without the paths of this machine", async () => {
  const output = "sox FAIL formats: can't open input file `/data/incoming/ab.wav': WAVE: RIFF header not found\n";
  const { convert, calls } = createMachine({ sox: { kind: "ended", code: 2, output }, ffmpeg: DONE });
  await assert.rejects(convert(sound("wav")), (error: Error & { code: string }) => {
    assert.equal(error.code, "invalid_field");
    assert.match(error.message, /no sound that sox can read .*RIFF header not found/);
    assert.doesNotMatch(error.message, /\/data/);
    return true;
  });
  assert.equal(calls.length, 1, "and ffmpeg is not asked");
  const slow = createMachine({ sox: { kind: "timeout" } });
  await assert.rejects(slow.convert(sound("wav")), { code: "invalid_field", message: /longer than 120 s/ });
});

test("two sounds are converted at once, twenty wait, and whoever comes then is asked to come back", async () => {
  const gates: (() => void)[] = [];
  const convert = createConvertSound(
    () => new Promise((resolve) => gates.push(() => resolve({ kind: "ended", code: 0, output: "" }))),
  );
  const work = Array.from({ length: 22 }, () => convert(sound("flac")));
  await assert.rejects(convert(sound("flac")), { code: "unavailable", retryAfterSeconds: 10 });
  assert.equal(gates.length, 2);
  for (let done = 0; done < 22; done++) {
    gates[done]?.();
    await work[done];
    await new Promise(setImmediate);
    assert.equal(gates.length, Math.min(22, done + 3));
  }
});

test("a program that is not there, fails, talks too much or takes too long is told apart; none outlives its time", async () => {
  const run = createRunProgram(systemClock);
  const sh = (script: string, timeoutMs = 30_000, input = "") =>
    run({ command: "sh", args: ["-c", script], timeoutMs, input });
  assert.deepEqual(await run({ command: "enlace-no-such-program", args: [], timeoutMs: 1000 }), { kind: "missing" });
  assert.deepEqual(await sh("echo why >&2; exit 3"), { kind: "ended", code: 3, output: "why\n" });
  const loud = await sh("yes | head -c 1000000 >&2; echo end >&2");
  assert.ok(loud.kind === "ended" && loud.output.length === 2_000 && loud.output.endsWith("end\n"));
  assert.deepEqual(await sh("sleep 60", 200), { kind: "timeout" });
  assert.deepEqual(
    await sh("exit 0", 30_000, "x".repeat(1_000_000)),
    { kind: "ended", code: 0, output: "" },
    "unread input",
  );
  const controller = new AbortController();
  const stopped = run({ command: "sleep", args: ["60"], timeoutMs: 60_000, signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assert.rejects(stopped, /stopped/);
});

test("a program sees nothing of our environment", async () => {
  const root = await mkdtemp(join(tmpdir(), "enlace-program-"));
  after(() => rm(root, { recursive: true, force: true }));
  const run = createRunProgram(systemClock);
  await run({ command: "sh", args: ["-c", `env > ${root}/env`], timeoutMs: 30_000 });
  const names = (await readFile(join(root, "env"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  assert.deepEqual(
    names.filter((name) => !["PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"].includes(name ?? "")),
    [],
  );
});

const hasFfmpeg = existsSync("/usr/bin/ffmpeg");
test("a real ffmpeg reads what sox is not asked for", { skip: !hasFfmpeg && "there is no ffmpeg here" }, async () => {
  const root = await mkdtemp(join(tmpdir(), "enlace-ffmpeg-"));
  after(() => rm(root, { recursive: true, force: true }));
  const real = createRunProgram(systemClock);
  const [raw, m4a, to] = [join(root, "in.ulaw"), join(root, "in.m4a"), join(root, "out.wav")];
  await writeFile(raw, Buffer.alloc(16_000, 0x55));
  const form = ["-f", "mulaw", "-ar", "8000", "-ac", "1", "-i", raw, "-c:a", "aac", m4a];
  await real({ command: "ffmpeg", args: ["-nostdin", ...form], timeoutMs: 30_000 });
  const convert = createConvertSound(async (call) => (call.command === "sox" ? MISSING : real(call)));
  await convert({ from: raw, ending: "ulaw", to });
  assert.equal((await stat(to)).size, 44 + 32_000);
  await convert({ from: m4a, ending: "m4a", to });
  const wav = await readFile(to);
  const seconds = (toDurationMs(wav, wav.length) ?? 0) / 1000;
  assert.ok(Math.abs(seconds - 2) < 0.3, `${seconds} s`);
});
