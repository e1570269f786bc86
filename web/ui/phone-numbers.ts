// How telephone numbers are written: as the wire has them (E.164), or as people of the tenant's country write theirs and with a
// country code all others. The rules of every country come only when somebody wants them: they are no part of the first load.
import { useSyncExternalStore } from "react";
import { useMe } from "./current-user.ts";

export const NUMBER_FORMS = ["e164", "national"] as const;
export type NumberForm = (typeof NUMBER_FORMS)[number];
type Parse = typeof import("libphonenumber-js/min")["parsePhoneNumberFromString"];

const CHOICE = "enlace.numbers";
/** Numbers on a screen repeat; rules for one take a while. */
const KNOWN_MAX = 5_000;

let form: NumberForm = localStorage.getItem(CHOICE) === "national" ? "national" : "e164";
let parse: Parse | null = null;
const known = new Map<string, string>();
const listeners = new Set<() => void>();

/** Keeps the choice in this browser; resolves when numbers are shown in it. Rejects, and is E.164 again, without the rules. */
export async function chooseNumberForm(chosen: NumberForm): Promise<void> {
  localStorage.setItem(CHOICE, chosen);
  form = chosen;
  tell(); // what shows the choice must not fall back while the rules come
  if (chosen === "e164") return;
  try {
    await loadRules();
  } catch (error) {
    await chooseNumberForm("e164");
    throw error;
  }
  tell();
}

export const useNumberForm = (): NumberForm => useSyncExternalStore(subscribe, () => form);

/** Writes a number in the chosen form; what is no E.164 number (an extension, a hidden caller) stays as it is. */
export function useNumberText(): (number: string) => string {
  const { country } = useMe().tenant;
  const isNational = useSyncExternalStore(subscribe, () => form === "national" && parse !== null);
  return (number) => (isNational ? toNational(number, country) : number);
}

function toNational(number: string, country: string): string {
  if (!parse || !/^\+\d{6,15}$/.test(number)) return number;
  const name = `${country} ${number}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const parsed = parse(number);
  const text = parsed?.country === country ? parsed.formatNational() : (parsed?.formatInternational() ?? number);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, text);
  return text;
}

async function loadRules(): Promise<void> {
  parse ??= (await import("libphonenumber-js/min")).parsePhoneNumberFromString;
}

function subscribe(listener: () => void): () => void {
  // Chosen on an earlier day: E.164 until the rules are here, and for good where they cannot be had.
  if (form === "national" && !parse) void loadRules().then(tell, () => chooseNumberForm("e164"));
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
