import { basename, extname } from "node:path/posix";

/** What a browser or a CRM is told that a file is. Only files with these endings are ever served from a PBX's folder. */
const AUDIO_TYPES: Readonly<Record<string, string>> = {
  wav: "audio/wav",
  wav49: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  gsm: "audio/x-gsm",
  m4a: "audio/mp4",
  flac: "audio/flac",
  webm: "audio/webm",
  ulaw: "audio/basic",
  au: "audio/basic",
};
/** Tried where a PBX tells a name without ending, or converts the file once the call is over; the usual ones first. */
const USUAL_ENDINGS = ["wav", "mp3", "WAV", "gsm", "ogg"];

/** `undefined` for what is no recording. */
export function toAudioType(file: string): string | undefined {
  return AUDIO_TYPES[extname(file).slice(1).toLowerCase()];
}

export interface ToldRecording {
  /** As the PBX names it: a path over there, a path below its folder, or a bare name. */
  file: string;
  /** The folder of recordings as the PBX calls it. */
  pbxFolder: string;
  callStartedAt: Date;
  /** IANA zone of the PBX: its folders are named for its days. */
  timeZone: string;
}

const CANDIDATES_MAX = 40;

/**
 * Where below the folder the file may be, the likeliest first. Names hold what callers sent, so nothing that climbs, hides or
 * could be anything but a recording is among them. Pure.
 */
export function toCandidates(told: ToldRecording): string[] {
  const path = toPathBelow(told);
  if (path === undefined) return [];
  const name = basename(path);
  const days = [toDayInName(name), toDay(told.callStartedAt, told.timeZone)].filter((day) => day !== undefined);
  const paths = [...(path.includes("/") ? [path] : []), ...days.map((day) => `${day}/${name}`), name];
  return [...new Set(paths.flatMap(toEndings))].slice(0, CANDIDATES_MAX);
}

/** `2026/11/22` on the PBX's calendar. */
export function toDay(at: Date, timeZone: string): string {
  const { year, month, day } = toDateParts(at, timeZone);
  return `${year}/${month}/${day}`;
}

export interface DateParts {
  year: string;
  month: string;
  day: string;
  hour: string;
}

/** Two digits each, four for the year, on the PBX's calendar and clock. */
export function toDateParts(at: Date, timeZone: string): DateParts {
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" },
  } as const);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? "";
  return { year: part("year"), month: part("month"), day: part("day"), hour: part("hour") };
}

/** FreePBX and Issabel write the day into the name: `out-600000011-101-20261122-130501-1700000100.10.wav`. */
export function toDayInName(name: string): string | undefined {
  const [, year, month, day] = /-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-\d{6}-/.exec(name) ?? [];
  return year && `${year}/${month}/${day}`;
}

/** Whether the name ends in the unique id of a call, as those of FreePBX and Issabel do. */
export function isNamedAfter(name: string, uniqueId: string): boolean {
  if (!/^[A-Za-z0-9][\w.-]{4,60}$/.test(uniqueId)) return false;
  const stem = toAudioType(name) === undefined ? name : name.slice(0, -extname(name).length);
  return stem === uniqueId || stem.endsWith(`-${uniqueId}`) || stem.endsWith(`_${uniqueId}`);
}

function toPathBelow({ file, pbxFolder }: ToldRecording): string | undefined {
  const folder = `${pbxFolder.replace(/\/+$/, "")}/`;
  const path = file.startsWith(folder) ? file.slice(folder.length) : file.startsWith("/") ? basename(file) : file;
  const parts = path.split("/");
  const isPlain = parts.every((part) => part !== "" && !part.startsWith(".") && !/[\p{Cc}\\]/u.test(part));
  return isPlain && path.length <= 500 ? path : undefined;
}

/** The same file in other formats. */
export function toSiblings(place: string): string[] {
  return toEndings(place).filter((path) => path !== place);
}

function toEndings(path: string): string[] {
  const isAudio = toAudioType(path) !== undefined;
  const stem = isAudio ? path.slice(0, -extname(path).length) : path;
  return [...(isAudio ? [path] : []), ...USUAL_ENDINGS.map((ending) => `${stem}.${ending}`)];
}
