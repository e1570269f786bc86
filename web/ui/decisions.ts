// What a person decides is shown at once, before the server has answered: decided → shown as decided; granted → still so, until
// the server's own picture (a list asked for anew, the live stream) says anything new; refused → as it was, with the reason. Only
// for what is safe to show too early: a switch that can be thrown back, never a deed that cannot.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { showDone, showProblem } from "./notices.tsx";

interface Wish {
  decision: symbol;
  value: unknown;
  /** What was shown when it was decided; once granted, whatever else the server says is newer. */
  before: unknown;
  isGranted: boolean;
}

/** A picture that has not come round by then never will: then what the server says is shown. */
const GRANTED_MS_MAX = 15_000;

let wishes: ReadonlyMap<string, Wish> = new Map();
const listeners = new Set<() => void>();

/** What is shown of `name` (`lane:4`): what somebody here has just decided, or else what the server told. */
export function useDecided<T>(name: string, told: T): T {
  const wish = useSyncExternalStore(subscribe, () => wishes.get(name));
  const isCurrent = wish !== undefined && (!wish.isGranted || wish.before === told);
  useEffect(() => {
    if (wish && !isCurrent) drop(name, wish);
  }, [name, wish, isCurrent]);
  return isCurrent ? (wish.value as T) : told;
}

interface DecisionOptions<T> {
  name: string;
  told: T;
  /** Asks the server for it. */
  run(value: T): Promise<unknown>;
  /** Said when it was granted. */
  done?(value: T): string;
}

export interface Decision<T> {
  shown: T;
  decide(value: T): void;
}

/** A switch that moves at once and falls back with the reason when it is refused. Decisions about one thing are asked in turn. */
export function useDecision<T>({ name, told, run, done }: DecisionOptions<T>): Decision<T> {
  const queries = useQueryClient();
  const shown = useDecided(name, told);
  const { mutate } = useMutation({
    scope: { id: name },
    mutationFn: ({ value }: Wish) => run(value as T),
    onSuccess: (_, wish) => {
      if (done) showDone(done(wish.value as T));
      grant(name, wish);
    },
    onError: (error, wish) => {
      drop(name, wish);
      showProblem(error);
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const decide = (value: T): void => {
    const wish: Wish = { decision: Symbol(name), value, before: shown, isGranted: false };
    keep(name, wish);
    mutate(wish);
  };
  return { shown, decide };
}

function grant(name: string, wish: Wish): void {
  if (!isLast(name, wish)) return;
  keep(name, { ...wish, isGranted: true });
  setTimeout(() => drop(name, wish), GRANTED_MS_MAX);
}

function keep(name: string, wish: Wish): void {
  wishes = new Map(wishes).set(name, wish);
  tell();
}

function drop(name: string, wish: Wish): void {
  if (!isLast(name, wish)) return;
  wishes = new Map([...wishes].filter(([one]) => one !== name));
  tell();
}

/** A later decision about the same stays. */
const isLast = (name: string, { decision }: Wish): boolean => wishes.get(name)?.decision === decision;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
