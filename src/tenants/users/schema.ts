import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { ROLES } from "../../http/access.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import type { User } from "./store.ts";

/** Shapes of people on the wire. */
export const usernameField = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._@+-]{1,63}$/, FIELD_SENTENCES.username)
  .meta({ description: "Unique in the installation; case does not matter" });

const password = z.string().max(1000);

export const userAnswer = z
  .object({
    id: z.string(),
    username: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    is_operator: z.boolean(),
    must_change_password: z.boolean(),
    disabled_at: instantField.nullable(),
    last_login_at: instantField.nullable(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "User" });

export const newUser = z.strictObject({
  username: usernameField,
  name: z.string().trim().max(200).default(""),
  role: z.enum(ROLES),
  is_operator: z.boolean().default(false).meta({ description: "May administer tenants; only operators may set it" }),
  password: password.optional().meta({ description: "Without it a one-time password is made and shown once" }),
  must_change_password: z.boolean().default(false),
});

export const userChange = z
  .strictObject({
    name: z.string().trim().max(200),
    role: z.enum(ROLES),
    is_operator: z.boolean(),
    disabled: z.boolean(),
  })
  .partial();

export const passwordChange = z.strictObject({
  password: password.optional().meta({ description: "Without it a one-time password is made and shown once" }),
  must_change_password: z.boolean().default(false),
});

export const ownPasswordChange = z.strictObject({ current_password: password, new_password: password });

export const oneTimePassword = z
  .string()
  .nullable()
  .meta({ description: "Made for the user and shown this once; null when the request gave a password" });

export const userItem = userAnswer
  .extend({ extensions: z.array(z.string()).meta({ description: "Of the phones that are this person's" }) })
  .meta({ id: "UserItem" });

export function toUserAnswer(user: User): z.infer<typeof userAnswer> {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    role: user.role,
    is_operator: user.isOperator,
    must_change_password: user.mustChangePassword,
    disabled_at: toInstant(user.disabledAt),
    last_login_at: toInstant(user.lastLoginAt),
    created_at: toInstant(user.createdAt),
    updated_at: toInstant(user.updatedAt),
  };
}
