import { InvalidArgumentError } from "commander";

/** A whole number from 1 to a million, for commander. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new InvalidArgumentError("a whole number ≥ 1");
  return value;
}

/** A whole number of seconds, 0 included. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0) throw new InvalidArgumentError("whole seconds ≥ 0");
  return value;
}

/** An instant or a day of this machine's zone, as ISO-8601 UTC. */
export function parseInstant(text: string): string {
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (!/^\d{4}-/.test(text) || Number.isNaN(at.getTime()))
    throw new InvalidArgumentError("an instant such as 2026-11-22T08:00:00Z");
  return at.toISOString();
}

/** Gathers a repeatable option. */
export function addTo(text: string, gathered: readonly string[] = []): string[] {
  return [...gathered, text];
}

/** Splits `name=value` at the first `=`. */
export function parseAssignment(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`"${text}" is not name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}
