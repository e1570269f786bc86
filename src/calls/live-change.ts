import type { LiveCall } from "./live-schema.ts";

/** What is different between two looks: calls that are new or changed, as JSON, and the ids of those that ended. */
export interface CallChange {
  set: string[];
  gone: string[];
}

/** By id, each as the JSON that is sent; in the order given. */
export function toCallTexts(calls: readonly LiveCall[]): Map<string, string> {
  return new Map(calls.map((call) => [call.id, JSON.stringify(call)]));
}

/** `null` when nothing changed. Pure. */
export function toCallChange(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): CallChange | null {
  const set = [...now].filter(([id, text]) => before.get(id) !== text).map(([, text]) => text);
  const gone = [...before.keys()].filter((id) => !now.has(id));
  return set.length === 0 && gone.length === 0 ? null : { set, gone };
}
