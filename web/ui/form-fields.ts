// What a form says, field by field.

/** The text of a field without blanks around it; `""` where it has none. */
export const textOf = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();

/** `null` where nothing was typed. */
export function numberOf(form: FormData, name: string): number | null {
  const text = textOf(form, name);
  return text === "" ? null : Number(text);
}
