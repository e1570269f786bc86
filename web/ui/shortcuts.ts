// Keys that do something wherever one is. Single letters can be switched off, as WCAG 2.1.4 asks: who dictates to the machine
// says many letters.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import type { Place } from "./places.ts";

const CHOICE = "enlace.shortcuts";
/** Between `g` and the letter of a page. */
const SECOND_KEY_MS = 1_500;

let areOn = localStorage.getItem(CHOICE) !== "off";
const listeners = new Set<() => void>();

export const useAreShortcutsOn = (): boolean => useSyncExternalStore(subscribe, () => areOn);

export function switchShortcuts(on: boolean): void {
  areOn = on;
  localStorage.setItem(CHOICE, on ? "on" : "off");
  for (const listener of listeners) listener();
}

interface Shortcuts {
  /** Those that this person may see. */
  places: readonly Place[];
  showHelp(): void;
}

/** `g` and a letter goes to a page, `/` to the first filter, `?` shows the list. */
export function useShortcuts({ places, showHelp }: Shortcuts): void {
  const navigate = useNavigate();
  useEffect(() => {
    let isGoingUntilMs = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!areOn || !isForPage(event)) return;
      const place = event.timeStamp < isGoingUntilMs ? places.find(({ key }) => key === event.key) : undefined;
      isGoingUntilMs = event.key === "g" ? event.timeStamp + SECOND_KEY_MS : 0;
      if (place) void navigate({ to: place.to });
      else if (event.key === "?") showHelp();
      else if (event.key === "/") focusFilter();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [navigate, places, showHelp]);
}

/** Not what is typed into a field, nor while a dialog asks something. */
function isForPage({ target, ctrlKey, metaKey, altKey, defaultPrevented }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || defaultPrevented || document.querySelector("[role=dialog]")) return false;
  return !(target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]"));
}

function focusFilter(): void {
  document.querySelector<HTMLElement>("main search :is(input, select), main input[type=search]")?.focus();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
