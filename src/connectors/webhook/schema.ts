import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { hasNoCredentials } from "../../kit/address-guard.ts";
import { findTemplateProblems } from "./template.ts";

export const WEBHOOK_EVENTS = ["ringing", "answered", "ended"] as const;

const secretText = z.string().trim().min(16).max(200);

export const webhookSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: FIELD_SENTENCES.httpAddress })
    .max(2000)
    .refine(hasNoCredentials, FIELD_SENTENCES.credentials)
    .meta({
      title: "Address",
      description: "Where calls are posted to.",
      examples: ["https://hooks.example.test/calls"],
    }),
  secret: secretText.meta({
    title: "Secret",
    description: "Shared with the receiver, who checks signatures with it: `whsec_` and base64, or any text.",
    secret: true,
  }),
  previousSecret: secretText.optional().meta({
    title: "Previous secret",
    description: "While a secret is being changed: messages are signed with both.",
    secret: true,
  }),
  previousSecretUntil: z.iso.datetime({ offset: true }).optional().meta({
    title: "Previous secret until",
    description: "Instant after which the previous secret is no longer used.",
  }),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length).default(["ended"]).meta({
    title: "Events",
    description: "Ended calls arrive surely; ringing and answered ones in time or not at all.",
  }),
  deliverInternal: z.boolean().default(false).meta({
    title: "Calls between extensions too",
    description: "Those that Enlace hears of by itself; one that is posted to Enlace is always sent.",
  }),
  bodyTemplate: z
    .string()
    .max(16_384)
    .default("")
    .superRefine((text, context) => {
      for (const problem of findTemplateProblems(text)) context.addIssue({ code: "custom", message: problem });
    })
    .meta({
      title: "Body",
      description: 'JSON with placeholders such as "{{call.from}}"; empty for the usual body.',
      examples: ['{"phone": "{{call.from}}", "seconds": "{{call.talk_seconds}}"}'],
    }),
  timeoutSeconds: z.int().min(1).max(60).default(15).meta({ title: "Patience per request, in seconds" }),
});
export type WebhookSettings = z.infer<typeof webhookSettings>;
