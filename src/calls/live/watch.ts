import type { RowId, TenantId } from "../../core/ids.ts";
import { createLoop } from "../../kit/loop.ts";
import { isPartial, type LiveBoard, type LiveListener, loadSeen, type OwnPart } from "./board.ts";
import type { LiveOptions } from "./live.ts";
import { LIVE_CALLS_MAX } from "./schema.ts";
import { createLiveSheet, type LiveSheet, toTexts } from "./sheet.ts";
import { type FoundLiveCall, toOwnPart } from "./store.ts";

/** Looks at one tenant for its listeners. */
export interface LiveWatch {
  add(listener: LiveListener): void;
  /** How many are left. */
  remove(listener: LiveListener): number;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 500;
const CALLS = "calls";
const NOBODYS: ReadonlySet<RowId> = new Set();

/** `null` sees all. */
type Assignee = RowId | null;

export function createLiveWatch(tenantId: TenantId, options: LiveOptions): LiveWatch {
  const { loadCalls, boards, clock, log } = options;
  /** Listener → version that it knows, by sheet. */
  const listeners = new Map<LiveListener, Map<LiveSheet, number>>();
  const sheets = createSheets(clock.now().getTime().toString(36));
  let looks = 0;
  let isNew = true;

  async function look(): Promise<void> {
    const assignees = new Set([...listeners.keys()].map(({ view }) => view.assignee));
    const withProjects = [...assignees].some((assignee) => assignee !== null);
    const assignments = withProjects ? await options.loadAssignments(tenantId) : new Map();
    const found = await loadCalls(tenantId, { rowsMax: LIVE_CALLS_MAX + 1, withProjects });
    const isFull = isNew || looks === 0;
    isNew = false;
    const due = boards.filter(({ everyLooks = 1 }) => isFull || looks % everyLooks === 0);
    looks += 1;
    const parts = toParts(found.slice(0, LIVE_CALLS_MAX), assignees, assignments);
    takeCalls(found, parts);
    tellAll(); // nobody waits for calls until the boards are asked for
    const calls = found.slice(0, LIVE_CALLS_MAX).map(({ call }) => call);
    await Promise.all(
      due.map(async (board) => {
        if (![...listeners.keys()].some(({ view }) => view.boards.has(board.name))) return;
        const items = await board.load(tenantId, calls);
        for (const [assignee, part] of isPartial(board) ? parts : ALL) {
          const seen = await loadSeen(board, { tenantId, items, part });
          sheets.open(board.name, assignee).take(toTexts(seen, board.toKey));
        }
      }),
    );
    tellAll();
  }

  function takeCalls(found: readonly FoundLiveCall[], parts: Parts): void {
    const all = found.slice(0, LIVE_CALLS_MAX).map(({ call }) => call);
    for (const [assignee, part] of parts) {
      const seen = part?.calls ?? all;
      sheets.open(CALLS, assignee).take(
        toTexts(seen, ({ id }) => id),
        `,"more":${found.length > all.length}`,
      );
    }
  }

  function tellAll(): void {
    for (const [listener, known] of listeners) {
      tell(listener, known, sheets.find(CALLS, listener.view.assignee), { whole: CALLS, change: "change" });
      for (const board of boards) {
        const { name } = board;
        if (!listener.view.boards.has(name)) continue;
        const sheet = sheets.find(name, isPartial(board) ? listener.view.assignee : null);
        tell(listener, known, sheet, { whole: name, change: `${name}.change` });
      }
    }
  }

  const loop = createLoop({ name: "live", everyMs: LOOK_EVERY_MS, work: look, clock, log });
  loop.start();
  return {
    add: (listener) => {
      const [era, version] = listener.knows?.split("-") ?? [];
      const calls = sheets.find(CALLS, listener.view.assignee);
      listeners.set(listener, new Map(calls && era === calls.era ? [[calls, Number(version)]] : []));
      isNew = true;
    },
    remove: (listener) => {
      listeners.delete(listener);
      sheets.keep(new Set([...listeners.keys()].map(({ view }) => view.assignee)));
      return listeners.size;
    },
    stop: loop.stop,
  };
}

/** What each of those who look sees; `null`: all. */
type Parts = ReadonlyMap<Assignee, OwnPart | null>;
const ALL: Parts = new Map([[null, null]]);

function toParts(
  found: readonly FoundLiveCall[],
  assignees: ReadonlySet<Assignee>,
  assignments: ReadonlyMap<RowId, ReadonlySet<RowId>>,
): Parts {
  const toPart = (assignee: Assignee): OwnPart | null =>
    assignee === null ? null : toOwnPart(found, assignments.get(assignee) ?? NOBODYS);
  return new Map([...assignees].map((assignee) => [assignee, toPart(assignee)]));
}

/** Of each board one sheet for those who see all of it, and one for each supervisor who sees a part. */
function createSheets(era: string) {
  const byAssignee = new Map<Assignee, Map<string, LiveSheet>>();
  let opened = 0;
  const find = (board: LiveBoard["name"], assignee: Assignee) => byAssignee.get(assignee)?.get(board);
  return {
    find,
    open: (board: LiveBoard["name"], assignee: Assignee): LiveSheet => {
      const known = find(board, assignee);
      if (known) return known;
      opened += 1;
      const sheet = createLiveSheet(board === CALLS ? CALLS : "items", `${era}.${opened}`);
      byAssignee.set(assignee, (byAssignee.get(assignee) ?? new Map()).set(board, sheet));
      return sheet;
    },
    /** Those of others are dropped. */
    keep: (assignees: ReadonlySet<Assignee>): void => {
      for (const assignee of byAssignee.keys())
        if (assignee !== null && !assignees.has(assignee)) byAssignee.delete(assignee);
    },
  };
}

function tell(
  { stream }: LiveListener,
  known: Map<LiveSheet, number>,
  sheet: LiveSheet | undefined,
  { whole, change }: { whole: string; change: string },
): void {
  if (!sheet || stream.isBehind()) return;
  const news = sheet.newsFor(known.get(sheet) ?? -1);
  if (!news) return;
  const id = whole === CALLS ? { id: `${sheet.era}-${sheet.version()}` } : {};
  stream.send({ name: news.isWhole ? whole : change, data: news.data, ...id });
  known.set(sheet, sheet.version());
}
