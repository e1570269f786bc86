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
  /** What somebody sees who is assigned to these projects only; `null`: nothing of it. Absent: the same as everybody. */
  toOwn?(item: T, projects: ReadonlySet<RowId>): T | null;
  /** Changes slowly and costs more to ask for: at every so manieth look. */
  everyLooks?: number;
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

/** What of a board somebody sees who is assigned to `own`; `null`: who sees all. Pure. */
export function toSeen<T>(
  { toOwn }: Pick<LiveBoard<T>, "toOwn">,
  items: readonly T[],
  own: ReadonlySet<RowId> | null,
): readonly T[] {
  if (!toOwn || own === null) return items;
  return items.flatMap((item) => toOwn(item, own) ?? []);
}
