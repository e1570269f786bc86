import { isSupportedCountry } from "libphonenumber-js/max";
import { z } from "zod";
import { FIELD_SENTENCES } from "../core/field-words.ts";
import { instantField } from "../http/wire.ts";
import { isTimeZone } from "../kit/time-zone.ts";
import { usernameField } from "./users/schema.ts";

/** Shapes of a tenant on the wire. */
export const LANGUAGES = ["es", "en", "ru"] as const;
export const SIGNATURE_MODES = ["raw", "python-json"] as const;

const name = z.string().trim().min(1).max(200);
export const timeZoneField = z
  .string()
  .refine(isTimeZone, FIELD_SENTENCES.zone)
  .meta({ description: "IANA zone", examples: ["Europe/Madrid"] });
const country = z
  .string()
  .refine((text) => isSupportedCountry(text), FIELD_SENTENCES.country)
  .meta({ description: "Assumed where a phone number has no country code", examples: ["ES"] });
const signatureModes = z
  .array(z.enum(SIGNATURE_MODES))
  .min(1)
  .refine((modes) => new Set(modes).size === modes.length, "names a mode twice")
  .meta({ description: "How a webhook's X-Signature may be computed; `raw` alone is the strict choice" });

/** What an admin may change of the own tenant. */
export const tenantChange = z
  .strictObject({
    name,
    time_zone: timeZoneField,
    country,
    language: z.enum(LANGUAGES),
    signature_modes: signatureModes,
  })
  .partial();

/** What an operator may change of any tenant. */
export const tenantChangeByOperator = tenantChange.extend({ disabled: z.boolean().optional() });

export const newTenant = z.strictObject({
  number: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,32}$/, "has other characters than letters, digits, _ and -, or more than 32")
    .meta({ description: "Its name on the wire (X-Enlace-Tenant); never changes" }),
  name,
  time_zone: timeZoneField,
  country,
  language: z.enum(LANGUAGES),
  signature_modes: signatureModes.default(["raw"]),
  admin: z
    .strictObject({ username: usernameField, password: z.string().max(1000).optional() })
    .optional()
    .meta({ description: "Its first administrator; without a password a one-time password is made and shown once" }),
});

export const tenantAnswer = z
  .object({
    id: z.string(),
    number: z.string(),
    name: z.string(),
    time_zone: z.string(),
    country: z.string(),
    language: z.enum(LANGUAGES),
    signature_modes: z.array(z.enum(SIGNATURE_MODES)),
    is_default: z.boolean(),
    disabled_at: instantField.nullable(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Tenant" });
