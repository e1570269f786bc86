import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Random } from "../../kit/random.ts";
import type { AttemptChange, DialAttempt } from "../attempt.ts";
import type { Project } from "../project.ts";
import type { Trunk } from "../trunk.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import { createDialBatch, type DecideMany } from "./batch.ts";
import { createCallLife } from "./call-life.ts";
import type { CampaignSource } from "./campaign-source.ts";
import { type ConclusionOptions, createConclusion } from "./conclusion.ts";
import { createDialLoop, type DialLoop } from "./dial-loop.ts";
import { createDialingFigures } from "./figures.ts";
import { createJournal } from "./journal.ts";
import { createLane, type PbxItem } from "./lane.ts";
import { ALL, createLimits, type Limits, projectKey, tenantKey, trunkKey } from "./limits.ts";
import type { DialPbx, LiveCall } from "./live-call.ts";
import { createPacer } from "./pacer.ts";
import { createPlaceDial, type PlaceDial, type PlaceDialOptions } from "./place-dial.ts";
import { createPlacing, type PlacingOptions } from "./placing.ts";
import { dropOldKeys } from "./queue-store.ts";
import { createRecovery, type RecoveryOptions } from "./recovery.ts";
import { createSlots, type Slots } from "./slots.ts";
import { loadForScript, markDialed, noteChange } from "./store.ts";
import { createTrunkBreakers, type TrunkHealth } from "./trunk-breakers.ts";
import { createTurns } from "./turns.ts";
import { createWebhookOutbox, type WebhookOutboxOptions } from "./webhook-outbox.ts";
import { dropOldWebhooks } from "./webhook-store.ts";
import { createWishes } from "./wishes.ts";

/*
 * The heart of the dialer: whoever is to be called, by a campaign, a program or a test, is called by this one pipeline.
 *
 *   queue, campaigns ── share out what is free ──▶ claimed ── rules ──▶ written down ── pace ──▶ Originate ──▶ slot until Hangup
 *
 * It runs where a PBX is owned, in the process that listens to it.
 */
export interface Dialing {
  placeDial: PlaceDial;
  /** What the IVR needs to know when a call reaches it; `null`: nobody knows of such an attempt. Its id is the channel's. */
  loadSession(attemptId: string): Promise<DialSession | null>;
  /**
   * Takes in at once what became known of an attempt; resolves when it is kept. A change with a disposition or `endedAt` from
   * the source `ivr` is the script's last word.
   */
  report(change: AttemptChange): Promise<void>;
  /** Dials over a PBX for as long as it is ours. */
  observe(pbx: DialPbx, view: { isReady(): boolean }): DialObserver;
  limits: Limits;
  /** Of a trunk that this process dials over; `null`: another does, or nobody. */
  toTrunkHealth(trunkId: RowId): TrunkHealth | null;
  /** Rejects when the limits cannot be loaded. `dials`: not only takes calls into the queue. */
  start(options: { dials: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface DialSession {
  attempt: DialAttempt;
  project: Project;
  needsNotice: boolean;
}

export interface DialObserver {
  take(items: readonly PbxItem[]): void;
  run(signal: AbortSignal): Promise<void>;
}

export interface DialingOptions
  extends Pick<ConclusionOptions, "accept" | "noteAttempts">,
    Pick<PlaceDialOptions, "loadTenant" | "loadProject" | "isSuppressed">,
    Pick<PlacingOptions, "originate" | "toTrunkChannel">,
    Pick<WebhookOutboxOptions, "request" | "loadWebhook" | "sign">,
    Pick<RecoveryOptions, "loadCalls"> {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  campaigns: CampaignSource;
  loadTrunk(tenantId: TenantId, id: RowId): Promise<Trunk | null>;
  decideMany: DecideMany;
  /** Of projects whose calls go to people: how many more may be dialled now. Without it they are not dialled. */
  toAgentRoom?: (project: Project, now: Date) => Promise<number>;
}

const UPKEEP_EVERY_MS = 600_000;
/** What a failure left claimed is looked for this often. */
const SWEEP_EVERY_MS = 60_000;

export function createDialing(options: DialingOptions): Dialing {
  const parts = openParts(options);
  const { limits, journal, webhooks, loop, upkeep } = parts;
  return {
    limits,
    placeDial: createPlaceDial({ ...options, limits, onQueued: parts.ring }),
    ...createScriptSide(options, parts),
    observe: createObserve(options, parts),
    toTrunkHealth: (trunkId) => (parts.slots.used(trunkKey(trunkId)) > 0 ? parts.breakers.phase(trunkId) : null),
    start: async ({ dials }) => {
      await limits.start();
      if (!dials) return;
      for (const part of [journal, loop, webhooks, upkeep]) part.start();
    },
    stop: async () => {
      await Promise.all([loop.stop(), upkeep.stop()]);
      await journal.stop();
      await webhooks.stop();
      await limits.stop();
    },
  };
}

type Parts = ReturnType<typeof openParts>;

function openParts(options: DialingOptions) {
  const { database, clock, log, metrics, campaigns } = options;
  const limits = createLimits(options);
  const pacer = createPacer({ clock, perSecond: limits.perSecond });
  const turns = createTurns({ pacer, clock, mark: (attempts) => markDialed(database, attempts) });
  const slots = createSlots(limits.channelsMax);
  const breakers = createTrunkBreakers(options);
  const figures = createDialingFigures(metrics, () => ({
    channels: () => countTrunks(slots),
    queued: loop.queued,
    perSecond: () => pacer.recent(ALL),
    unwritten: () => journal.waiting(),
  }));
  const webhooks = createWebhookOutbox(options);
  const conclude = createConclusion({ ...options, figures, webhooks });
  const journal = createJournal({ database, clock, log, figures, conclude });
  const life = createCallLife({ journal, breakers, clock });
  const revive = createRevive(options, { limits, slots });
  const placing = createPlacing({ ...options, turns, life, figures });
  const recover = createRecovery({ ...options, life, journal, revive });
  const wishes = createWishes({ database, campaigns });
  const dialBatch = createDialBatch({
    ...{ ...options, revive, journal, place: placing.place },
    isFree: (trunkId) => slots.free(trunkKey(trunkId)) > 0 && breakers.phase(trunkId) === "closed",
  });
  const loop: DialLoop = createDialLoop({
    ...{ ...options, limits, turns, slots, breakers, journal, dialBatch, loadWishes: wishes.load },
    ...{ sweepEveryMs: SWEEP_EVERY_MS, sweep: (lane) => recover(lane.pbx, lane.living()) },
  });
  const upkeep = createLoop({
    ...{ name: "dialer_upkeep", everyMs: UPKEEP_EVERY_MS, clock, log },
    work: async (signal) => {
      while (!signal.aborted && (await dropOldWebhooks(database, clock.now())) > 0);
      while (!signal.aborted && (await dropOldKeys(database, clock.now())) > 0);
    },
  });
  const ring = (): void => {
    wishes.ring();
    loop.ring();
  };
  return { limits, slots, breakers, journal, life, placing, recover, webhooks, loop, upkeep, ring };
}

/** What the script that talks with people asks and says. */
function createScriptSide(
  { database, loadProject }: DialingOptions,
  { life, journal }: Parts,
): Pick<Dialing, "loadSession" | "report"> {
  return {
    loadSession: async (attemptId) => {
      const call = life.find(attemptId);
      if (call) {
        life.onScript(call, "began");
        return call;
      }
      const attempt = await loadForScript(database, attemptId); // of a PBX that another process listens to
      const project = attempt && (await loadProject(attempt.tenantId, attempt.projectId));
      return attempt && project ? { attempt, project, needsNotice: true } : null;
    },
    report: async (change) => {
      const call = life.find(change.id);
      if (!call) {
        await noteChange(database, change);
        return;
      }
      life.onScript(call, change);
      await journal.kept(change.id);
    },
  };
}

function createObserve({ clock, log }: DialingOptions, { life, recover, loop, placing }: Parts): Dialing["observe"] {
  return (pbx, view) => {
    const lane = createLane({
      ...{ pbx, life, recover, clock, log, isHeard: view.isReady },
      onEnd: async () => {
        loop.remove(lane);
        await placing.unsent(lane);
        life.leave(pbx.id);
      },
    });
    return {
      take: lane.take,
      run: async (signal) => {
        loop.add(lane);
        await lane.run(signal);
      },
    };
  };
}

/** An attempt with all that belongs to it, and its slots taken. */
function createRevive({ loadProject, loadTrunk }: DialingOptions, { limits, slots }: { limits: Limits; slots: Slots }) {
  return async (attempt: KeptAttempt, pbx: DialPbx): Promise<LiveCall | null> => {
    const { tenantId, projectId, trunkId } = attempt;
    const project = await loadProject(tenantId, projectId);
    if (!project) return null;
    const trunk = trunkId === null ? null : await loadTrunk(tenantId, trunkId);
    limits.noteProject(project);
    if (trunk) limits.noteTrunk(trunk);
    const keys = [ALL, tenantKey(tenantId), projectKey(projectId), ...(trunkId === null ? [] : [trunkKey(trunkId)])];
    return {
      ...{
        attempt,
        project,
        trunk,
        pbx,
        needsNotice: true,
        isPlacing: false,
        goneAt: null,
        script: "none",
        heard: null,
      },
      ...{ channelId: attempt.id, isTold: false, cancelWait: () => undefined, release: slots.take(keys) },
    };
  };
}

function countTrunks(slots: Slots): Map<string, number> {
  const trunks = slots.keys().filter((key) => key.startsWith("trunk:"));
  return new Map(trunks.map((key) => [key.slice("trunk:".length), slots.used(key)]));
}
