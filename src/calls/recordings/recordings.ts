import { join } from "node:path";
import type pg from "pg";
import type { Call } from "../../core/call.ts";
import type { CallChange, NewCall } from "../../core/call-change.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { HttpStreamer } from "../../kit/http-stream.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Random } from "../../kit/random.ts";
import { createRecordingAddresses } from "./address.ts";
import { createRecordingCopies } from "./copies.ts";
import { createCrmLinks, toOwnAddress } from "./crm-links.ts";
import { createFinder } from "./find-recording.ts";
import { createRecordingFolder, type RecordingFolder } from "./folder.ts";
import { createRecordingLinks, type RecordingLinks } from "./links.ts";
import { createRecordingOpener } from "./open-recording.ts";
import { createPbxPlaces } from "./pbx-places.ts";
import { createRecordingRetention } from "./retention.ts";
import { createSettingsCache, type RecordingSettings } from "./settings.ts";
import { saveAwaited, toAwaitNewSql, toAwaitNewValues } from "./store.ts";
import { createRecordingWorker, GAP_MS, type TellFact } from "./worker.ts";

/*
 * Recordings of calls: found where the PBX keeps them, told of once they are complete, and given to whoever may hear them,
 * by right or by link. It owns the tables recordings, recording_links and recording_settings and the folder of copies. It
 * never records, never writes to a PBX, and never decides who may: routes.ts does.
 */
export interface Recordings extends Pick<ReturnType<typeof createRecordingOpener>, "find" | "open"> {
  /** Remembers the calls that ended and may have a recording, where `accept` makes and changes them. */
  expectation: {
    planChanged(client: pg.PoolClient, changes: readonly CallChange[]): Promise<void>;
    withNew: {
      parameters: number;
      toSql(first: number): string;
      toValues(on: pg.Pool, calls: readonly NewCall[]): Promise<readonly unknown[]>;
    };
  };
  /** What CRMs get in place of what the calls say; see crm-links.ts. */
  toCrmSubjects: ReturnType<typeof createCrmLinks>;
  links: RecordingLinks;
  loadSettings(tenantId: TenantId): Promise<RecordingSettings>;
  /** `work`: looks for recordings and lets go of old ones, where the folders are mounted. */
  start(options: { work: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface RecordingsOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** ENLACE_SECRET. */
  secret: string;
  publicUrl: string;
  isPublicUrlGiven: boolean;
  dataFolder: string;
  /** ENLACE_RECORDING_FOLDERS: where folders of PBXs may lie. */
  folderRoots: readonly string[];
  stream: HttpStreamer;
  listRecordingPbxs(): Promise<readonly RecordingPbx[]>;
  accept: TellFact;
}

/** Outcomes of calls on which somebody, or something, spoke. */
const SPOKEN: ReadonlySet<Call["outcome"]> = new Set(["answered", "transferred", "machine"]);

export function createRecordings(options: RecordingsOptions): Recordings {
  const { clock, publicUrl, dataFolder } = options;
  const pbxs = createPbxPlaces(options);
  const settings = createSettingsCache(options);
  const links = createRecordingLinks(options);
  const copiesFolder = join(dataFolder, "recordings");
  const openFolder = (folder: string): RecordingFolder => createRecordingFolder(folder, options.folderRoots);
  const looks = options.metrics.counter("enlace_recordings_total", "Looks for recordings, by what came of them.", [
    "result",
  ]);
  const room = {
    ...options,
    ...{ pbxs, links, openFolder, loadSettings: settings.load },
    addresses: createRecordingAddresses(options.stream),
    toAddress: (callId: RowId): string => toOwnAddress(publicUrl, callId),
    count: (result: "ready" | "missing" | "failed"): void => looks.inc({ result }),
  };
  const ownFolder = createRecordingFolder(copiesFolder, [copiesFolder]);
  const opener = createRecordingOpener({ ...room, ownFolder, findPbx: pbxs.findById });
  const copies = createRecordingCopies({
    folder: copiesFolder,
    openOriginal: (recording, signal) =>
      opener.openPlace(recording, { method: "GET", range: undefined, ifRange: undefined, signal }),
  });
  const loops = [
    createRecordingWorker({ ...room, find: createFinder(room), copies }),
    createRecordingRetention({ ...room, copies }),
  ];

  const findAwaited = <C extends Pick<CallChange, "tenantId" | "call">>(changed: C) => {
    const { tenantId, call } = changed;
    if (call.endedAt === null || call.recordingUrl !== null || call.pbx === null) return [];
    const pbx = pbxs.findByName(tenantId, call.pbx);
    if (!pbx) return [];
    const isNamed = (call.details?.recordings.length ?? 0) > 0;
    const mayBeFound = isNamed || (pbx.recordings.folder !== null && SPOKEN.has(call.outcome));
    return mayBeFound ? [{ ...changed, pbxId: pbx.id, endedAt: call.endedAt }] : [];
  };

  return {
    expectation: {
      planChanged: async (client, changes) => {
        const awaited = changes.flatMap(findAwaited);
        if (awaited.length > 0) await saveAwaited(client, awaited, { now: clock.now(), delayMs: GAP_MS });
      },
      withNew: {
        parameters: 2,
        toSql: toAwaitNewSql,
        toValues: async (_on, calls) => toAwaitNewValues(calls.flatMap(findAwaited), GAP_MS),
      },
    },
    toCrmSubjects: createCrmLinks(room),
    find: opener.find,
    open: opener.open,
    links,
    loadSettings: settings.load,
    start: async ({ work }) => {
      await pbxs.start();
      if (work) for (const loop of loops) loop.start();
    },
    stop: async () => {
      settings.stop();
      await Promise.all([...loops.map((loop) => loop.stop()), pbxs.stop()]);
    },
  };
}
