// Removing with a way back. What is removed leaves the screen at once (shown → leaving); the server hears of it when its notice
// has had its time, is closed, or the page is left (leaving → gone), and never when it is undone (leaving → shown). What the
// server refuses comes back with the reason. Only for what may go on working for the time of a notice: a key that must stop now
// is asked about instead (ConfirmButton).
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { toProblem } from "../api/problem.ts";
import { useText } from "../locales/text.tsx";
import { closeButton, showProblem } from "./notices.tsx";

export interface Removal {
  /** What it is, `user:4`: lists leave it out meanwhile. */
  name: string;
  /** Said in the notice. */
  sentence: string;
  /** Asks the server; with `keepalive`, so that leaving the page does not take the question back. */
  run(): Promise<unknown>;
  onUndone?(): void;
}

interface Waiting extends Removal {
  timer: ReturnType<typeof setTimeout>;
  refetch(): Promise<void>;
}

const UNDO_MS = 12_000;
/** So that each has a notice that is seen. */
const WAITING_MAX = 3;

/** Oldest first. */
const waiting = new Map<string, Waiting>();
let hidden: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

export interface Removals {
  /** Whether a list is to leave it out. */
  isRemoved(name: string): boolean;
  remove(removal: Removal): void;
}

/** What lists leave out, and the way to remove something so that it can be had back. */
export function useRemovals(): Removals {
  const { t } = useText();
  const queries = useQueryClient();
  const names = useSyncExternalStore(subscribe, () => hidden);
  return {
    isRemoved: (name) => names.has(name),
    remove: (removal) => begin(removal, { label: t("action.undo"), refetch: () => queries.invalidateQueries() }),
  };
}

interface RemoveButtonProps {
  removal: Removal;
  label: string;
  /** Whom it concerns, for people who hear the button rather than see its row. */
  about?: string;
  onRemoved?(): void;
}

/** Removes at once, with a notice to take it back. */
export function RemoveButton({ removal, label, about, onRemoved }: RemoveButtonProps) {
  const { remove } = useRemovals();
  const onClick = (): void => {
    remove(removal);
    onRemoved?.();
  };
  return (
    <Button size="xs" variant="default" onClick={onClick}>
      {label}
      {about && <span className="visually-hidden"> {about}</span>}
    </Button>
  );
}

/** Tells the server of everything that is on its way out: nobody can take it back any more. */
export async function finishRemovals(): Promise<void> {
  await Promise.all([...waiting.keys()].map(finish));
}

interface Notice {
  label: string;
  refetch(): Promise<void>;
}

function begin(removal: Removal, { label, refetch }: Notice): void {
  const { name, sentence } = removal;
  if (waiting.has(name)) return;
  waiting.set(name, { ...removal, refetch, timer: setTimeout(() => void finish(name), UNDO_MS) });
  hide(name, true);
  const message = (
    <span className="row spread">
      {sentence}
      <Button size="compact-sm" variant="default" aria-keyshortcuts="Control+Z" onClick={() => undo(name)}>
        {label}
      </Button>
    </span>
  );
  notifications.show({
    ...{ id: name, message, autoClose: false, closeButtonProps: closeButton() },
    onClose: () => void finish(name),
  });
  const [oldest] = waiting.keys();
  if (oldest !== undefined && waiting.size > WAITING_MAX) void finish(oldest);
}

async function finish(name: string): Promise<void> {
  const removal = take(name);
  if (!removal) return;
  try {
    await removal.run();
  } catch (error) {
    // Somebody else was faster: it is gone as it was meant to be.
    if (toProblem(error).code !== "not_found") showProblem(error);
  }
  await removal.refetch();
  hide(name, false);
}

function undo(name: string): void {
  const removal = take(name);
  if (!removal) return;
  hide(name, false);
  removal.onUndone?.();
}

/** Whoever takes it decides what becomes of it; everybody after finds nothing. */
function take(name: string): Waiting | undefined {
  const removal = waiting.get(name);
  if (!removal) return undefined;
  waiting.delete(name);
  clearTimeout(removal.timer);
  notifications.hide(name);
  return removal;
}

function hide(name: string, isHidden: boolean): void {
  const others = [...hidden].filter((one) => one !== name);
  hidden = new Set(isHidden ? [...others, name] : others);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

addEventListener("pagehide", () => void finishRemovals());
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
  // In a field it takes back what was typed.
  if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]")) return;
  const last = [...waiting.keys()].at(-1);
  if (last === undefined) return;
  event.preventDefault();
  undo(last);
});
