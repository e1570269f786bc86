import type { TenantId } from "../core/ids.ts";
import type { CallerRule } from "../http/access.ts";
import type { EventStream } from "../http/event-stream.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { createLoop } from "../kit/loop.ts";
import { type CallChange, toCallChange, toCallTexts } from "./live-change.ts";
import { LIVE_CALLS_MAX, type LiveCall } from "./live-schema.ts";

/*
 * What happens now, for everybody who looks: one watch for each tenant that has a listener, which asks the store twice a second
 * whoever many look, and tells what changed. Intake does nothing for it. The first listener starts the watch, the last one
 * ends it. A listener that could not take everything gets the whole picture again once it can.
 */
export interface LiveOptions {
  /** Newest first. */
  loadCalls(tenantId: TenantId, rowsMax: number): Promise<LiveCall[]>;
  boards: readonly LiveBoard[];
  clock: Clock;
  log: Log;
}

/** Something else than calls that a wallboard shows: lanes, PBXs. */
export interface LiveBoard {
  /** Name of its event, and of its part in the picture. */
  name: string;
  /** Who may see it. */
  rule: CallerRule;
  load(tenantId: TenantId): Promise<readonly unknown[]>;
}

export interface LiveListener {
  stream: EventStream;
  /** Names of the boards it may see. */
  boards: ReadonlySet<string>;
  /** `Last-Event-ID`: what it knows already. */
  knows?: string | undefined;
}

export interface Live {
  /** The picture once. */
  look(tenantId: TenantId, boards: ReadonlySet<string>): Promise<Picture>;
  /** Tells the stream what changes until it closes. */
  listen(tenantId: TenantId, listener: LiveListener): void;
  stop(): Promise<void>;
}

export interface Picture {
  calls: LiveCall[];
  more: boolean;
  /** By name; `null`: not for this caller. */
  boards: Record<string, readonly unknown[] | null>;
}

const LOOK_EVERY_MS = 500;
/** Lanes and PBXs change slower and cost more to ask for. */
const BOARDS_EVERY_LOOKS = 4;

export function createLive(options: LiveOptions): Live {
  const { loadCalls, boards } = options;
  const watches = new Map<TenantId, ReturnType<typeof createWatch>>();
  return {
    look: async (tenantId, shown) => {
      const [calls, ...contents] = await Promise.all([
        loadCalls(tenantId, LIVE_CALLS_MAX + 1),
        ...boards.map(async ({ name, load }) => (shown.has(name) ? load(tenantId) : null)),
      ]);
      const pairs = boards.map(({ name }, index) => [name, contents[index] ?? null] as const);
      const more = calls.length > LIVE_CALLS_MAX;
      return { calls: calls.slice(0, LIVE_CALLS_MAX), more, boards: Object.fromEntries(pairs) };
    },
    listen: (tenantId, listener) => {
      const known = watches.get(tenantId);
      const watch = known ?? createWatch(tenantId, options);
      watches.set(tenantId, watch);
      watch.add(listener);
      const leave = (): void => {
        if (watch.remove(listener) > 0) return;
        if (watches.get(tenantId) === watch) watches.delete(tenantId);
        void watch.stop();
      };
      listener.stream.closed.addEventListener("abort", leave, { once: true });
    },
    stop: async () => {
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
    },
  };
}

/** Which part of which picture a listener has seen. */
interface Seen {
  version: number;
  boards: Map<string, string>;
}

function createWatch(tenantId: TenantId, { loadCalls, boards, clock, log }: LiveOptions) {
  const listeners = new Map<LiveListener, Seen>();
  /** Another process, or this one after a pause, counts its versions anew. */
  const era = clock.now().getTime().toString(36);
  let version = 0;
  let calls = new Map<string, string>();
  let more = false;
  const shown = new Map<string, string>();
  let looks = 0;

  async function look(): Promise<void> {
    if (looks++ % BOARDS_EVERY_LOOKS === 0)
      for (const { name, load } of boards) shown.set(name, JSON.stringify({ items: await load(tenantId) }));
    const found = await loadCalls(tenantId, LIVE_CALLS_MAX + 1);
    const next = toCallTexts(found.slice(0, LIVE_CALLS_MAX));
    const change = toCallChange(calls, next);
    const isOther = change !== null || more !== found.length > LIVE_CALLS_MAX || version === 0;
    calls = next;
    more = found.length > LIVE_CALLS_MAX;
    if (isOther) version += 1;
    tellAll(change);
  }

  function tellAll(change: CallChange | null): void {
    const before = change === null ? null : version - 1;
    const news =
      change === null ? "" : `{"set":[${change.set.join(",")}],"gone":${JSON.stringify(change.gone)},"more":${more}}`;
    let whole: string | undefined;
    for (const [{ stream, boards: mine }, seen] of listeners) {
      if (stream.isBehind()) continue;
      const id = `${era}-${version}`;
      if (seen.version === before) stream.send({ name: "change", data: news, id });
      else if (seen.version !== version) {
        whole ??= `{"calls":[${[...calls.values()].join(",")}],"more":${more}}`;
        stream.send({ name: "calls", data: whole, id });
      }
      seen.version = version;
      for (const [name, data] of shown) {
        if (!mine.has(name) || seen.boards.get(name) === data) continue;
        stream.send({ name, data });
        seen.boards.set(name, data);
      }
    }
  }

  const loop = createLoop({ name: "live", everyMs: LOOK_EVERY_MS, work: look, clock, log });
  loop.start();
  return {
    add: (listener: LiveListener): void => {
      const [knownEra, known] = listener.knows?.split("-") ?? [];
      listeners.set(listener, { version: knownEra === era ? Number(known) : -1, boards: new Map() });
    },
    /** How many are left. */
    remove: (listener: LiveListener): number => {
      listeners.delete(listener);
      return listeners.size;
    },
    stop: loop.stop,
  };
}
