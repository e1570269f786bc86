import type { TenantId } from "../../core/ids.ts";
import type { RecordingPbx } from "../../core/pbx-record.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Listener } from "../../kit/postgres/listener.ts";

/**
 * The PBXs whose recordings can be found, as a picture in memory: `accept` asks for each call that ends, and must not wait.
 * Drawn anew when a change is notified, and every minute for those who missed it.
 */
export interface PbxPlaces {
  /** Resolves once the first picture is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  findByName(tenantId: TenantId, name: string): RecordingPbx | undefined;
  findById(tenantId: TenantId, id: string): RecordingPbx | undefined;
}

export interface PbxPlacesOptions {
  listRecordingPbxs(): Promise<readonly RecordingPbx[]>;
  listener: Pick<Listener, "on">;
  clock: Clock;
  log: Log;
}

const EVERY_MS = 60_000;

export function createPbxPlaces({ listRecordingPbxs, listener, clock, log }: PbxPlacesOptions): PbxPlaces {
  let byName = new Map<string, RecordingPbx>();
  let byId = new Map<string, RecordingPbx>();
  let asked = 0;
  let drawn = 0;

  /** The latest question wins, whichever answer comes last. */
  async function draw(): Promise<void> {
    const mine = ++asked;
    const pbxs = await listRecordingPbxs();
    if (mine < drawn) return;
    drawn = mine;
    byName = new Map(pbxs.map((pbx) => [`${pbx.tenantId}:${pbx.name}`, pbx]));
    byId = new Map(pbxs.map((pbx) => [`${pbx.tenantId}:${pbx.id}`, pbx]));
  }

  const loop = createLoop({ name: "recordings.places", everyMs: EVERY_MS, work: draw, clock, log });
  let unsubscribe = (): void => undefined;

  return {
    start: async () => {
      unsubscribe = listener.on("settings", () => {
        draw().catch((error: unknown) => log.warn({ err: error }, "recordings.places_failed")); // the loop tries again
      });
      await draw();
      loop.start();
    },
    stop: async () => {
      unsubscribe();
      await loop.stop();
    },
    findByName: (tenantId, name) => byName.get(`${tenantId}:${name}`),
    findById: (tenantId, id) => byId.get(`${tenantId}:${id}`),
  };
}
