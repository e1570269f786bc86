import type { RedirectLine } from "./settings.ts";

const NAME_CHARS_MAX = 120;
/** The older macro cuts the answer at commas and quotes, without regard to JSON; the rest means something to a dialplan. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const UNSAFE = /["“”,\\<>{}|\u0000-\u001f\u007f]/g;

/** A caller's name without quotes, commas, backslashes, separators and line breaks. Pure. */
export function toSafeName(text: string): string {
  const safe = text.replaceAll(/\s+/g, " ").replaceAll(UNSAFE, "").replaceAll(/ {2,}/g, " ").trim();
  return [...safe].slice(0, NAME_CHARS_MAX).join("");
}

/** The parts a line wants to be told, in their order: `Ann Test | Line A`. */
export function toCallerName({ customerName, lineName, shopName }: RedirectLine, customer: string): string {
  const parts = [{ ...customerName, text: customer }, { ...lineName }, { ...shopName }];
  return parts
    .filter(({ send }) => send)
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => toSafeName(text))
    .filter((text) => text !== "")
    .join(" | ");
}
