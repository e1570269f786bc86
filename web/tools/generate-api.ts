// Writes web/api/schema.gen.ts from openapi.json: the only thing the console knows about the server. Ours because
// openapi-typescript drives the compiler API of TypeScript 5, which TypeScript 7 does not have.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Json = Record<string, unknown>;
interface Schema extends Json {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}
interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  schema: Schema;
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
  "x-enlace-access": { roles?: string[]; operator_only?: boolean };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const ROOT = join(import.meta.dirname, "..", "..");
const METHODS = ["get", "put", "post", "patch", "delete"];

/** The file's text; pure. `paths` has the form that openapi-fetch reads, ACCESS says which roles may. */
export function toApiTypes(document: Document): string {
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => `  ${name}: ${toType(schema)};`);
  const paths = Object.entries(document.paths).map(([path, item]) => `  ${quote(path)}: ${toPath(item)};`);
  return [
    "// Generated from openapi.json by web/tools/generate-api.ts; not committed.",
    `export interface Schemas {\n${schemas.join("\n")}\n}`,
    `export interface paths {\n${paths.join("\n")}\n}`,
    `/** Every closed set of values, named by its shape and field: what lists offer to choose from. */\n${toValues(document)}`,
    `/** Who may call what; an admin may do all that a supervisor may. */`,
    `export const ACCESS = ${JSON.stringify(toAccess(document), null, 2)} as const;\n`,
  ].join("\n\n");
}

/** `CAMPAIGN_CONTACT_STATE = ["pending", …]`: types are gone when the console runs, lists are not. */
function toValues({ components }: Document): string {
  const lines = Object.entries(components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties).flatMap(([field, schema]) => {
      const values = [schema, ...(schema.anyOf ?? [])].find((one) => one.enum)?.enum;
      const own = `${name}_${field}`.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
      return values ? [`export const ${own} = ${JSON.stringify(values)} as const;`] : [];
    }),
  );
  return lines.join("\n");
}

function toAccess(document: Document): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => {
          const { roles = [], operator_only } = operation["x-enlace-access"];
          return [`${method.toUpperCase()} ${path}`, operator_only ? ["operator"] : roles];
        }),
    ),
  );
}

function toPath(item: Record<string, Operation>): string {
  const members = METHODS.map((method) => {
    const operation = item[method];
    return operation ? `${method}: ${toOperation(operation)}` : `${method}?: never`;
  });
  return `{ ${members.join("; ")} }`;
}

function toOperation({ parameters = [], requestBody, responses }: Operation): string {
  const places = ["query", "path", "header"].map((place) => {
    const here = parameters.filter((parameter) => parameter.in === place);
    const fields = here.map(({ name, required, schema }) => `${quote(name)}${required ? "" : "?"}: ${toType(schema)}`);
    const isOptional = here.every(({ required }) => !required);
    return `${place}${isOptional ? "?" : ""}: ${fields.length === 0 ? "never" : `{ ${fields.join("; ")} }`}`;
  });
  const body = requestBody?.content["application/json"]?.schema;
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const [type, answer] = Object.entries(content ?? {})[0] ?? [];
    return `${status}: { content: ${type && answer ? `{ ${quote(type)}: ${toType(answer.schema)} }` : "{}"} }`;
  });
  return [
    `{ parameters: { ${places.join("; ")} }`,
    body ? `requestBody: { content: { "application/json": ${toType(body)} } }` : "requestBody?: never",
    `responses: { ${answers.join("; ")} } }`,
  ].join("; ");
}

function toType(schema: Schema): string {
  if (schema.$ref) return `Schemas[${quote(schema.$ref.split("/").at(-1) ?? "")}]`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.map((branch) => `(${toType(branch)})`).join(" | ");
  if (schema.allOf) return schema.allOf.map((branch) => `(${toType(branch)})`).join(" & ");
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return "unknown";
  return types.map((type) => toPlainType(type, schema)).join(" | ");
}

function toPlainType(type: string, schema: Schema): string {
  if (type === "integer" || type === "number") return "number";
  if (type === "array") return `(${toType(schema.items ?? {})})[]`;
  if (type === "object") return toObject(schema);
  return type;
}

function toObject({ properties = {}, required = [], additionalProperties }: Schema): string {
  const rest = typeof additionalProperties === "object" ? toType(additionalProperties) : "unknown";
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${quote(name)}${required.includes(name) ? "" : "?"}: ${toType(schema)}`,
  );
  if (fields.length === 0) return `Record<string, ${rest}>`;
  return `{ ${fields.join("; ")} }`;
}

const quote = (text: string): string => JSON.stringify(text);

export function generateApi(): void {
  const document = JSON.parse(readFileSync(join(ROOT, "openapi.json"), "utf8")) as Document;
  writeFileSync(join(ROOT, "web", "api", "schema.gen.ts"), toApiTypes(document));
}

if (import.meta.main) generateApi();
