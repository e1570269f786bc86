// What the server said, in the words of the person who reads it.

/** A sentence of the server: `text` is its English, `code` names the sentence, `values` fill its places. */
export interface ServerWords {
  text: string;
  /** Absent or null: somebody else's own words, or older than the codes. */
  code?: string | null | undefined;
  values?: Readonly<Record<string, unknown>> | null | undefined;
}
export interface Spoken {
  text: string;
  /** Whether it is in the language of the screen; else it is English and must say so. */
  isOwn: boolean;
}
export interface Speaker {
  /** Whether the language of the screen has a text of this name. */
  knows(key: string): boolean;
  say(key: string, values: Readonly<Record<string, string | number>>): string;
}

const DEPTH_MAX = 6;

/** By its code where we have a text for it, else as the server wrote it. A value may be words of the server itself (`{ text, code, values }`). */
export function toSpoken(words: ServerWords, speaker: Speaker, depth = 0): Spoken {
  const key = `said.${words.code ?? ""}`;
  if (!words.code || !speaker.knows(key) || depth > DEPTH_MAX) return { text: words.text, isOwn: false };
  const values = Object.entries(words.values ?? {}).map(([name, value]) => [name, toPlace(value, speaker, depth)]);
  return { text: speaker.say(key, Object.fromEntries(values)), isOwn: true };
}

function toPlace(value: unknown, speaker: Speaker, depth: number): string | number {
  if (typeof value === "number") return value;
  if (Array.isArray(value))
    return value.map((one) => String(toPlace(one, speaker, depth))).join(value.some(isWords) ? "; " : ", ");
  if (isWords(value)) return toSpoken(value, speaker, depth + 1).text;
  return value === null || value === undefined ? "" : String(value);
}

const isWords = (value: unknown): value is ServerWords =>
  typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
