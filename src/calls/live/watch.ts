import type { RowId, TenantId } from "../../core/ids.ts";
import { createLoop } from "../../kit/loop.ts";
import { type LiveBoard, type LiveListener, toSeen } from "./board.ts";
import type { LiveOptions } from "./live.ts";
import { LIVE_CALLS_MAX } from "./schema.ts";
import { createLiveSheet, type LiveSheet, toTexts } from "./sheet.ts";
import { type FoundLiveCall, toOwnCalls } from "./store.ts";

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
    const found = await loadCalls(tenantId, LIVE_CALLS_MAX + 1);
    const isFull = isNew || looks === 0;
    isNew = false;
    const due = boards.filter(({ everyLooks = 1 }) => isFull || looks % everyLooks === 0);
    looks += 1;
    const assignees = new Set([...listeners.keys()].map(({ view }) => view.assignee));
    const known = await loadProjects(options, tenantId, assignees);
    takeCalls(found, assignees, known);
    tellAll(); // nobody waits for calls until the boards are asked for
    const calls = found.slice(0, LIVE_CALLS_MAX).map(({ call }) => call);
    await Promise.all(
      due.map(async (board) => {
        if (![...listeners.keys()].some(({ view }) => view.boards.has(board.name))) return;
        const items = await board.load(tenantId, calls);
        for (const assignee of board.toOwn ? assignees : [null]) {
          const seen = toSeen(board, items, toOwn(assignee, known));
          sheets.open(board.name, assignee).take(toTexts(seen, board.toKey));
        }
      }),
    );
    tellAll();
  }

  function takeCalls(found: readonly FoundLiveCall[], assignees: ReadonlySet<Assignee>, known: KnownProjects): void {
    const all = found.slice(0, LIVE_CALLS_MAX);
    for (const assignee of assignees) {
      const own = toOwn(assignee, known);
      const seen = own ? toOwnCalls(all, { own, projectOf: known.dialed }) : all.map(({ call }) => call);
      sheets.open(CALLS, assignee).take(
        toTexts(seen, ({ id }) => id),
        `,"more":${found.length > all.length}`,
      );
    }
  }

  function tellAll(): void {
    for (const [listener, known] of listeners) {
      tell(listener, known, sheets.find(CALLS, listener.view.assignee), { whole: CALLS, change: "change" });
      for (const { name, toOwn: isPartial } of boards) {
        if (!listener.view.boards.has(name)) continue;
        const sheet = sheets.find(name, isPartial ? listener.view.assignee : null);
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

interface KnownProjects {
  assignments: ReadonlyMap<RowId, ReadonlySet<RowId>>;
  dialed: ReadonlyMap<string, RowId>;
}

/** Whose projects are whose: asked for only while somebody looks who does not see all. */
async function loadProjects(
  { loadAssignments, loadDialed }: LiveOptions,
  tenantId: TenantId,
  assignees: ReadonlySet<Assignee>,
): Promise<KnownProjects> {
  if ([...assignees].every((assignee) => assignee === null)) return { assignments: new Map(), dialed: new Map() };
  const [assignments, dialed] = await Promise.all([loadAssignments(tenantId), loadDialed(tenantId)]);
  return { assignments, dialed };
}

const toOwn = (assignee: Assignee, { assignments }: KnownProjects): ReadonlySet<RowId> | null =>
  assignee === null ? null : (assignments.get(assignee) ?? NOBODYS);

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
