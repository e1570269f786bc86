import { createWriteStream } from "node:fs";
import { mkdir, open, opendir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { say } from "../words.ts";
import { AUDIO_ENDINGS, type AudioEnding, type ConvertSound, DURATION_SECONDS_MAX } from "./convert.ts";
import { type SoundRef, toSoundPlace } from "./sound.ts";
import { createTurns } from "./turns.ts";
import { toDurationMs } from "./wav.ts";

/** A file somebody sends. `isWhole`: asked after it was read; false when it was cut at the size that is allowed. */
export interface GivenFile {
  fileName: string;
  body: Readable;
  isWhole(): boolean;
}

/** The uploaded sounds as files below one folder. */
export interface AudioLibrary {
  toPath(sound: SoundRef): string;
  /** Throws `AppError`: no sound, too long, too large, nothing here that converts it. */
  add(tenantId: TenantId, given: GivenFile): Promise<AddedSound>;
  remove(sound: SoundRef): Promise<void>;
  /** Has it removed by a later `sweep`: calls that go on may be about to play it. */
  letGo(sound: SoundRef): Promise<void>;
  /** Removes what nobody knows any more for an hour: what was let go, what an upload left behind that died with its process. */
  sweep(): Promise<void>;
}

export interface AddedSound {
  sound: SoundRef;
  originalBytes: number;
  sizeBytes: number;
  durationMs: number;
}

export interface AudioLibraryOptions {
  folder: string;
  convert: ConvertSound;
  clock: Clock;
  random: Random;
  /** Those of these uploads that an audio has. */
  listKnown(files: readonly string[]): Promise<ReadonlySet<string>>;
}

const INCOMING = "incoming";
const UPLOADS_AT_ONCE = 10;
const REST_MS = 3_600_000;
const SWEPT_AT_ONCE = 500;
const HEADER_BYTES = 44;

/** `My File!.mp3` → `my_file_`, as the older dialer named them. */
export function toAudioName(given: string): string {
  const ending = extname(given);
  const bare = isEnding(ending.slice(1).toLowerCase()) ? given.slice(0, -ending.length) : given;
  return (
    bare
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, "_")
      .slice(0, 100) || "audio"
  );
}

const isEnding = (text: string): text is AudioEnding => (AUDIO_ENDINGS as readonly string[]).includes(text);

/** Throws `AppError` (`invalid_field`) unless the name ends in something that is taken. */
export function parseEnding(fileName: string): AudioEnding {
  const ending = extname(fileName).slice(1).toLowerCase();
  if (isEnding(ending)) return ending;
  throw toFieldError("file", say("soundEnding", { endings: AUDIO_ENDINGS }));
}

export function createAudioLibrary(options: AudioLibraryOptions): AudioLibrary {
  const { folder, convert, clock, random } = options;
  const refusal = "Too many files are being uploaded; try again.";
  const turns = createTurns({ atOnce: UPLOADS_AT_ONCE, waitingMax: 0, refusal });
  const toPath = (sound: SoundRef): string => join(folder, `${toSoundPlace(sound)}.wav`);
  const newName = (): string => random.bytes(16).toString("hex");

  async function add(tenantId: TenantId, { fileName, body, isWhole }: GivenFile): Promise<AddedSound> {
    const ending = parseEnding(fileName);
    const sound: SoundRef = { kind: "audio", tenantId, file: newName() };
    const [given, made] = [
      join(folder, INCOMING, `${newName()}.${ending}`),
      join(folder, INCOMING, `${newName()}.wav`),
    ];
    await mkdir(dirname(given), { recursive: true, mode: 0o750 });
    try {
      await pipeline(body, createWriteStream(given, { flags: "wx", mode: 0o600 }));
      if (!isWhole()) throw new AppError("payload_too_large", say("fileLarge"));
      const { size: originalBytes } = await stat(given);
      if (originalBytes === 0) throw toFieldError("file", sayField("emptyFile"));
      await convert({ from: given, ending, to: made });
      const measured = await measure(made);
      await mkdir(dirname(toPath(sound)), { recursive: true, mode: 0o750 });
      await rename(made, toPath(sound));
      return { sound, originalBytes, ...measured };
    } finally {
      await rm(given, { force: true });
      await rm(made, { force: true });
    }
  }

  return {
    toPath,
    add: (tenantId, given) => turns.take(() => add(tenantId, given)),
    remove: (sound) => rm(toPath(sound), { force: true }),
    letGo: async (sound) => {
      const nowSeconds = clock.now().getTime() / 1000;
      await utimes(toPath(sound), nowSeconds, nowSeconds);
    },
    sweep: () => sweep(options),
  };
}

async function sweep({ folder, clock, listKnown }: AudioLibraryOptions): Promise<void> {
  const before = new Date(clock.now().getTime() - REST_MS);
  for await (const paths of listResting(join(folder, INCOMING), before))
    for (const path of paths) await rm(path, { force: true });
  for await (const paths of listResting(join(folder, "audio"), before)) {
    const known = await listKnown(paths.map((path) => basename(path, ".wav")));
    for (const path of paths) if (!known.has(basename(path, ".wav"))) await rm(path, { force: true });
  }
}

/** Files that nobody touched since, a handful at a time. */
async function* listResting(folder: string, before: Date): AsyncGenerator<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  let found: string[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await stat(path)).mtime < before) found.push(path);
    if (found.length < SWEPT_AT_ONCE) continue;
    yield found;
    found = [];
  }
  yield found;
}

async function measure(path: string): Promise<{ sizeBytes: number; durationMs: number }> {
  const file = await open(path);
  try {
    const { size: sizeBytes } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const durationMs = toDurationMs(buffer.subarray(0, bytesRead), sizeBytes);
    if (durationMs === undefined) throw new Error("the converter wrote another form than it was told");
    if (durationMs <= 0) throw toFieldError("file", say("soundSilent"));
    if (durationMs > DURATION_SECONDS_MAX * 1000) throw toFieldError("file", say("soundLong"));
    return { sizeBytes, durationMs };
  } finally {
    await file.close();
  }
}
