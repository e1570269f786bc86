import { AppError, toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Random } from "../kit/random.ts";
import { AmiConnection, type AmiStatus } from "./ami/connection.ts";
import type { AmiMessage } from "./ami/message.ts";
import { type AmiAddress, isSuccess } from "./ami/session.ts";
import type { AmiItem } from "./ami/stream.ts";
import { type AmiRights, loadAmiRights } from "./ami-rights.ts";
import { createAskPbx } from "./ask-pbx.ts";
import { type CallCommands, type CommandsFor, createCallCommands } from "./call-commands.ts";
import { createPlaceByFile, type PlaceByFile } from "./call-file.ts";
import { type DialSettings, SPY_ID } from "./call-placing.ts";
import { RECORDER_ID } from "./call-recorder.ts";
import { createEventWaits } from "./event-waits.ts";
import { createFactOutlet, type FactOutlet, type FactSink } from "./fact-outlet.ts";
import { createOriginator, type Originator } from "./originate.ts";
import type { CommandAnswer, PbxCommand } from "./pbx-command.ts";
import type { CdrPlace } from "./reconcile/cdr-source.ts";
import { createReload, type Reload } from "./reload.ts";
import { runCommand } from "./run-command.ts";
import { createSpool, toSpoolFolders } from "./spool.ts";
import { createFactWriter, type TrackedFact } from "./tracker/call-facts.ts";
import { type CallTracker, createCallTracker } from "./tracker/call-tracker.ts";
import type { PbxPlan, PbxPlanOptions } from "./tracker/channel-name.ts";
import { createLivePbxPlan, type LivePbxPlan } from "./tracker/live-plan.ts";
import { createRecordingNames } from "./tracker/recording-names.ts";
import { say } from "./words.ts";

/*
 * One PBX: connection, tracker, originator, and whose turn it is.
 *
 *   stopped ── start ──▶ waiting for the lease ── ours ──▶ owned (connection runs) ── lease lost, stop ──▶ …
 *
 * Only the owner listens, so each call is told once; were two to listen for a moment, their facts would have the same keys.
 */
export interface PbxSettings {
  id: string;
  name: string;
  tenantId: TenantId;
  /** ISO 3166-1 alpha-2, for numbers without a country code. */
  country: string;
  address: AmiAddress;
  /** Before every Linkedid; empty unless the tenant has several PBXs. `[A-Za-z0-9._:@-]`. */
  callIdPrefix: string;
  /** Peer name → extension. */
  extensions: ReadonlyMap<string, string>;
  trunks: ReadonlySet<string>;
  dial: DialSettings;
  /** IANA zone in which it writes its times. */
  timeZone?: string;
  cdr?: CdrPlace;
  /** Folder of an Asterisk on this host that takes call files: `/var/spool/asterisk`. */
  spoolFolder?: string | null;
}

export interface PbxOptions {
  settings: PbxSettings;
  clock: Clock;
  random: Random;
  log: Log;
  /** The front door; see intake/accept.ts. */
  accept: FactSink;
  /** Runs `work` while this process owns the key; its signal aborts when the lease is lost. `locks.exclusive`. */
  exclusive(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** call_uuids of this PBX's calls that are still open in the store: those that are not alive any more get closed. */
  listOpenCalls(): Promise<readonly string[]>;
  /** Somebody who looks after what is missed, beside the tracker, for as long as this process owns the PBX. */
  observe?(settings: PbxSettings, view: PbxView): PbxObserver;
}

/** What an observer may know of the PBX it watches. */
export interface PbxView {
  isReady(): boolean;
  /** AMI events that this ownership had to drop. */
  droppedEvents(): number;
  /** Every Linkedid of the calls that are going on. */
  liveIds(): ReadonlySet<string>;
  /** Whether this call_uuid is a call and not, say, somebody who listens in. */
  isCall(callUuid: string): boolean;
  /** Who is an extension and who a trunk, as the tenant's lists say now. */
  plan: PbxPlan;
  /** Asks for a list; empty when the PBX does not know it or its user may not have it. Rejects while it is away. */
  list(name: "DeviceStateList" | "QueueStatus"): Promise<readonly AmiMessage[]>;
}

export interface PbxObserver {
  /** Everything the PBX says, once what it means for calls was told. Must not throw and must be quick. */
  take(items: readonly AmiItem[]): void;
  /** Resolves once `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PbxStatus {
  id: string;
  name: string;
  /** Whether this process owns the PBX; all else is `null` when another does. */
  isOwner: boolean;
  ami: AmiStatus | null;
  calls: number | null;
  placing: number | null;
  facts: { told: number; refused: number; waiting: number };
}

export interface Pbx {
  start(): void;
  stop(): Promise<void>;
  status(): PbxStatus;
  /** Takes other lists of phones and trunks without a new connection: they hold for channels that begin from now on. */
  learn(lists: PbxPlanOptions): void;
  /** Whether this process listens to it. */
  isOwner(): boolean;
  /** See originate.ts; throws `AppError("unavailable")` while this process does not own the PBX or it is away. */
  originate: Originator["originate"];
  /** By a call file, for a PBX on this host whose AMI user may not originate; `null`: it is not such a PBX, or not ours. */
  placeByFile(): PlaceByFile | null;
  /** Click-to-call, hang up, redirect, transfer …; refused with `unavailable` as above. */
  commands(): CallCommands;
  /** The same as an order, for who is in another process; see pbx-command.ts. */
  run(command: PbxCommand): Promise<CommandAnswer>;
  /** What the AMI user may do; for `enlace doctor pbx` and the first connection. */
  loadRights(): Promise<AmiRights>;
}

const RESYNC_EVERY_MS = 300_000;
const LEASE_RETRY_MS = 2_000;

interface Tenure {
  connection: AmiConnection;
  observer: PbxObserver | undefined;
  tracker: CallTracker;
  originator: Originator;
  commandsFor: CommandsFor;
  placeByFile: PlaceByFile | undefined;
  reload: Reload;
}

export function createPbx(options: PbxOptions): Pbx {
  const { settings, clock, log, accept } = options;
  const stopping = new AbortController();
  const outlet = createFactOutlet({ tenantId: settings.tenantId, accept, clock, log });
  const plan = createLivePbxPlan(settings);
  let tenure: Tenure | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        await options.exclusive(`pbx:${settings.id}`, signal, own);
      } catch (error) {
        if (!signal.aborted) log.warn({ pbx: settings.name, reason: toErrorMessage(error) }, "pbx.lease_lost");
      }
      await clock.sleep(LEASE_RETRY_MS, signal).catch(() => undefined); // stopping: the loop sees the signal
    }
  }

  async function own(signal: AbortSignal): Promise<void> {
    const current = openTenure({ ...options, plan }, outlet, signal);
    tenure = current;
    log.info({ pbx: settings.name }, "pbx.owned");
    current.connection.start();
    const observing = current.observer?.run(signal);
    try {
      while (!signal.aborted) {
        await clock.sleep(RESYNC_EVERY_MS, signal);
        current.connection.resync(); // whatever we misheard heals here
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      tenure = undefined;
      await Promise.all([current.connection.stop(), observing]);
      await outlet.idle();
    }
  }

  const owned = (): Tenure => {
    if (tenure) return tenure;
    throw new AppError("unavailable", say("notOwned", { name: settings.name }), { retryAfterSeconds: 5 });
  };

  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await running;
    },
    status: () => ({
      id: settings.id,
      name: settings.name,
      isOwner: tenure !== undefined,
      ami: tenure?.connection.status() ?? null,
      calls: tenure?.tracker.size().calls ?? null,
      placing: tenure?.originator.pending() ?? null,
      facts: outlet.counters(),
    }),
    learn: (lists) => plan.replace(lists),
    isOwner: () => tenure !== undefined,
    originate: async (request, signal) => {
      const { originator, tracker } = owned();
      const forget = request.parties && tracker.expect(request.id, request.parties);
      try {
        const placed = await originator.originate(request, signal);
        void placed.result.then(forget);
        return placed;
      } catch (error) {
        forget?.();
        throw error;
      }
    },
    placeByFile: () => tenure?.placeByFile ?? null,
    commands: () => owned().commandsFor(null),
    run: async (command) => runCommand(owned(), command),
    loadRights: async () => loadAmiRights((action) => owned().connection.send(action)),
  };
}

/** Everything of one ownership. It starts with nothing known: the first snapshot takes over what is going on. */
function openTenure(
  options: PbxOptions & { plan: LivePbxPlan },
  { tell, tellDurably }: FactOutlet,
  signal: AbortSignal,
): Tenure {
  const { settings, plan, clock, random, log } = options;
  const { name: pbx, callIdPrefix, country } = settings;
  const facts = createFactWriter({ pbx, callIdPrefix, country });
  const tracker = createCallTracker({ plan, facts });
  const events = createEventWaits(clock);
  /** Who listens in or records is not a call. */
  const isOfCall = ({ callUuid }: Pick<TrackedFact, "callUuid">): boolean =>
    ![SPY_ID, RECORDER_ID].some((start) => callUuid.startsWith(start, callIdPrefix.length));
  let isFirst = true;

  async function take(items: readonly AmiItem[]): Promise<void> {
    for (const item of items) {
      originator.take(item);
      events.take(item);
      recordingNames.take(item);
    }
    await tell(
      items.flatMap((item) => tracker.take(item).filter(isOfCall)),
      signal,
    );
    const snapshot = isFirst ? items.find(({ kind }) => kind === "snapshot") : undefined;
    if (snapshot) {
      isFirst = false;
      await tellDurably(await findGone(options, tracker, snapshot.at), signal);
    }
    observer?.take(items);
  }

  const connection = new AmiConnection({ address: settings.address, clock, random, log, onItems: take });
  const recordingNames = createRecordingNames({
    send: (action) => connection.send(action),
    onName: (item) => tell(tracker.take(item).filter(isOfCall), signal),
    log,
  });
  const originator = createOriginator({ send: (action, sending) => connection.send(action, sending), clock });
  const placeByFile = settings.spoolFolder
    ? createPlaceByFile({ spool: createSpool({ ...toSpoolFolders(settings.spoolFolder), random }), events })
    : undefined;
  const commandsFor = createCallCommands({
    ...{ pbx, dial: settings.dial, callIdPrefix, tracker, originate: originator.originate, events, clock },
    isExtension: plan.hasExtension,
    send: (action) => connection.send(action),
    tell: (told) => tellDurably(told, signal),
    placeByFile,
  });
  const observer = options.observe?.(settings, {
    isReady: () => connection.status().state === "ready",
    droppedEvents: () => connection.status().droppedEvents,
    plan,
    list: async (name) => {
      const { response, items } = await connection.list({ name });
      return isSuccess(response) ? items : [];
    },
    isCall: (callUuid) => isOfCall({ callUuid }),
    liveIds: () => new Set(tracker.calls().flatMap(({ linkedIds }) => [...linkedIds])),
  });
  const reload = createReload(createAskPbx((action) => connection.send(action)));
  return { connection, observer, tracker, originator, commandsFor, placeByFile, reload };
}

/** Calls that an earlier owner opened and that are not alive: they ended while nobody listened. */
async function findGone(
  { settings, listOpenCalls }: PbxOptions,
  tracker: CallTracker,
  at: Date,
): Promise<TrackedFact[]> {
  const alive = new Set(
    tracker.calls().flatMap(({ linkedIds }) => [...linkedIds].map((id) => `${settings.callIdPrefix}${id}`)),
  );
  const gone = (await listOpenCalls()).filter((callUuid) => !alive.has(callUuid));
  return gone.map((callUuid) => ({
    callUuid,
    fact: { key: "recovery:gone", source: "recovery", at, status: "lost", endedAt: at, pbx: settings.name },
    raw: { event: "gone" },
  }));
}
