import type { Sentence } from "../../../core/sentence.ts";

/** One row of a file, as text. */
export interface ListRow {
  /** As a person counts in an editor or a sheet, from 1. */
  line: number;
  cells: readonly string[];
}

/** A file that cannot be read any further, in words for the person who sent it. */
export class UnreadableList extends Error {
  readonly sentence: Sentence;

  constructor(sentence: Sentence, options?: ErrorOptions) {
    super(sentence.text, options);
    this.sentence = sentence;
  }
}

/** No file needs more for the numbers and variables we keep; a longer one is not a list. */
export const CELLS_MAX = 1_000;
