// Sentences that have a name: English for scripts and logs, and a code with values from which the console makes its own words.

/** What fills a place of a sentence: another sentence, or a list, too. */
export type SaidValue = string | number | Said | readonly (string | number | Said)[];
export type SaidValues = Readonly<Record<string, SaidValue>>;

export interface Said {
  text: string;
  /** Stable; the console's text of it is called `said.<code>`. */
  code: string;
  values: SaidValues;
}

/** The names of a template's places: `no trunk {name}` has `name`. */
type Places<Template> = Template extends `${string}{${infer Place}}${infer Rest}` ? Place | Places<Rest> : never;
type Filled<Template> = Readonly<Record<Places<Template>, SaidValue>>;

/**
 * Says the sentences of one room: each code stands in `sentences` once, beside its English, whose places are in braces.
 * `test/web/sentences.test.ts` asks the console for a text of each, with the same places.
 */
export function createSayer<const Sentences extends Readonly<Record<string, string>>>(sentences: Sentences) {
  return <Code extends keyof Sentences & string>(
    code: Code,
    ...[values]: Places<Sentences[Code]> extends never ? [] : [Filled<Sentences[Code]>]
  ): Said => {
    const filled: SaidValues = values ?? {};
    return { text: fill(sentences[code] ?? code, filled), code, values: filled };
  };
}

const fill = (template: string, values: SaidValues): string =>
  template.replaceAll(/\{(\w+)\}/g, (place, name: string) => toText(values[name]) ?? place);

function toText(value: SaidValue | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (!isSaid(value)) return value.map(toText).join(", ");
  return value.text;
}

export const isSaid = (value: unknown): value is Said =>
  typeof value === "object" && value !== null && "code" in value && "text" in value;
