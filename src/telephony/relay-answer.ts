import { z } from "zod";
import { AppError, ERROR_CODES } from "../core/errors.ts";
import type { SentenceValues } from "../core/sentence.ts";
import { commandAnswer } from "./pbx-command.ts";

/** Told between processes of one version: their shape is the sender's. */
const words = z.object({
  code: z.string(),
  values: z.custom<SentenceValues>((given) => typeof given === "object" && given !== null),
});

const failure = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  words: words.optional(),
  fields: z.array(z.object({ path: z.string(), message: z.string(), words: words.optional() })),
  retryAfterSeconds: z.number().optional(),
});

/** How an order ended in the process that carried it out. */
export const orderAnswer = z.union([z.object({ done: commandAnswer }), z.object({ failed: failure })]);
export type OrderAnswer = z.output<typeof orderAnswer>;

/** A refusal as it travels. */
export function toFailure({ code, message, words, fields, retryAfterSeconds }: AppError): OrderAnswer {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { failed: { code, message, ...(words && { words }), fields: [...fields], ...wait } };
}

/** The refusal that travelled. */
export function fromFailure({ code, message, words, fields, retryAfterSeconds }: z.output<typeof failure>): AppError {
  return new AppError(code, message, { fields, words, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
}
