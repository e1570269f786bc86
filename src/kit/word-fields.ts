import { z } from "zod";
import type { Wording } from "../core/sentence.ts";

const code = z.string().nullable().meta({ description: "Which sentence it is; null: somebody's own words" });
const values = z
  .record(z.string(), z.unknown())
  .nullable()
  .meta({ description: "What fills the places of the sentence" });

type Shape<N extends string> = Record<`${N}_code`, typeof code> & Record<`${N}_values`, typeof values>;

/** The two fields that stand beside the English field `name` of an answer, so that a console can tell it in another language. */
export function toWordFields<N extends string>(name: N): Shape<N> {
  return { [`${name}_code`]: code, [`${name}_values`]: values } as Shape<N>;
}

/** In lists of findings they have no field's name before theirs. */
export const findingWords = { code: code.optional(), values: values.optional() };

type Wire<N extends string> = Record<`${N}_code`, string | null> &
  Record<`${N}_values`, Record<string, unknown> | null>;

export function toWireWords<N extends string>(name: N, words: Wording | null | undefined): Wire<N> {
  return { [`${name}_code`]: words?.code ?? null, [`${name}_values`]: words?.values ?? null } as Wire<N>;
}
