import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { createCache } from "../../kit/cache.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Random } from "../../kit/random.ts";
import type { Administer, Doer } from "../administer.ts";
import type { PromptName } from "../project.ts";
import { say } from "../words.ts";
import { createConvertSound } from "./convert.ts";
import { createSoundDelivery } from "./delivery.ts";
import { createEspeak } from "./espeak.ts";
import { createFileCache } from "./file-cache.ts";
import { type AddedSound, createAudioLibrary, type GivenFile, toAudioName } from "./library.ts";
import { type AudioLinks, createAudioLinks } from "./links.ts";
import { createRunProgram } from "./program.ts";
import type { Language } from "./prompt-texts.ts";
import { loadPrompt } from "./prompts.ts";
import type { SoundRef } from "./sound.ts";
import { createSpeech, type SaidText, type SpeechEngine } from "./speech.ts";
import {
  findUnknownAudio,
  listKnownFiles,
  loadAudio,
  loadAudioByName,
  loadAudios,
  loadPbxSounds,
  loadUsage,
  loadUsers,
  type PbxSounds,
  removeAudio,
  type StoredAudio,
  saveAudio,
  savePbxSounds,
} from "./store.ts";

/** What is to be heard: an upload, a built-in prompt, or a text spoken for one callee. */
export type Sound =
  | { audioId: RowId }
  | { prompt: PromptName; language: Language }
  | { text: string; variables: Readonly<Record<string, string>>; language: Language };

/** What the dialer plays, from the upload to the PBX. */
export interface Audios {
  /** What STREAM FILE takes on that PBX. Throws `AppError` when it cannot be had. */
  toPlayable(wanted: Sound & { tenantId: TenantId; pbxId: RowId }): Promise<string>;
  list(tenantId: TenantId, page: { afterId: string; rowsMax: number }): Promise<StoredAudio[]>;
  show(tenantId: TenantId, id: string): Promise<StoredAudio>;
  findByName(tenantId: TenantId, name: string): Promise<StoredAudio | null>;
  /** `wish`, asked once the file was read: its name (the file's own unless given), and whether one of that name is replaced. */
  upload(doer: Doer, given: GivenFile, wish: () => Promise<{ name?: string; replace?: boolean }>): Promise<StoredAudio>;
  /** Throws `AppError` (`conflict`) while a project plays it. */
  remove(doer: Doer, id: string): Promise<void>;
  /** The first of them that the tenant does not have: asked with the tenant locked, before something refers to them. */
  findUnknown(on: Sql, tenantId: TenantId, ids: readonly RowId[]): Promise<RowId | null>;
  /** Of a sound for a person's ears. */
  toLink(sound: SoundRef): ReturnType<AudioLinks["forPerson"]>;
  say(said: SaidText): Promise<{ sound: SoundRef; text: string }>;
  prompt(language: Language, name: PromptName): Promise<SoundRef>;
  /** The file behind a link. Throws `AppError`. */
  openLink(token: string): { sound: SoundRef; path: string; endsAt: Date };
  showPbxSounds(tenantId: TenantId, pbxId: string): Promise<PbxSounds>;
  setPbxSounds(doer: Doer, pbxId: string, sounds: PbxSounds): Promise<PbxSounds>;
  start(): void;
  stop(): Promise<void>;
}

export interface AudiosOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  /** ENLACE_SECRET. */
  secret: string;
  publicUrl: string;
  /** Where the files are; of all processes the same. */
  folder: string;
  /** Folders of this machine under which those of PBXs may be. */
  soundFolders: readonly string[];
  /** Of spoken texts, and of what is copied to one PBX. */
  cacheBytesMax: number;
  administer: Administer;
  engine?: SpeechEngine;
}

/** Of a tenant. */
const AUDIOS_MAX = 1_000;
const BYTES_MAX = 5 * 1024 ** 3;
const HOUR_MS = 3_600_000;
const TTL_MS = 60_000;
const KEYS_MAX = 20_000;

export function createAudios(options: AudiosOptions): Audios {
  const { database, listener, clock, random, administer } = options;
  const run = createRunProgram(clock);
  const library = createAudioLibrary({
    ...{ ...options, convert: createConvertSound(run) },
    listKnown: (files) => listKnownFiles(database.sql, files),
  });
  const upkeep = createLoop({ name: "audios", everyMs: HOUR_MS, work: library.sweep, clock, log: options.log });
  const forgetSettings = listener.on("settings", () => load.forget());
  const links = createAudioLinks(options);
  const delivery = createSoundDelivery({
    ...{ links, clock, random, folderRoots: options.soundFolders, bytesMax: options.cacheBytesMax },
  });
  const toCache = (kind: "speech" | "prompt") =>
    createFileCache({ folder: join(options.folder, kind), bytesMax: options.cacheBytesMax, clock, random });
  const prompts = createPrompts(toCache("prompt"));
  const speech = createSpeech({
    engine: options.engine ?? createEspeak(run),
    cache: toCache("speech"),
    convert: createConvertSound(run), // not behind the uploads
  });
  const load = createLookups(options);

  async function find({
    tenantId,
    ...wanted
  }: Sound & { tenantId: TenantId }): Promise<{ sound: SoundRef; path: string }> {
    if ("prompt" in wanted) return prompts(wanted.language, wanted.prompt);
    if ("text" in wanted) return speech.ensure({ tenantId, ...wanted });
    const sound = await load.sound(tenantId, wanted.audioId);
    return { sound, path: library.toPath(sound) };
  }

  return {
    ...createReading(database),
    toPlayable: async ({ pbxId, ...wanted }) => {
      const [{ sound, path }, to] = await Promise.all([find(wanted), load.pbxSounds(wanted.tenantId, pbxId)]);
      return delivery.deliver(sound, path, to);
    },
    upload: async (doer, given, wish) => {
      const added = await library.add(doer.tenantId, given);
      try {
        const { stored, old } = await keep(administer, doer, { added, fileName: given.fileName, ...(await wish()) });
        if (old) await library.letGo(toSound(old));
        return stored;
      } catch (error) {
        await library.remove(added.sound);
        throw error;
      }
    },
    remove: async (doer, id) => library.remove(toSound(await forget(administer, doer, id))),
    toLink: links.forPerson,
    say: async (said) => speech.ensure(said),
    prompt: async (language, name) => (await prompts(language, name)).sound,
    openLink: (token) => {
      const { sound, endsAt } = links.open(token);
      return { sound, endsAt, path: library.toPath(sound) };
    },
    setPbxSounds: async (doer, pbxId, sounds) => {
      if (sounds.delivery === "folder") await delivery.checkFolder(sounds.folder);
      return administer(doer, async (on, at) => {
        if ((await loadPbxSounds(on, doer.tenantId, pbxId)) === null) throw toNoPbx();
        await savePbxSounds(on, { tenantId: doer.tenantId, pbxId }, { ...sounds, at });
        return { value: sounds, deed: { action: "pbx.sounds", target: `pbx:${pbxId}`, detail: { ...sounds } } };
      });
    },
    start: upkeep.start,
    stop: async () => {
      forgetSettings();
      await upkeep.stop();
    },
  };
}

const toNoPbx = (): AppError => new AppError("not_found", say("noPbx"));
const toSound = ({ tenantId, file }: StoredAudio): SoundRef => ({ kind: "audio", tenantId, file });

function createReading(database: Database) {
  return {
    list: (tenantId: TenantId, page: { afterId: string; rowsMax: number }) => loadAudios(database.sql, tenantId, page),
    show: (tenantId: TenantId, id: string) => loadOrRefuse(database.sql, tenantId, id),
    findByName: (tenantId: TenantId, name: string) => loadAudioByName(database.sql, tenantId, toAudioName(name)),
    findUnknown: findUnknownAudio,
    showPbxSounds: async (tenantId: TenantId, pbxId: string) => {
      const sounds = await loadPbxSounds(database.sql, tenantId, pbxId);
      if (!sounds) throw toNoPbx();
      return sounds;
    },
  };
}

async function loadOrRefuse(from: Sql, tenantId: TenantId, id: string): Promise<StoredAudio> {
  const audio = await loadAudio(from, tenantId, id);
  if (!audio) throw new AppError("not_found", say("noAudio"));
  return audio;
}

/** What a call asks for is remembered for a minute, and forgotten at once when something was changed. */
function createLookups({ database, clock }: AudiosOptions) {
  const common = { clock, ttlMs: TTL_MS, keysMax: KEYS_MAX };
  const fromKey = (key: string): [TenantId, string] => {
    const [tenant = "", id = ""] = key.split(":");
    return [Number(tenant) as TenantId, id];
  };
  const sounds = createCache<string, SoundRef>({
    ...common,
    load: async (key) => toSound(await loadOrRefuse(database.sql, ...fromKey(key))),
  });
  const pbxs = createCache<string, PbxSounds | null>({
    ...common,
    load: (key) => loadPbxSounds(database.sql, ...fromKey(key)),
  });
  return {
    sound: (tenantId: TenantId, id: string) => sounds.get(`${tenantId}:${id}`),
    pbxSounds: async (tenantId: TenantId, id: string): Promise<PbxSounds> => {
      const found = await pbxs.get(`${tenantId}:${id}`);
      if (!found) throw toNoPbx();
      return found;
    },
    forget: (): void => {
      sounds.forgetAll();
      pbxs.forgetAll();
    },
  };
}

/** A built-in prompt as a file that can be linked and copied; named after what it holds. */
function createPrompts(cache: ReturnType<typeof createFileCache>) {
  const known = new Map<string, { sound: SoundRef; wav: Buffer }>();
  const load = async (language: Language, name: PromptName) => {
    const key = `${language}/${name}`;
    const wav = await loadPrompt(language, name);
    const file = createHash("sha256").update(wav).digest("hex").slice(0, 32);
    const prompt = { sound: { kind: "prompt", tenantId: null, file } as const, wav };
    known.set(key, prompt);
    return prompt;
  };
  return async (language: Language, name: PromptName): Promise<{ sound: SoundRef; path: string }> => {
    const { sound, wav } = known.get(`${language}/${name}`) ?? (await load(language, name));
    return { sound, path: await cache.ensure(sound.file, (draft) => writeFile(draft, wav)) };
  };
}

interface Kept {
  added: AddedSound;
  fileName: string;
  name?: string;
  replace?: boolean;
}

function keep(administer: Administer, doer: Doer, { added, fileName, name: given, replace }: Kept) {
  const { tenantId } = doer;
  const name = toAudioName(given ?? fileName);
  return administer(doer, async (on, at) => {
    const old = await loadAudioByName(on, tenantId, name);
    if (old && !replace) throw new AppError("conflict", say("audioTaken", { name }));
    const usage = await loadUsage(on, tenantId);
    if (!old && usage.audios >= AUDIOS_MAX) throw new AppError("conflict", say("audiosMax", { max: AUDIOS_MAX }));
    if (usage.sizeBytes - (old?.sizeBytes ?? 0) + added.sizeBytes > BYTES_MAX)
      throw new AppError("conflict", say("audiosLarge"));
    const { sound, ...sizes } = added;
    const row = {
      ...sizes,
      tenantId,
      name,
      file: sound.file,
      originalName: toShownName(fileName),
      createdBy: doer.actor,
    };
    const stored = await saveAudio(on, row, at);
    const action = old ? "audio.replace" : "audio.create";
    return { value: { stored, old }, deed: { action, target: `audio:${stored.id}`, detail: { name } } };
  });
}

const toShownName = (fileName: string): string => fileName.replaceAll(/\p{Cc}/gu, "").slice(0, 200);

function forget(administer: Administer, doer: Doer, id: string): Promise<StoredAudio> {
  return administer(doer, async (on) => {
    const audio = await loadOrRefuse(on, doer.tenantId, id);
    const users = await loadUsers(on, doer.tenantId, id);
    if (users.length > 0) throw new AppError("conflict", say("audioUsed", { projects: users }));
    await removeAudio(on, doer.tenantId, id);
    return { value: audio, deed: { action: "audio.remove", target: `audio:${id}`, detail: { name: audio.name } } };
  });
}
