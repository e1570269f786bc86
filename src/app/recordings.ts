import { createRecordings, type Recordings } from "../calls/recordings/recordings.ts";
import { registerRecordingRoutes } from "../calls/recordings/routes.ts";
import type { Config } from "../config.ts";
import type { App } from "../http/app-instance.ts";
import type { Accept } from "../intake/accept.ts";
import type { AllowedTargets } from "../kit/address-guard.ts";
import { createHttpStreamer } from "../kit/http-stream.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Ground } from "./ground.ts";
import { toOwnProjects } from "./reports.ts";
import type { Rooms } from "./rooms.ts";

// Introduces the recordings to the rooms around them.

interface Introduction {
  tenants: Tenants;
  /** Built after this room: it is told what to expect by the same transaction that it tells facts to. */
  accept: Accept["accept"];
  allowTargets: AllowedTargets;
}

export function openRecordings(
  config: Config,
  ground: Ground,
  { tenants, accept, allowTargets }: Introduction,
): Recordings & { close(): Promise<void> } {
  const streamer = createHttpStreamer({ clock: ground.clock, allowTargets });
  const recordings = createRecordings({
    ...ground,
    isPublicUrlGiven: config.publicUrl !== undefined,
    dataFolder: config.dataFolder,
    folderRoots: config.recordingFolders,
    stream: streamer.stream,
    listRecordingPbxs: tenants.pbxs.listRecording,
    accept,
  });
  return { ...recordings, close: streamer.close };
}

export function registerRecordingDoors(
  app: App,
  { database, clock }: Ground,
  rooms: Pick<Rooms, "tenants" | "recordings" | "dialer">,
): void {
  const { loadTenant, extensions } = rooms.tenants;
  registerRecordingRoutes(app, {
    ...{ database, clock, loadTenant, writeAudit, recordings: rooms.recordings },
    findExtension: extensions.find,
    listOwnProjects: toOwnProjects(rooms),
  });
}
