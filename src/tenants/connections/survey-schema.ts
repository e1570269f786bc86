import { z } from "zod";
import type { FieldReport, UserReport } from "../../connectors/connector.ts";
import { MAPPING_PROBLEMS, type MappedExtension } from "./user-mapping.ts";

/** Shapes on the wire of what the system of a connection looks like. */
const VALUES_MAX = 100;

export const mappingBody = z.strictObject({
  mapping: z
    .record(z.string().max(60), z.string().max(100))
    .refine((mapping) => Object.keys(mapping).length <= VALUES_MAX, `has more than ${VALUES_MAX} values`)
    .default({})
    .meta({ description: "Our value → name or label of a field; an empty text: do not send" }),
});

export const fieldsAnswer = z
  .object({
    place: z.string().meta({ description: "What calls become over there, in the words of the system" }),
    setting: z.string().meta({ description: "The setting that holds the mapping" }),
    fields: z.array(
      z.object({
        name: z.string(),
        label: z.string(),
        type: z.string(),
        is_mandatory: z.boolean(),
        is_writable: z.boolean(),
        width_max: z.int().meta({ description: "Characters that are sent at most: what is longer is cut" }),
      }),
    ),
    values: z.array(
      z.object({
        value: z.string().meta({ description: "Ours" }),
        wish: z.string().nullable().meta({ description: "Of the mapping; null: its usual fields" }),
        fields: z.array(z.string()).meta({ description: "Names of the fields it goes to; none: it is not sent" }),
        problem: z.enum(["missing", "ambiguous"]).nullable().meta({ description: "Why the wish cannot be met" }),
      }),
    ),
    sample: z
      .object({ call_id: z.string(), call_uuid: z.string() })
      .nullable()
      .meta({ description: "The call the preview is of; null: there is none yet" }),
    preview: z.array(z.object({ field: z.string(), text: z.string() })).meta({
      description:
        "What would be written of it, by name of field; whom it is linked to and who owns it is not known before",
    }),
  })
  .meta({ id: "ConnectionFields" });

export const usersAnswer = z
  .object({
    setting: z.string().meta({ description: "The setting that gives extensions to people" }),
    is_cut: z.boolean().meta({ description: "There are more people than are listed" }),
    users: z.array(
      z.object({
        id: z.string(),
        name: z.string().meta({ description: "By which the setting may name them" }),
        label: z.string(),
        kind: z.enum(["user", "group"]),
        extension: z.string().nullable().meta({ description: "As the system itself knows it" }),
      }),
    ),
    extensions: z.array(
      z.object({
        extension: z.string(),
        name: z.string().nullable().meta({ description: "Ours; null: it is none of ours" }),
        claimed_by: z.array(z.string()).meta({ description: "Ids of those who have it over there" }),
        mapped: z.string().nullable().meta({ description: "What the setting says" }),
        owner_id: z.string().nullable().meta({ description: "Who gets its calls; null: the fallback owner" }),
        problem: z.enum(MAPPING_PROBLEMS).nullable(),
        suggested_id: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "ConnectionUsers" });

export function toFieldsAnswer(
  report: FieldReport,
  sample: { callId: string; callUuid: string } | null,
): z.infer<typeof fieldsAnswer> {
  return {
    place: report.place,
    setting: report.setting,
    fields: report.fields.map(({ name, label, type, isMandatory, isWritable, widthMax }) => ({
      ...{ name, label, type },
      ...{ is_mandatory: isMandatory, is_writable: isWritable, width_max: widthMax },
    })),
    values: report.values.map((value) => ({ ...value, fields: [...value.fields] })),
    sample: sample && { call_id: sample.callId, call_uuid: sample.callUuid },
    preview: report.preview.map((one) => ({ ...one })),
  };
}

export function toUsersAnswer(
  { setting, isCut, users }: UserReport,
  mapping: readonly MappedExtension[],
): z.infer<typeof usersAnswer> {
  return {
    setting,
    is_cut: isCut,
    users: users.map((user) => ({ ...user })),
    extensions: mapping.map(({ extension, name, claimedBy, mapped, ownerId, problem, suggestedId }) => ({
      ...{ extension, name, mapped, problem },
      claimed_by: [...claimedBy],
      owner_id: ownerId,
      suggested_id: suggestedId,
    })),
  };
}
