import { parseChannelName } from "../tracker/channel-name.ts";
import type { CdrRow } from "./cdr-row.ts";

/** All records of one call. */
export interface CdrGroup {
  /** Linkedid; where the PBX does not write it, the unique id of the channel that came first. */
  id: string;
  /** Every id under which we may know the call. */
  ids: ReadonlySet<string>;
  /** In the order in which they began. */
  rows: readonly [CdrRow, ...CdrRow[]];
  startedAt: Date;
  endedAt: Date;
}

/**
 * One group per call. With Linkedid that is the group; without it, records belong together that are of one channel, or where
 * one reached what is the other's channel (or the other half of its Local pair) at the same time.
 */
export function toCdrGroups(rows: readonly CdrRow[]): CdrGroup[] {
  const linked = Map.groupBy(rows, ({ linkedId }) => linkedId);
  const loose = linked.get(null) ?? [];
  linked.delete(null);
  return [...[...linked.values()].map(toGroup), ...joinLoose(loose).map(toGroup)];
}

function toGroup(found: readonly CdrRow[]): CdrGroup {
  const rows = [...found].sort(byAge) as [CdrRow, ...CdrRow[]];
  const [first] = rows;
  return {
    id: first.linkedId ?? first.uniqueId,
    ids: new Set(rows.flatMap(({ linkedId, uniqueId }) => (linkedId === null ? [uniqueId] : [linkedId, uniqueId]))),
    rows,
    startedAt: first.startedAt,
    endedAt: new Date(Math.max(...rows.map(({ endedAt }) => endedAt.getTime()))),
  };
}

/** Whole seconds are all that most backends keep: within one, the order of making decides. */
function byAge(a: CdrRow, b: CdrRow): number {
  const bySecond = Math.floor(a.startedAt.getTime() / 1000) - Math.floor(b.startedAt.getTime() / 1000);
  const isOrigin = ({ uniqueId, linkedId }: CdrRow): number => Number(uniqueId !== linkedId);
  const byId = isOrigin(a) - isOrigin(b) || toSerial(a.uniqueId) - toSerial(b.uniqueId);
  return bySecond || byId || (a.sequence ?? 0) - (b.sequence ?? 0);
}

/** The `42` of `1795353143.42`: channels are numbered as they are made. */
const toSerial = (uniqueId: string): number => Number(/\.(\d+)$/.exec(uniqueId)?.[1] ?? 0);

/** Names of channels are used again after a restart of Asterisk; two records of one call touch each other in time. */
const TOUCH_MS = 2_000;

function joinLoose(rows: readonly CdrRow[]): CdrRow[][] {
  const groups = new Map<CdrRow, CdrRow[]>();
  const byName = new Map<string, CdrRow[]>();
  for (const row of [...rows].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime())) {
    groups.set(row, [row]);
    for (const name of toNames(row)) {
      const others = byName.get(name) ?? [];
      for (const other of others) if (isTouching(row, other)) unite(groups, row, other);
      byName.set(name, [...others.filter((other) => isTouching(row, other)), row]);
    }
  }
  return [...new Set(groups.values())];
}

function toNames({ uniqueId, channel, destinationChannel }: CdrRow): string[] {
  const names = [channel, destinationChannel].filter((name) => name !== "");
  return [`id ${uniqueId}`, ...names.map((name) => parseChannelName(name).pair ?? name)];
}

const isTouching = (a: CdrRow, b: CdrRow): boolean =>
  a.uniqueId === b.uniqueId ||
  (a.startedAt.getTime() <= b.endedAt.getTime() + TOUCH_MS && b.startedAt.getTime() <= a.endedAt.getTime() + TOUCH_MS);

function unite(groups: Map<CdrRow, CdrRow[]>, one: CdrRow, other: CdrRow): void {
  const [kept, gone] = [groups.get(one) ?? [one], groups.get(other) ?? [other]];
  if (kept === gone) return;
  kept.push(...gone);
  for (const row of gone) groups.set(row, kept);
}
