import { type CallSearch, parseCallSearch } from "./call-search.ts";

/** Filters that somebody gave a name, in this browser; by user, since a desk may be shared. */
export interface SavedView {
  name: string;
  search: CallSearch;
}

const VIEWS_MAX = 20;
const toKey = (user: string): string => `enlace.views.${user}`;

/** What makes no sense, or was written by another version, is left out. */
export function loadViews(user: string): SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(toKey(user)) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.slice(0, VIEWS_MAX).flatMap(({ name, search }: Partial<SavedView>) => {
      if (typeof name !== "string" || typeof search !== "object" || search === null) return [];
      return [{ name, search: parseCallSearch({ ...search }) }];
    });
  } catch {
    return []; // nothing of ours
  }
}

/** Under its name, in place of one that has it; the oldest goes when there are too many. */
export function keepView(user: string, view: SavedView): SavedView[] {
  return saveViews(user, [...loadViews(user).filter(({ name }) => name !== view.name), view].slice(-VIEWS_MAX));
}

export function forgetView(user: string, name: string): SavedView[] {
  return saveViews(
    user,
    loadViews(user).filter((view) => view.name !== name),
  );
}

function saveViews(user: string, views: SavedView[]): SavedView[] {
  localStorage.setItem(toKey(user), JSON.stringify(views));
  return views;
}

/** Whether two views show the same calls. */
export function isSameSearch(left: CallSearch, right: CallSearch): boolean {
  const text = (search: CallSearch): string =>
    JSON.stringify(Object.entries(search).sort(([a], [b]) => a.localeCompare(b)));
  return text(left) === text(right);
}
