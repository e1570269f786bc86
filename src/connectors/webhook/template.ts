/** What a placeholder may name; the values are in mapping.ts. */
export const PLACEHOLDERS = [
  "event.type",
  "event.id",
  "event.timestamp",
  "tenant.number",
  "tenant.name",
  "call.id",
  "call.call_uuid",
  "call.revision",
  "call.direction",
  "call.from",
  "call.to",
  "call.outcome",
  "call.agent_extension",
  "call.trunk",
  "call.pbx",
  "call.started_at",
  "call.answered_at",
  "call.ended_at",
  "call.ring_seconds",
  "call.talk_seconds",
  "call.recording",
  "call.url",
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];
export type PlaceholderValues = Readonly<Record<Placeholder, string | number | null>>;

const KNOWN: ReadonlySet<string> = new Set(PLACEHOLDERS);
const DEPTH_MAX = 20;

/** What is wrong with a template, in words for its author; nothing for an empty one. */
export function findTemplateProblems(text: string): string[] {
  if (text.trim() === "") return [];
  let template: unknown;
  try {
    template = JSON.parse(text);
  } catch (error) {
    return [`is not JSON: ${error instanceof Error ? error.message : String(error)}`];
  }
  if (toDepth(template) > DEPTH_MAX) return [`is nested deeper than ${DEPTH_MAX} levels`];
  const names = [...text.matchAll(/\{\{\s*(.*?)\s*\}\}/g)].map((match) => match[1] ?? "");
  const unknown = [...new Set(names.filter((name) => !KNOWN.has(name)))];
  return unknown.map((name) => `has an unknown placeholder {{${name}}}; known are ${PLACEHOLDERS.join(", ")}`);
}

/**
 * Fills a template that has no problems. A text that is nothing but one placeholder becomes the value itself, number or
 * null; elsewhere values are inserted as text. Nothing is executed, and nothing a caller says can change the structure.
 */
export function fillTemplate(text: string, values: PlaceholderValues): unknown {
  return fill(JSON.parse(text), values);
}

function fill(part: unknown, values: PlaceholderValues): unknown {
  if (typeof part === "string") return fillText(part, values);
  if (Array.isArray(part)) return part.map((item) => fill(item, values));
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, fill(item, values)]));
}

function fillText(text: string, values: PlaceholderValues): string | number | null {
  const whole = /^\{\{\s*([\w.]+)\s*\}\}$/.exec(text)?.[1];
  if (whole !== undefined && KNOWN.has(whole)) return values[whole as Placeholder];
  return text.replaceAll(/\{\{\s*([\w.]+)\s*\}\}/g, (written, name: string) =>
    KNOWN.has(name) ? String(values[name as Placeholder] ?? "") : written,
  );
}

function toDepth(part: unknown): number {
  if (typeof part !== "object" || part === null) return 0;
  return 1 + Math.max(0, ...Object.values(part).map(toDepth));
}
