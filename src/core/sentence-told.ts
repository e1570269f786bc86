import type { Wording } from "./sentence.ts";

/**
 * Knows a room's sentences by their English, where only that was kept: `told("Row 7 is empty.")` is `list.row` with `line: "7"`.
 * `null`: it is none of them, or one of an older release.
 */
export function createTold(room: string, templates: Readonly<Record<string, string>>) {
  const forms = Object.entries(templates).map(([name, template]) => ({ name, form: toForm(template) }));
  return (text: string): Wording | null => {
    for (const { name, form } of forms) {
      const found = form.exec(text);
      if (found) return { code: `${room}.${name}`, values: { ...found.groups } };
    }
    return null;
  };
}

const toForm = (template: string): RegExp =>
  new RegExp(
    `^${template
      .split(/(\{\w+\})/)
      .map((part, index) =>
        index % 2 === 1 ? `(?<${part.slice(1, -1)}>.+?)` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
      )
      .join("")}$`,
    "s",
  );
