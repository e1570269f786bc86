/**
 * Sentences for people. What we say is a template with a stable code and values in its places: scripts and logs read the English
 * text, a console tells the same in the reader's language by the code. Other people's words are values and stay as they are.
 */

/** Which sentence it is, and what fills its places. */
export interface Wording {
  /** `<room>.<name>`, stable: texts in other languages hang on it. */
  code: string;
  values: SentenceValues;
}
export interface Sentence extends Wording {
  /** In English. */
  text: string;
}
/** A sentence within a sentence is told in the same language. */
export type SentenceValue = string | number | Sentence | readonly string[] | readonly Sentence[];
export type SentenceValues = Readonly<Record<string, SentenceValue>>;

/** The names in `{…}` of a template. */
type Places<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Filling<T extends string> = [Places<T>] extends [never]
  ? []
  : [values: Readonly<Record<Places<T>, SentenceValue>>];

/** Speaks for one room: `say("noModule", { module: "Calls" })`. Every place of the template must be filled, and nothing else. */
export function createSentences<const T extends Readonly<Record<string, string>>>(room: string, templates: T) {
  return <N extends keyof T & string>(name: N, ...[values]: Filling<T[N]>): Sentence => {
    const given: SentenceValues = values ?? {};
    const template: string = templates[name] ?? "";
    const text = template.replaceAll(/\{(\w+)\}/g, (_, place: string) => toText(given[place] ?? ""));
    return { text, code: `${room}.${name}`, values: given };
  };
}

function toText(value: SentenceValue): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value;
  if (!isList(value)) return value.text;
  return value.map((one) => (typeof one === "string" ? one : one.text)).join(value.some(isSentence) ? "; " : ", ");
}

/** Every text of it changed by `change`: for masking secrets wherever they stand. */
export function changeTexts(sentence: Sentence, change: (text: string) => string): Sentence {
  const inside = (value: SentenceValue): SentenceValue => {
    if (typeof value === "number") return value;
    if (typeof value === "string") return change(value);
    if (!isList(value)) return changeTexts(value, change);
    return value.map((one) => (typeof one === "string" ? change(one) : changeTexts(one, change))) as typeof value;
  };
  const values = Object.fromEntries(Object.entries(sentence.values).map(([name, value]) => [name, inside(value)]));
  return { text: change(sentence.text), code: sentence.code, values };
}

const isList = (value: SentenceValue): value is readonly string[] | readonly Sentence[] => Array.isArray(value);
const isSentence = (value: unknown): value is Sentence => typeof value === "object" && value !== null;

/** An error that a person may read: its message is the sentence's English. */
export class SentenceError extends Error {
  readonly sentence: Sentence;
  constructor(sentence: Sentence) {
    super(sentence.text);
    this.name = "SentenceError";
    this.sentence = sentence;
  }
}

/** A connector's own failure may carry its sentence too. */
export const hasSentence = (error: unknown): error is Error & { sentence: Sentence } =>
  error instanceof Error &&
  "sentence" in error &&
  isSentence(error.sentence) &&
  typeof error.sentence.code === "string";

/** A sentence as the reason of an outcome. */
export function toReason({ text, code, values }: Sentence): { reason: string; words: Wording } {
  return { reason: text, words: { code, values } };
}

/** A sentence as what a readiness check saw. */
export const toDetail = ({ text, code, values }: Sentence): { detail: string; words: Wording } => ({
  ...{ detail: text, words: { code, values } },
});

/** As kept beside the text in the database: JSON of at most this many characters, or nothing. */
const KEPT_MAX = 4_000;

/** `text` as it is stored, so that `toWording` knows whether the words belong to it. `null`: the text has to do. */
export function toKeptWords(text: string | null | undefined, words: Wording | undefined): Sentence | null {
  if (!text || !words) return null;
  const kept = { text, code: words.code, values: words.values };
  return JSON.stringify(kept).length > KEPT_MAX ? null : kept;
}

/** What was kept beside `text`; `null` when nothing was, or it belongs to another text: an older process wrote that one alone. */
export function toWording(text: string | null, kept: unknown): Wording | null {
  if (text === null || !isSentence(kept) || kept.text !== text) return null;
  const { code, values } = kept;
  return typeof code === "string" && isSentence(values) ? { code, values } : null;
}
