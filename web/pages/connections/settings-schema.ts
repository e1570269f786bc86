// What the console understands of a connector's settings_schema (JSON Schema), and how values go in and out of its form.

export interface FieldSchema {
  type?: string | undefined;
  title?: string | undefined;
  description?: string | undefined;
  default?: unknown;
  enum?: readonly unknown[] | undefined;
  examples?: readonly unknown[] | undefined;
  secret?: boolean | undefined;
  /** It has an editor of its own beside the form, which knows the labels of the other side. */
  mapped?: boolean | undefined;
  /** Whether its words are those of the screen's language; see settings-words.ts. */
  isTold?: boolean | undefined;
  choiceLabels?: Readonly<Record<string, string>> | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  maxLength?: number | undefined;
  items?: FieldSchema | undefined;
  properties?: Record<string, FieldSchema> | undefined;
  additionalProperties?: boolean | FieldSchema | undefined;
  required?: readonly string[] | undefined;
}

export type FieldKind =
  | "text"
  | "longText"
  | "secret"
  | "number"
  | "boolean"
  | "choice"
  | "choices"
  | "group"
  | "pairs";
export type Settings = Record<string, unknown>;

const LONG_TEXT = 2_001;

export function toFieldKind(schema: FieldSchema): FieldKind {
  if (schema.secret) return "secret";
  if (schema.enum) return "choice";
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "array" && schema.items?.enum) return "choices";
  if (schema.type === "object" && schema.properties) return "group";
  if (schema.type === "object") return "pairs";
  return (schema.maxLength ?? 0) >= LONG_TEXT ? "longText" : "text";
}

/** What a new form begins with. */
export function toDefaults(schema: FieldSchema): Settings {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
      child.default === undefined ? [] : [[name, child.default]],
    ),
  );
}

/** What is sent: a field that was left empty and need not be there is left out. */
export function toSettings(schema: FieldSchema, values: Settings): Settings {
  const kept = Object.entries(values).filter(([name, value]) => {
    const isEmpty = value === "" || value === undefined;
    return !isEmpty || (value === "" && schema.properties?.[name]?.default === "");
  });
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const child = schema.properties?.[name];
      return [name, child && toFieldKind(child) === "group" ? toSettings(child, value as Settings) : value];
    }),
  );
}
