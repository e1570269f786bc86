import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { extname } from "node:path/posix";
import { pipeline } from "node:stream/promises";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { OpenedRecording } from "./opened-recording.ts";
import { toAudioType } from "./recording-name.ts";
import type { RecordingPlace } from "./store.ts";

/** Our own copies, in the data folder. Processes on several machines must share it. */
export interface RecordingCopies {
  /** Resolves with the place below our folder, once the copy is whole; until then nothing of it can be seen there. */
  save(recording: CopiedRecording, signal: AbortSignal): Promise<string>;
  /** One that is gone already is fine. */
  remove(place: string): Promise<void>;
}

export interface CopiedRecording extends RecordingPlace {
  tenantId: TenantId;
  callId: RowId;
  pbxId: string;
  endedAt: Date;
}

export interface RecordingCopiesOptions {
  folder: string;
  openOriginal(recording: CopiedRecording, signal: AbortSignal): Promise<OpenedRecording | null>;
}

/** The database lives on the same disk: recordings must not be what fills it. */
const FREE_BYTES_MIN = 1024 ** 3;

export function createRecordingCopies({ folder, openOriginal }: RecordingCopiesOptions): RecordingCopies {
  async function write(recording: CopiedRecording, path: string, signal: AbortSignal): Promise<void> {
    const original = await openOriginal(recording, signal);
    if (!original?.body) throw new Error("the recording is not there any more");
    await pipeline(original.body, createWriteStream(path, { mode: 0o600, flags: "w" }), { signal });
  }

  return {
    save: async (recording, signal) => {
      const place = toPlace(recording);
      const path = join(folder, place);
      const part = `${path}.part`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < FREE_BYTES_MIN) throw new Error("less than 1 GiB is free in the data folder");
      try {
        await write(recording, part, signal);
        await rename(part, path);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      return place;
    },
    remove: (place) => rm(join(folder, place), { force: true }),
  };
}

/** `7/2026/11/123.wav`: made of our own ids alone. */
function toPlace({ tenantId, callId, endedAt, place }: CopiedRecording): string {
  const [year, month] = endedAt.toISOString().split("-");
  const path = URL.parse(place)?.pathname ?? place;
  const ending = toAudioType(path) === undefined ? ".wav" : extname(path).toLowerCase();
  return `${tenantId}/${year}/${month}/${callId}${ending}`;
}
