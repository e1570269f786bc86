import type { RowId, TenantId } from "../../core/ids.ts";
import type { CallerRule } from "../../http/access.ts";
import type { EventStream } from "../../http/event-stream.ts";
import type { LiveCall } from "./schema.ts";

// What a wallboard is made of, and for whom.

/** Something else than calls that a wallboard shows: agents, trunks, campaigns, lanes. */
export interface LiveBoard<T = unknown> {
  /** Name of its event, and of its part in the picture. */
  name: string;
  /** Who may see it. */
  rule: CallerRule;
  /** At most `LIVE_CALLS_MAX` items or so: a list that a person looks at. */
  load(tenantId: TenantId, calls: readonly LiveCall[]): Promise<readonly T[]>;
  toKey(item: T): string;
  /** What somebody sees who sees a part; `null`: nothing of it. Absent: the same as everybody, unless `loadOwn` is there. */
  toOwn?(item: T, part: OwnPart): T | null;
  /** For what no part can be cut out of: counts. */
  loadOwn?(tenantId: TenantId, projects: ReadonlySet<RowId>): Promise<readonly T[]>;
  /** Changes slowly and costs more to ask for: at every so manieth look. */
  everyLooks?: number;
}

/** What there is now for somebody who is assigned to projects. */
export interface OwnPart {
  projects: ReadonlySet<RowId>;
  calls: readonly LiveCall[];
  /** There are calls of other projects. */
  hidesCalls: boolean;
}

/** What somebody may see. */
export interface LiveView {
  /** Names of boards. */
  boards: ReadonlySet<string>;
  /** Whose projects; `null`: all of them. */
  assignee: RowId | null;
}

export interface LiveListener {
  stream: EventStream;
  view: LiveView;
  /** `Last-Event-ID`: what it knows already. */
  knows?: string | undefined;
}

export const isPartial = ({ toOwn, loadOwn }: Pick<LiveBoard, "toOwn" | "loadOwn">): boolean =>
  toOwn !== undefined || loadOwn !== undefined;

/** What of a board's `items` somebody sees; `null`: who sees all. */
export async function loadSeen<T>(
  { toOwn, loadOwn }: Pick<LiveBoard<T>, "toOwn" | "loadOwn">,
  { tenantId, items, part }: { tenantId: TenantId; items: readonly T[]; part: OwnPart | null },
): Promise<readonly T[]> {
  if (part === null) return items;
  if (loadOwn) return loadOwn(tenantId, part.projects);
  return toOwn ? items.flatMap((item) => toOwn(item, part) ?? []) : items;
}
