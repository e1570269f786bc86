import { z } from "zod";
import { parseAnswer } from "./api-client.ts";
import { wrongUsage } from "./exit.ts";
import { readSecretValue } from "./secret-value.ts";
import type { Terminal } from "./terminal.ts";

/** A connector's settings as the API describes them: JSON Schema, as far as the command line looks at it. */
const settingsSchema = z.object({
  properties: z.record(
    z.string(),
    z.object({
      type: z.unknown().optional(),
      title: z.string().optional(),
      secret: z.boolean().optional(),
      default: z.unknown().optional(),
    }),
  ),
  required: z.array(z.string()).default([]),
});
export type SettingsSchema = z.output<typeof settingsSchema>;

export function parseSettingsSchema(answer: unknown): SettingsSchema {
  return parseAnswer(settingsSchema, answer);
}

/**
 * Makes settings of `--set name=value`: dots go into objects (`ownerByExtension.1001=19x6`), values that the schema does not
 * want as text are JSON, `@file` and `-` are read. Secrets that must be there and are not are asked for, unseen.
 */
export async function readSettings(
  terminal: Terminal,
  schema: SettingsSchema,
  given: readonly (readonly [string, string])[],
): Promise<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  for (const [path, value] of given) {
    const [name = ""] = path.split(".");
    const property = schema.properties[name];
    if (!property)
      throw wrongUsage(`there is no setting ${name}`, `There are: ${Object.keys(schema.properties).join(", ")}`);
    const isText = path.includes(".") || property.type === "string";
    setAt(settings, path, toValue(path, await readSecretValue(terminal, value), isText));
  }
  for (const [name, { secret, title = name }] of Object.entries(schema.properties)) {
    if (!secret || settings[name] !== undefined || !schema.required.includes(name)) continue;
    if (!terminal.isInteractive)
      throw wrongUsage(`${name} is missing`, `Give it with --set ${name}=@file or --set ${name}=- (standard input).`);
    settings[name] = await terminal.askSecret(`${title}: `);
  }
  return settings;
}

function toValue(path: string, text: string, isText: boolean): unknown {
  if (isText) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw wrongUsage(
      `${path} is not JSON: ${text}`,
      "Numbers, true, false, [lists] and {objects} are written as in JSON.",
    );
  }
}

function setAt(settings: Record<string, unknown>, path: string, value: unknown): void {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) {
    settings[name] = value;
    return;
  }
  const inner = (settings[name] ?? {}) as Record<string, unknown>;
  settings[name] = inner;
  setAt(inner, rest.join("."), value);
}
