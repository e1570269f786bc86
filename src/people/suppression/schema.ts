import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { pageQuery } from "../../http/paging.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import { SUPPRESSION_SOURCES, type Suppression, type SuppressionScope } from "./store.ts";

const scopeField = z.enum(["global", "project", "campaign"]).meta({
  description: "The whole tenant, or only what one project or campaign calls",
});
const reason = z.string().trim().max(500).default("");
const scopeFields = {
  scope: scopeField.default("global"),
  project_id: rowIdField.optional().meta({ description: "With the scope project" }),
  campaign_id: rowIdField.optional().meta({ description: "With the scope campaign" }),
};

/** Exactly the id that the scope asks for. */
function isWhole({ scope, project_id, campaign_id }: ScopeFields): boolean {
  return (scope === "project") === (project_id !== undefined) && (scope === "campaign") === (campaign_id !== undefined);
}
const notWhole = {
  message: "a project's scope takes project_id, a campaign's campaign_id, the global one neither",
  path: ["scope"],
};
type ScopeFields = { scope: "global" | "project" | "campaign"; project_id?: unknown; campaign_id?: unknown };

export const newSuppression = z
  .strictObject({
    number: z
      .string()
      .trim()
      .min(3)
      .max(40)
      .meta({ description: "In any form; without a country code it is of the tenant's country" }),
    ...scopeFields,
    reason,
    source: z.enum(["opt_out", "console", "api"]).optional().meta({
      description: "`opt_out`: the person asked for it themselves; by default who is logged in: `console` or `api`",
    }),
  })
  .refine(isWhole, notWhole);

export const importQuery = z.object({ ...scopeFields, reason }).refine(isWhole, notWhole);

/** For the document: it is read as a stream. */
export const importUpload = z.object({
  file: z.string().meta({ format: "binary", description: "CSV, UTF-8; at most 25 MB" }),
});

export const suppressionQuery = z.object({
  ...pageQuery,
  scope: scopeField.optional(),
  project_id: rowIdField.optional(),
  campaign_id: rowIdField.optional(),
  source: z.enum(SUPPRESSION_SOURCES).optional(),
  number: z
    .string()
    .trim()
    .regex(/^\+?\d{1,15}$/, FIELD_SENTENCES.phoneStart)
    .optional()
    .meta({ description: "Numbers that begin so, country code first" }),
});

export const removalQuery = z.object({
  reason: z
    .string()
    .trim()
    .min(3)
    .max(500)
    .meta({ description: "Why they may be called again; kept in the log of changes" }),
});

export const checkBody = z.strictObject({
  numbers: z.array(z.string().trim().min(1).max(40)).min(1).max(1_000),
  project_id: rowIdField.optional(),
  campaign_id: rowIdField.optional(),
});

export const suppressionAnswer = z
  .object({
    id: z.string(),
    number: z.string().meta({ description: "E.164" }),
    scope: scopeField,
    project_id: z.string().nullable(),
    campaign_id: z.string().nullable(),
    reason: z.string(),
    source: z.enum(SUPPRESSION_SOURCES),
    created_by: z.string(),
    created_at: instantField,
  })
  .meta({ id: "Suppression" });

export const addedAnswer = z.object({
  is_new: z.boolean().meta({ description: "false: the number stood on the list already" }),
  suppression: suppressionAnswer.nullable(),
});

export const importAnswer = z
  .object({
    lines: z.int().meta({ description: "Lines that name somebody, a line of column names not counted" }),
    inserted: z.int(),
    duplicates: z.int().meta({ description: "Twice in the file, or on the list already" }),
    invalid: z.int(),
    invalid_lines: z
      .array(z.object({ line: z.int(), value: z.string() }))
      .meta({ description: "The first 100 lines that are no number" }),
  })
  .meta({ id: "SuppressionImport" });

export const checkAnswer = z.object({
  results: z.array(
    z.object({
      value: z.string().meta({ description: "As it was sent" }),
      number: z.string().nullable().meta({ description: "E.164; null: it is no number" }),
      suppression: suppressionAnswer
        .nullable()
        .meta({ description: "null: it may be called, as far as this list goes" }),
    }),
  ),
});

export function toScope({ scope, project_id, campaign_id }: z.output<typeof importQuery>): SuppressionScope {
  if (scope === "project" && project_id !== undefined) return { kind: "project", projectId: project_id };
  if (scope === "campaign" && campaign_id !== undefined) return { kind: "campaign", campaignId: campaign_id };
  return { kind: "global" };
}

export function toSuppressionAnswer(entry: Suppression): z.output<typeof suppressionAnswer> {
  const { id, number, projectId, campaignId, reason: text, source, createdBy, createdAt } = entry;
  return {
    ...{ id, number, project_id: projectId, campaign_id: campaignId, reason: text, source, created_by: createdBy },
    scope: projectId !== null ? "project" : campaignId !== null ? "campaign" : "global",
    created_at: toInstant(createdAt),
  };
}
