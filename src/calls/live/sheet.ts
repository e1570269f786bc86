/*
 * A list that people watch: it takes the list as it is now, again and again, and says to each what is news to them. Who knows the
 * version before is told the change, who knows the latest nothing, anybody else the whole list.
 */
export interface LiveSheet {
  /** Whose versions these are: another sheet counts its own. */
  era: string;
  /** By key, each as the JSON that is sent. `tail` goes beside the list and makes a version of its own. */
  take(next: ReadonlyMap<string, string>, tail?: string): void;
  version(): number;
  /** What somebody who knows `version` does not know; `null`: nothing. */
  newsFor(version: number): { isWhole: boolean; data: string } | null;
}

/** `list` names the items in the whole list. */
export function createLiveSheet(list: string, era: string): LiveSheet {
  let version = 0;
  let items: ReadonlyMap<string, string> = new Map();
  let tail = "";
  let change: string | undefined;
  let whole: string | undefined;

  function take(next: ReadonlyMap<string, string>, nextTail = ""): void {
    const found = toChange(items, next);
    const isSame = found === null && tail === nextTail && version > 0;
    items = next;
    tail = nextTail;
    if (isSame) return;
    version += 1;
    whole = undefined;
    change =
      found === null ? undefined : `{"set":[${found.set.join(",")}],"gone":${JSON.stringify(found.gone)}${tail}}`;
  }

  return {
    era,
    take,
    version: () => version,
    newsFor: (known) => {
      if (known === version || version === 0) return null;
      if (known === version - 1 && change !== undefined) return { isWhole: false, data: change };
      whole ??= `{"${list}":[${[...items.values()].join(",")}]${tail}}`;
      return { isWhole: true, data: whole };
    },
  };
}

/** By key, each as the JSON that is sent; in the order given. */
export function toTexts<T>(items: readonly T[], toKey: (item: T) => string): Map<string, string> {
  return new Map(items.map((item) => [toKey(item), JSON.stringify(item)]));
}

/** What is new or changed, as JSON, and the keys of what is gone; `null` when nothing changed. Pure. */
export function toChange(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): { set: string[]; gone: string[] } | null {
  const set = [...now].filter(([key, text]) => before.get(key) !== text).map(([, text]) => text);
  const gone = [...before.keys()].filter((key) => !now.has(key));
  return set.length === 0 && gone.length === 0 ? null : { set, gone };
}
