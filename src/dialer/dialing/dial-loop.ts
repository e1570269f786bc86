import { toErrorMessage } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Project } from "../project.ts";
import type { Trunk } from "../trunk.ts";
import type { Batch } from "./batch.ts";
import type { Journal } from "./journal.ts";
import type { Lane } from "./lane.ts";
import { ALL, type Limits, projectKey, tenantKey } from "./limits.ts";
import { createDealer, type Flow, type Permit } from "./permits.ts";
import type { Slots } from "./slots.ts";
import type { TrunkBreakers } from "./trunk-breakers.ts";
import type { Turns } from "./turns.ts";

/*
 * The beat of the dialer. Each time: who wants calls, for how many is there room, deal them out, have each PBX's batch claimed
 * and placed. The room is what may start until the next beat and a little beyond, so that what is written down is soon dialled.
 */
export interface DialLoop {
  add(lane: Lane): void;
  remove(lane: Lane): void;
  /** Something new waits. */
  ring(): void;
  /** Single calls that are due, as last counted. */
  queued(): number;
  start(): void;
  stop(): Promise<void>;
}

export interface DialLoopOptions {
  /** Everything that could be dialled now; the queue's key begins with `queue:`, a campaign's with `campaign:`. */
  loadWishes(now: Date): Promise<readonly Wish[]>;
  loadProject(tenantId: TenantId, id: RowId): Promise<Project | null>;
  loadTrunk(tenantId: TenantId, id: RowId): Promise<Trunk | null>;
  /** Of projects whose calls go to people: how many more may be dialled now. Without it they are not dialled. */
  toAgentRoom?: ((project: Project, now: Date) => Promise<number>) | undefined;
  /** Claims, asks the rules, writes down and places. Resolves with how many were claimed of each flow. */
  dialBatch(batch: Batch): Promise<ReadonlyMap<string, number>>;
  /** Finds what a failure left claimed; no batch runs meanwhile. */
  sweep(lane: Lane): Promise<void>;
  sweepEveryMs: number;
  limits: Limits;
  turns: Pick<Turns, "room">;
  slots: Slots;
  breakers: TrunkBreakers;
  journal: Pick<Journal, "waiting">;
  clock: Clock;
  log: Log;
}

/** Somebody who has calls to make. */
export interface Wish {
  key: string;
  tenantId: TenantId;
  projectId: RowId;
  most: number;
}

const BEAT_MS = 200;
const IDLE_MS = 250;
/** What starts within it is dealt out at once: longer than a beat with all its statements takes, so that nobody waits for one. */
const AHEAD_MS = 600;
const BATCH_MAX = 1_000;
/** Changes that wait for the store: beyond this no new calls are begun. */
const UNWRITTEN_MAX = 5_000;
/** A campaign that had nobody due is asked again after this. */
const EMPTY_MS = 1_000;

export function createDialLoop(options: DialLoopOptions): DialLoop {
  const toFlow = createToFlow(options);
  const { turns, slots, breakers, journal, clock, log } = options;
  const lanes = new Map<string, Lane>();
  const dealer = createDealer();
  const stopping = new AbortController();
  const emptyUntilMs = new Map<string, number>();
  let bell = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let queued = 0;
  let sweepAtMs = clock.now().getTime() + options.sweepEveryMs;

  const room = (key: string): number =>
    Math.min(
      slots.free(key),
      key.startsWith("project:") ? Number.POSITIVE_INFINITY : turns.room(key, AHEAD_MS),
      key.startsWith("trunk:") ? breakers.room(key.slice("trunk:".length) as RowId) : Number.POSITIVE_INFINITY,
    );

  async function beat(): Promise<boolean> {
    const ready = new Map([...lanes].filter(([, lane]) => lane.isReady()));
    if (ready.size === 0 || journal.waiting() > UNWRITTEN_MAX) return false;
    const now = clock.now();
    if (now.getTime() >= sweepAtMs) {
      sweepAtMs = now.getTime() + options.sweepEveryMs;
      for (const lane of ready.values()) await options.sweep(lane);
    }
    const wishes = await options.loadWishes(now);
    queued = wishes.reduce((sum, { key, most }) => (key.startsWith("queue:") ? sum + most : sum), 0);
    const open = wishes.filter(({ key }) => (emptyUntilMs.get(key) ?? 0) <= now.getTime());
    const flows = await Promise.all(open.map((wish) => toFlow(wish, ready)));
    const permits = dealer.deal(
      flows.filter((flow) => flow !== null),
      room,
      BATCH_MAX,
    );
    for (const [pbxId, own] of Map.groupBy(permits, (permit) => permit.pbxId)) {
      const lane = ready.get(pbxId);
      if (lane?.isReady()) await dial(lane, own, now);
    }
    return permits.length > 0;
  }

  async function dial(lane: Lane, permits: readonly Permit[], now: Date): Promise<void> {
    const claimed = await options.dialBatch({ lane, permits, now });
    const wanted = Map.groupBy(permits, ({ flow }) => flow.key);
    for (const key of wanted.keys()) {
      if ((claimed.get(key) ?? 0) > 0) emptyUntilMs.delete(key);
      else emptyUntilMs.set(key, now.getTime() + EMPTY_MS);
    }
  }

  /** Between two beats that had calls no bell is heard: what comes meanwhile travels together. */
  async function rest(isBusy: boolean, signal: AbortSignal): Promise<void> {
    if (isBusy) return clock.sleep(BEAT_MS, signal).catch(() => undefined); // stopping: the loop's condition ends it
    const cancel = clock.after(IDLE_MS, bell.resolve);
    await bell.promise;
    cancel();
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      bell = Promise.withResolvers();
      let isBusy = false;
      try {
        isBusy = await beat();
      } catch (error) {
        log.warn({ reason: toErrorMessage(error) }, "dialer.beat_failed");
      }
      await rest(isBusy, signal);
    }
  }

  return {
    add: (lane) => void lanes.set(lane.pbx.id, lane),
    remove: (lane) => {
      if (lanes.get(lane.pbx.id) === lane) lanes.delete(lane.pbx.id);
    },
    ring: () => {
      for (const key of emptyUntilMs.keys()) if (key.startsWith("queue:")) emptyUntilMs.delete(key);
      bell.resolve();
    },
    queued: () => queued,
    start: () => {
      running ??= run(stopping.signal);
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      bell.resolve();
      await running;
    },
  };
}

/** A wish with all that limits it; `null`: it cannot be dialled over any PBX of ours now. */
function createToFlow({ loadProject, loadTrunk, toAgentRoom, limits, clock }: DialLoopOptions) {
  return async ({ key, tenantId, projectId, most }: Wish, ready: ReadonlyMap<string, Lane>): Promise<Flow | null> => {
    const project = await loadProject(tenantId, projectId);
    if (!project || project.disabledAt !== null) return null;
    limits.noteProject(project);
    const trunks: { trunkId: RowId; pbxId: string; weight: number }[] = [];
    for (const { trunkId, weight } of project.trunks) {
      const trunk = await loadTrunk(tenantId, trunkId);
      if (!trunk?.enabled || !ready.has(trunk.pbxId)) continue;
      limits.noteTrunk(trunk);
      trunks.push({ trunkId, weight, pbxId: trunk.pbxId });
    }
    if (trunks.length === 0) return null;
    const agents = project.mode === "agents" ? ((await toAgentRoom?.(project, clock.now())) ?? 0) : most;
    const keys = [ALL, tenantKey(tenantId), projectKey(projectId)];
    return { key, tenantId, projectId, most: Math.min(most, agents), limits: keys, trunks };
  };
}
