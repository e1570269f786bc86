import { z } from "zod";
import { AppError, ERROR_CODES } from "../core/errors.ts";
import { commandAnswer } from "./pbx-command.ts";

const failure = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })),
  retryAfterSeconds: z.number().optional(),
});

/** How an order ended in the process that carried it out. */
export const orderAnswer = z.union([z.object({ done: commandAnswer }), z.object({ failed: failure })]);
export type OrderAnswer = z.output<typeof orderAnswer>;

/** A refusal as it travels. */
export function toFailure({ code, message, fields, retryAfterSeconds }: AppError): OrderAnswer {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { failed: { code, message, fields: [...fields], ...wait } };
}

/** The refusal that travelled. */
export function fromFailure({ code, message, fields, retryAfterSeconds }: z.output<typeof failure>): AppError {
  return new AppError(code, message, { fields, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
}
