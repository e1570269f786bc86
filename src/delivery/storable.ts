/**
 * JSON that PostgreSQL takes: `jsonb` refuses U+0000 and half surrogates, and what other systems answer may hold both. One
 * such character must not stop a whole batch.
 */
export function toStorableJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "string" ? toStorableText(item) : item));
}

export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{FFFD}");
}
