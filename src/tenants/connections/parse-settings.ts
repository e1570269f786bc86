import type { z } from "zod";
import type { Connector } from "../../connectors/connector.ts";
import { AppError, type FieldProblem, toFieldProblem } from "../../core/errors.ts";
import { sayField, toFieldSentence } from "../../core/field-words.ts";
import { findMasks, toSettingsSchema, unmaskSecrets } from "./settings.ts";
import { say } from "./words.ts";

/**
 * Settings as a person sent them, checked by the connector's schema; a mask becomes the secret that is `stored` there.
 * Throws `invalid_field` naming every field that does not fit, as `settings.<path>`.
 */
export function parseSettings(connector: Connector, given: unknown, stored: unknown): unknown {
  const schema = toSettingsSchema(connector.settings);
  const whole = unmaskSecrets(schema, given, stored);
  const problems = findMasks(schema, whole).map((path) => toFieldProblem(toPath(path), say("maskAlone")));
  const parsed = connector.settings.safeParse(whole);
  if (parsed.success && problems.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  const fields = [...problems, ...issues.flatMap(toProblems)];
  const [first] = fields;
  throw new AppError("invalid_field", `${first?.path}: ${first?.message}`, { fields });
}

/** In the words of core/field-words.ts where the schema has none of its own. */
function toProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => toFieldProblem(toPath([...issue.path, key]), sayField("unknown")));
  const sentence = toFieldSentence({ keyword: issue.code, message: issue.message, params: { ...issue } });
  const path = toPath(issue.path);
  return [sentence ? toFieldProblem(path, sentence) : { path, message: issue.message }];
}

const toPath = (path: readonly PropertyKey[]): string => ["settings", ...path].map(String).join(".");
