import { AppError, type FieldProblem } from "../../core/errors.ts";
import { parseInstant } from "../instant.ts";

/** What PBXs post about. `download` is a hang-up that a recovery tells again. */
export const HOOK_TYPES = [
  "start",
  "dial",
  "bridge",
  "hangup",
  "bridge_create",
  "bridge_leave",
  "bridge_destroy",
  "new_callerid",
] as const;
export type HookType = (typeof HOOK_TYPES)[number];

/** One event as its PBX meant it: blanks are absent, numbers are text, instants are UTC. */
export interface HookEvent {
  type: HookType;
  /** Asterisk's unique id of the channel; empty where the event has none. */
  uid: string;
  /** 0 incoming, 1 outgoing, 2 internal, as far as the dialplan could tell. */
  callType?: 0 | 1 | 2;
  /** `2` answered, `0` not answered, `1` other, `5` talking. */
  callStatus?: string;
  phone?: string;
  /** What rings, or who answered. */
  extensions: readonly string[];
  trunk?: string;
  bridge?: string;
  channel?: string;
  exten?: string;
  callerId?: string;
  connected?: string;
  /** When the PBX says it happened. */
  sentAt?: Date;
  /** Entry into the dialplan, not the answer. */
  startTime?: Date;
  /** Start of the call record; a transfer sets it anew. */
  dateReceived?: Date;
  endTime?: Date;
  recordingUrl?: string;
  /** Name of a file on the PBX. */
  recordingFile?: string;
  /** Asterisk's hangup cause. */
  cause?: number;
  /** Told again by a recovery: no pop-ups. */
  isRecovered: boolean;
  /** The call was placed by a program. */
  isExternal: boolean;
}

/** Fields as posted: any JSON object. */
export type HookFields = Readonly<Record<string, unknown>>;

const TEXT_MAX = 300;
const URL_MAX = 2_000;
const EXTENSIONS_MAX = 200;
const UID = /^[A-Za-z0-9._:@-]{1,60}$/;
/** Events that tell of one channel; the others are about a bridge. */
const NEEDS_UID: ReadonlySet<HookType> = new Set(["start", "dial", "bridge", "hangup"]);

/**
 * Reads an event. Names of fields are compared without case and underscores. `timeZone` (IANA) is that of the PBX, for times
 * without an offset. Throws `invalid_field` naming every field that cannot be taken.
 */
export function parseHookEvent(type: HookType, given: HookFields, timeZone: string): HookEvent {
  const read = createReader(given, timeZone);
  const uid = read.text("uniqueid") ?? "";
  if (uid === "" && NEEDS_UID.has(type)) read.refuse("UniqueId", "is missing");
  if (uid !== "" && !UID.test(uid)) read.refuse("UniqueId", "must be 1 to 60 of A-Z a-z 0-9 . _ : @ -");
  const url = read.text("recordingurl", URL_MAX) ?? read.text("recordurl", URL_MAX) ?? read.text("callurl", URL_MAX);
  const isWebUrl = url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url);
  const cause = Number(read.text("cause"));
  const event = {
    type,
    uid,
    callType: toCallType(read.text("calltype")),
    callStatus: read.text("callstatus"),
    phone: read.text("phone"),
    extensions: read.list("extensions"),
    trunk: read.text("trunk"),
    bridge: read.text("bridgeuniqueid"),
    channel: read.text("channel"),
    exten: read.text("exten"),
    callerId: read.text("calleridnum"),
    connected: read.text("connectedlinenum"),
    sentAt: read.instant("sentat"),
    startTime: read.instant("starttime"),
    dateReceived: read.instant("datereceived"),
    endTime: read.instant("endtime"),
    recordingUrl: isWebUrl ? url : undefined,
    recordingFile: read.text("recordingfile", URL_MAX) ?? (isWebUrl ? undefined : url),
    cause: Number.isInteger(cause) && cause > 0 && cause < 1000 ? cause : undefined,
    isRecovered: read.text("origin")?.toLowerCase() === "download" || read.isTrue("recovered"),
    isExternal: read.isTrue("externalinitiated"),
  };
  read.done();
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)) as unknown as HookEvent;
}

/** `UniqueId`, `Uniqueid` and `unique_id` are one name. */
export const toPlainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

const toCallType = (text: string | undefined): 0 | 1 | 2 | undefined =>
  text === "0" ? 0 : text === "1" ? 1 : text === "2" ? 2 : undefined;

function createReader(given: HookFields, timeZone: string) {
  const fields = new Map(Object.entries(given).map(([name, value]) => [toPlainName(name), { name, value }]));
  const problems: FieldProblem[] = [];
  const refuse = (path: string, message: string): void => void problems.push({ path, message });

  function text(plainName: string, max = TEXT_MAX): string | undefined {
    const { name, value } = fields.get(plainName) ?? { name: plainName, value: undefined };
    return toText(value, name, max);
  }

  function toText(value: unknown, name: string, max: number): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (!["string", "number", "boolean"].includes(typeof value)) return void refuse(name, "must be text or a number");
    const trimmed = String(value).trim();
    if (trimmed.length > max) return void refuse(name, `must have at most ${max} characters`);
    return trimmed === "" ? undefined : trimmed;
  }

  /** A list, or text with commas or ampersands between. */
  function list(plainName: string): string[] {
    const { name, value } = fields.get(plainName) ?? { name: plainName, value: undefined };
    const items = Array.isArray(value) ? value : (toText(value, name, URL_MAX)?.split(/[,&]/) ?? []);
    if (items.length > EXTENSIONS_MAX) refuse(name, `must have at most ${EXTENSIONS_MAX} entries`);
    return items.slice(0, EXTENSIONS_MAX).flatMap((item) => toText(item, name, TEXT_MAX) ?? []);
  }

  function instant(plainName: string): Date | undefined {
    const written = text(plainName);
    if (written === undefined || /^0000-00-00/.test(written)) return undefined;
    const at = parseEpoch(written) ?? parseInstant(written, timeZone);
    if (at === undefined)
      refuse(fields.get(plainName)?.name ?? plainName, "must be a date and time: 2025-08-02 14:00:00");
    return at;
  }

  return {
    text,
    list,
    instant,
    refuse,
    isTrue: (plainName: string): boolean => /^(true|1|yes)$/i.test(text(plainName) ?? ""),
    done: (): void => {
      const [first] = problems;
      if (first) throw new AppError("invalid_field", `${first.path} ${first.message}`, { fields: problems });
    },
  };
}

/** Seconds since 1970, with a fraction or not, as `${EPOCH}` writes them. */
function parseEpoch(text: string): Date | undefined {
  return /^\d{9,10}(\.\d{1,6})?$/.test(text) ? new Date(Math.round(Number(text) * 1000)) : undefined;
}
