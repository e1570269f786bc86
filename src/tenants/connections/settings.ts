import { z } from "zod";
import type { TenantId } from "../../core/ids.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";

/**
 * Settings of a connection, on their three ways: into the store (secret fields sealed one by one), out of it (opened), and
 * to people (secret fields masked). Which fields are secret says the connector's schema: `.meta({ secret: true })`.
 */
export const MASK = "••••";

type Json = Record<string, unknown>;
type Path = readonly (string | number)[];

/** The form the console draws, and what says which fields are secret. */
export function toSettingsSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
}

/** Paths of the secret fields that `value` really has. */
export function findSecretPaths(schema: Json, value: unknown): Path[] {
  const found = new Map<string, Path>();
  collect(schema, value, { root: schema, path: [], found });
  return [...found.values()];
}

interface Collecting {
  root: Json;
  path: Path;
  found: Map<string, Path>;
}

function collect(node: unknown, value: unknown, at: Collecting): void {
  if (typeof node !== "object" || node === null || value === null || value === undefined) return;
  const schema = node as Json;
  if (schema.secret === true) {
    at.found.set(JSON.stringify(at.path), at.path);
    return;
  }
  if (typeof schema.$ref === "string") collect(toReferred(at.root, schema.$ref), value, at);
  for (const branches of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(branches)) for (const branch of branches) collect(branch, value, at);
  }
  for (const [key, child] of toChildren(value)) {
    collect(toChildSchema(schema, key), child, { ...at, path: [...at.path, key] });
  }
}

function toReferred(root: Json, reference: string): unknown {
  const steps = reference.replace(/^#\/?/, "").split("/").filter(Boolean);
  return steps.reduce<unknown>((node, step) => (node as Json | undefined)?.[step], root);
}

function toChildren(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function toChildSchema(schema: Json, key: string | number): unknown {
  if (typeof key === "number") return (schema.prefixItems as unknown[] | undefined)?.[key] ?? schema.items;
  return (schema.properties as Json | undefined)?.[key] ?? schema.additionalProperties;
}

/** A copy in which what stands at each path is replaced. Paths that are not there stay away. */
export function replaceAt(
  value: unknown,
  paths: readonly Path[],
  replace: (old: unknown, path: Path) => unknown,
): unknown {
  const copy = structuredClone(value);
  for (const path of paths) {
    const parent = readAt(copy, path.slice(0, -1)) as Json | undefined;
    const key = path.at(-1);
    if (parent && key !== undefined && key in parent) parent[key] = replace(parent[key], path);
  }
  return copy;
}

export function readAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => (node as Json | null | undefined)?.[key], value);
}

export function maskSecrets(schema: Json, settings: unknown): unknown {
  return replaceAt(settings, findSecretPaths(schema, settings), (old) => (old === "" ? "" : MASK));
}

/** A mask that came back unchanged stands for what is stored; one that stands for nothing stays, and is refused later. */
export function unmaskSecrets(schema: Json, given: unknown, stored: unknown): unknown {
  return replaceAt(given, findSecretPaths(schema, given), (value, path) =>
    value === MASK ? (readAt(stored, path) ?? MASK) : value,
  );
}

/** Paths at which a mask was left over. */
export function findMasks(schema: Json, settings: unknown): Path[] {
  return findSecretPaths(schema, settings).filter((path) => readAt(settings, path) === MASK);
}

/** In the store a secret reads `{ "$sealed": "v1.…" }`, so it is known for one even after the connector's schema changed. */
export function sealSettings(
  box: SecretBox,
  tenantId: TenantId,
  { schema, settings }: { schema: Json; settings: unknown },
) {
  return replaceAt(settings, findSecretPaths(schema, settings), (plain, path) => ({
    $sealed: box.seal(JSON.stringify(plain), { tenantId, field: toField(path) }),
  }));
}

/** Throws `SealError` when a secret does not open with the present or previous ENLACE_SECRET. */
export function openSettings(box: SecretBox, tenantId: TenantId, stored: unknown, path: Path = []): unknown {
  if (typeof stored !== "object" || stored === null) return stored;
  const sealed = (stored as Json).$sealed;
  if (typeof sealed === "string") return parseOpened(box.open(sealed, { tenantId, field: toField(path) }));
  const children = toChildren(stored).map(([key, child]) => [key, openSettings(box, tenantId, child, [...path, key])]);
  return Array.isArray(stored) ? children.map(([, child]) => child) : Object.fromEntries(children);
}

const toField = (path: Path): string => `connection:${path.join(".")}`;

function parseOpened(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SealError("not a sealed setting", { cause: error });
  }
}
