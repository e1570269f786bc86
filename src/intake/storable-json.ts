import type { FieldProblem } from "../core/errors.ts";

/** What JSON allows and PostgreSQL's jsonb does not. The older buffer's view shows facts as jsonb, so none may get in. */

const DEPTH_MAX = 64;
const PROBLEMS_MAX = 20;

/** Where `value`, parsed from the JSON `text`, holds NUL characters, halves of surrogate pairs, or nests deeper than 64. */
export function findUnstorable(text: string, value: unknown): FieldProblem[] {
  if (isPlain(text)) return [];
  const problems: FieldProblem[] = [];
  visit(value, [], problems);
  return problems;
}

/** JSON can name such characters only by an escape, and without a second bracket it does not nest. */
function isPlain(text: string): boolean {
  return !text.includes("\\u") && !text.includes("[") && text.indexOf("{", text.indexOf("{") + 1) < 0;
}

function visit(value: unknown, path: readonly string[], problems: FieldProblem[]): void {
  if (problems.length === PROBLEMS_MAX) return;
  if (typeof value === "string" && !isStorableText(value)) problems.push(toProblem(path));
  if (typeof value !== "object" || value === null) return;
  if (path.length === DEPTH_MAX) {
    problems.push({ path: path[0] ?? "", message: `must not nest deeper than ${DEPTH_MAX}` });
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (!isStorableText(key)) problems.push(toProblem([...path, key.toWellFormed().replaceAll("\0", "\uFFFD")]));
    visit(inner, [...path, key], problems);
  }
}

function isStorableText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function toProblem(path: readonly string[]): FieldProblem {
  return { path: path.join("."), message: "must not contain NUL characters or halves of surrogate pairs" };
}

/** `1e99999` is JSON, but no number PostgreSQL has room for; so are 300 digits on end. */
const HUGE_NUMBER = /[eE][-+]?\d{3,}|\d{300,}/;

/** The text as received, or, where its numbers may be too large to store, as this program understood them. */
export function toStorableText(text: string, value: unknown): string {
  return HUGE_NUMBER.test(text) ? JSON.stringify(value) : text;
}
