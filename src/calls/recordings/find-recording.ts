import { basename } from "node:path/posix";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import { fillAddress, type RecordingAddresses } from "./address.ts";
import type { RecordingFolder } from "./folder.ts";
import { toCandidates, toDateParts, toDay, toDayInName } from "./recording-name.ts";
import type { RecordingPlace } from "./store.ts";

/** What is known of a call whose recording is looked for. */
export interface SoughtRecording {
  pbx: RecordingPbx;
  /** As the PBX named them; empty when it named none. */
  files: readonly string[];
  callUuid: string;
  startedAt: Date;
}

export interface SeenRecording extends RecordingPlace {
  /** `null` when the PBX does not say. */
  sizeBytes: number | null;
}

export interface FinderOptions {
  openFolder(folder: string): RecordingFolder;
  addresses: Pick<RecordingAddresses, "look">;
}

/** A WAV header and nothing behind it. */
const EMPTY_BYTES = 44;
const FILES_MAX = 10;

/** Looks for a call's recording: in the folder first, which answers for sure, then at the address. */
export function createFinder({ openFolder, addresses }: FinderOptions) {
  async function inFolder(
    folder: string,
    { pbx, files, callUuid, startedAt }: SoughtRecording,
  ): Promise<SeenRecording[]> {
    const reader = openFolder(folder);
    const { pbxFolder } = pbx.recordings;
    const told = { pbxFolder, callStartedAt: startedAt, timeZone: pbx.timeZone };
    const found = await Promise.all(
      files.slice(0, FILES_MAX).map((file) => reader.find(toCandidates({ file, ...told }))),
    );
    const named = found.filter((each) => each !== null);
    if (named.length === 0) {
      const byId = await reader.findByUniqueId(toDay(startedAt, pbx.timeZone), toUniqueId(pbx, callUuid));
      if (byId) named.push(byId);
    }
    return named.map(({ place, sizeBytes }) => ({ kind: "folder", place, sizeBytes }));
  }

  async function atAddress(url: string, sought: SoughtRecording, signal: AbortSignal): Promise<SeenRecording[]> {
    const seen: SeenRecording[] = [];
    for (const place of toAddresses(url, sought)) {
      const found = await addresses.look({ url: place, ca: sought.pbx.tlsCa }, signal);
      if (found) seen.push({ kind: "url", place, sizeBytes: found.sizeBytes });
    }
    return seen;
  }

  /** The largest one that is there: a call that was moved about may have several. `null` while there is none. */
  return async (sought: SoughtRecording, signal: AbortSignal): Promise<SeenRecording | null> => {
    const { folder, url } = sought.pbx.recordings;
    let seen = folder === null ? [] : await inFolder(folder, sought);
    if (seen.length === 0 && url !== null) seen = await atAddress(url, sought, signal);
    const whole = seen.filter(({ sizeBytes }) => sizeBytes === null || sizeBytes > EMPTY_BYTES);
    return whole.reduce<SeenRecording | null>((a, b) => ((b.sizeBytes ?? 0) > (a?.sizeBytes ?? -1) ? b : a), null);
  };
}

/** Asterisk's own id of the call. */
function toUniqueId({ callIdPrefix }: RecordingPbx, callUuid: string): string {
  return callUuid.startsWith(callIdPrefix) ? callUuid.slice(callIdPrefix.length) : callUuid;
}

/** One for each file that was told, on the day in its name or else that of the call. */
export function toAddresses(template: string, { pbx, files, callUuid, startedAt }: SoughtRecording): string[] {
  const uniqueId = toUniqueId(pbx, callUuid);
  const date = toDateParts(startedAt, pbx.timeZone);
  const names = files.slice(0, FILES_MAX).map((file) => basename(file));
  return [...new Set(names)]
    .filter((name) => name !== "")
    .map((file) => {
      const [year, month, day] = toDayInName(file)?.split("/") ?? [];
      const named = year && month && day ? { ...date, year, month, day } : date;
      return fillAddress(template, { ...named, file, uniqueId });
    });
}
