import type { Connector } from "../../connectors/connector.ts";
import { AppError } from "../../core/errors.ts";
import { findMasks, toSettingsSchema, unmaskSecrets } from "./settings.ts";

/**
 * Settings as a person sent them, checked by the connector's schema; a mask becomes the secret that is `stored` there.
 * Throws `invalid_field` naming every field that does not fit, as `settings.<path>`.
 */
export function parseSettings(connector: Connector, given: unknown, stored: unknown): unknown {
  const schema = toSettingsSchema(connector.settings);
  const whole = unmaskSecrets(schema, given, stored);
  const problems = findMasks(schema, whole).map((path) => ({
    path: toPath(path),
    message: "the mask stands for no stored secret; enter the secret",
  }));
  const parsed = connector.settings.safeParse(whole);
  if (parsed.success && problems.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  const fields = [...problems, ...issues.map(({ path, message }) => ({ path: toPath(path), message }))];
  const [first] = fields;
  throw new AppError("invalid_field", `${first?.path}: ${first?.message}`, { fields });
}

const toPath = (path: readonly PropertyKey[]): string => ["settings", ...path].map(String).join(".");
