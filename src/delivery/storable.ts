/**
 * JSON that PostgreSQL takes: `jsonb` refuses U+0000 and half surrogates, and what other systems answer may hold both. One
 * such character must not stop a whole batch.
 */
export function toStorableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!UNSTORABLE.test(json)) return json;
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "string" ? toStorableText(item) : item));
}

export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{FFFD}");
}

/** As JSON writes them; a text that only quotes such an escape is looked at once more, and kept. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
