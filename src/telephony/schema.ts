import { z } from "zod";
import { rowIdField } from "../http/wire.ts";

export const newCall = z.strictObject({
  extension: z
    .string()
    .regex(/^\d{2,10}$/, "must be 2 to 10 digits")
    .meta({ description: "Rings first; an agent's own" }),
  number: z.string().trim().min(2).max(40).meta({ description: "Dialled once the extension has picked up" }),
  pbx_id: rowIdField.optional().meta({ description: "By default the first PBX that the answering process listens to" }),
});

export const placedCall = z.object({
  call_uuid: z.string().meta({ description: "Of the call to be, in GET /api/v1/calls and in every CRM" }),
  pbx_id: z.string(),
});
