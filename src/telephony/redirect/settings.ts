/*
 * What a tenant wants of smart redirect. A line is where a call comes in: `gsm:<digits>` for a TrunkId of digits alone,
 * `sip:<name>` for any other. A line that is not listed is treated as `defaultLine` says, and not at all when it is null.
 */
export interface RedirectSettings {
  mode: RedirectMode;
  /** What the dialplan is told to go to; see `toDialPlan`. */
  dialPlan: string;
  /** Numbers that generated contexts know extensions by; an extension that is not listed goes by itself. */
  internalIds: Readonly<Record<string, number>>;
  /** The connection that is asked for customers; `null`: the first that can tell who is responsible, else who calls. */
  connectionId: string | null;
  lines: Readonly<Record<string, RedirectLine>>;
  defaultLine: RedirectLine | null;
}

export const REDIRECT_MODES = ["off", "name-only", "routing+name"] as const;
export type RedirectMode = (typeof REDIRECT_MODES)[number];

/** `first_call`, `last_call`: who talked with the number first or last. `crm`: who is responsible over there, else last_call. */
export const ALGORITHMS = ["first_call", "last_call", "crm"] as const;
export type RedirectAlgorithm = (typeof ALGORITHMS)[number];

export interface RedirectLine {
  enabled: boolean;
  /** Whether calls of this line are sent to a person; otherwise only the name is told. */
  doRouting: boolean;
  algorithm: RedirectAlgorithm;
  /** Parts of the name, each with its place; parts in the same place keep this order. */
  customerName: { send: boolean; order: number };
  lineName: { send: boolean; order: number; text: string };
  shopName: { send: boolean; order: number; text: string };
  /** Extension or queue for callers whom nobody is responsible for. */
  fallback: string | null;
}

export const DEFAULT_DIAL_PLAN = `mngr$${"{internal_id}"}_$${"{trunk}"}_1`;

export const DEFAULT_SETTINGS: RedirectSettings = {
  mode: "routing+name",
  dialPlan: DEFAULT_DIAL_PLAN,
  internalIds: {},
  connectionId: null,
  lines: {},
  defaultLine: null,
};

/** `null`: this line is none of ours. */
export function findLine({ lines, defaultLine }: RedirectSettings, trunk: string): RedirectLine | null {
  const key = `${/^\d+$/.test(trunk) ? "gsm" : "sip"}:${trunk}`;
  const line = Object.hasOwn(lines, key) ? lines[key] : undefined;
  return line ?? defaultLine;
}

const TRUNK = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Fills `${internal_id}`, `${extension}` and `${trunk}`. `null` for a trunk that could mean anything but itself in a dialplan.
 */
export function toDialPlan(
  { dialPlan, internalIds }: RedirectSettings,
  extension: string,
  trunk: string,
): string | null {
  if (dialPlan.includes("{trunk}") && !TRUNK.test(trunk)) return null;
  const internalId = Object.hasOwn(internalIds, extension) ? String(internalIds[extension]) : extension;
  const values: Readonly<Record<string, string>> = { internal_id: internalId, extension, trunk };
  return dialPlan.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}
