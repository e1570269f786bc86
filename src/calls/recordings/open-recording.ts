import { extname } from "node:path/posix";
import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { loadOwnCall, type OwnProjects } from "../own-calls.ts";
import type { StoredCall } from "../store.ts";
import { say } from "../words.ts";
import { type RecordingAddresses, toDownloadName } from "./address.ts";
import type { RecordingFolder } from "./folder.ts";
import type { AskedRecording, OpenedRecording } from "./opened-recording.ts";
import { toSiblings } from "./recording-name.ts";
import { type RecordingSettings, toEndOfKeeping } from "./settings.ts";
import { loadRecording, type RecordingPlace } from "./store.ts";

export interface NamedRecording extends OpenedRecording {
  /** For people, when they save it. */
  fileName: string;
}

export interface RecordingOpenerOptions {
  database: Database;
  clock: Clock;
  loadSettings(tenantId: TenantId): Promise<RecordingSettings>;
  findPbx(tenantId: TenantId, id: string): RecordingPbx | undefined;
  openFolder(folder: string): RecordingFolder;
  /** Of our copies. */
  ownFolder: RecordingFolder;
  addresses: Pick<RecordingAddresses, "open">;
  /** What a call says of a recording that we found. */
  toAddress(callId: RowId): string;
}

export interface PlacedRecording extends RecordingPlace {
  tenantId: TenantId;
  /** `null`: an event told the address. */
  pbxId: string | null;
}

export interface FoundRecording {
  call: StoredCall;
  recording: PlacedRecording;
}

/** Opens recordings wherever they are; the same for those who may by right and by link. */
export function createRecordingOpener(options: RecordingOpenerOptions) {
  const { database, clock, loadSettings, findPbx, openFolder, ownFolder, addresses } = options;

  /** `null` when it is not there (any more). */
  async function openPlace({ tenantId, pbxId, kind, place }: PlacedRecording, asked: AskedRecording) {
    const pbx = pbxId === null ? undefined : findPbx(tenantId, pbxId);
    if (kind === "url") return addresses.open({ url: place, ca: pbx?.tlsCa ?? null }, asked);
    if (kind === "copy") return ownFolder.open(place, asked);
    const folder = pbx?.recordings.folder;
    if (!folder) return null;
    const reader = openFolder(folder);
    const opened = await reader.open(place, asked);
    if (opened) return opened;
    const converted = await reader.find(toSiblings(place)); // a night job made another format of it
    return converted && reader.open(converted.place, asked);
  }

  async function findPlace(call: StoredCall): Promise<PlacedRecording> {
    const { tenant_id: tenantId, id, recording_url: told } = call;
    const stored = await loadRecording(database.sql, tenantId, id);
    if (stored?.state === "expired") throw pastItsTime();
    const { kind, place, pbxId } = stored ?? {};
    if (stored?.state === "ready" && kind && place && pbxId) return { tenantId, pbxId, kind, place };
    if (told !== null && told !== options.toAddress(id)) return { tenantId, pbxId: null, kind: "url", place: told };
    const isAwaited = stored?.state === "waiting";
    throw new AppError("not_found", say(isAwaited ? "recordingAwaited" : "recordingNone"));
  }

  /** Throws `not_found`, or `unavailable` when the PBX or its folder is away. */
  async function find(call: StoredCall): Promise<PlacedRecording> {
    const found = await findPlace(call);
    if (toKeptUntil(call, await loadSettings(call.tenant_id)) <= clock.now()) throw pastItsTime();
    return found;
  }

  return {
    openPlace,
    /** The call and where its recording is, for who sees calls of `own`. */
    find: async (tenantId: TenantId, callId: RowId, own: OwnProjects): Promise<FoundRecording> => {
      const call = await loadOwnCall(database.sql, tenantId, { id: callId, own });
      if (!call) throw new AppError("not_found", say("unknown"));
      return { call, recording: await find(call) };
    },
    open: async (call: StoredCall, recording: PlacedRecording, asked: AskedRecording): Promise<NamedRecording> => {
      const opened = await openPlace(recording, asked);
      if (!opened) throw new AppError("not_found", say("recordingGone"));
      const path = URL.parse(recording.place)?.pathname ?? recording.place;
      return { ...opened, fileName: toDownloadName(call.call_uuid, `x${extname(path)}`) };
    },
  };
}

export function toKeptUntil(call: Pick<StoredCall, "ended_at" | "started_at">, settings: RecordingSettings): Date {
  return toEndOfKeeping(call.ended_at ?? call.started_at, settings);
}

const pastItsTime = (): AppError => new AppError("not_found", say("recordingPast"));
