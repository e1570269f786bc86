import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import type { Extension } from "./store.ts";

const numberField = z.string().regex(/^\d{2,10}$/, FIELD_SENTENCES.extension);

export const extensionParams = z.object({ number: numberField });

export const extensionBody = z.strictObject({
  peers: z
    .array(z.string().regex(/^[A-Za-z0-9_.+-]{1,64}$/, "is not the name of a peer"))
    .min(1)
    .max(20)
    .optional()
    .meta({
      description: "Names of its phones in Asterisk's channels: 101 of PJSIP/101-0000000a; by default the number",
    }),
  name: z.string().trim().max(200).default(""),
  user_id: rowIdField.nullable().default(null).meta({ description: "Whose phone it is; an agent calls from it" }),
});

export const extensionAnswer = z
  .object({
    number: z.string(),
    peers: z.array(z.string()),
    name: z.string(),
    user_id: z.string().nullable(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Extension" });

/** Where a page of extensions ended. */
export const extensionCursor = z.object({ number: numberField });

export function toExtensionAnswer(extension: Extension): z.infer<typeof extensionAnswer> {
  const { number, peers, name, userId, createdAt, updatedAt } = extension;
  return {
    number,
    peers: [...peers],
    name,
    user_id: userId,
    created_at: toInstant(createdAt),
    updated_at: toInstant(updatedAt),
  };
}
