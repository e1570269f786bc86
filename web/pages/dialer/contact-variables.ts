/** What a list says of somebody beside the number, in one line. */
export const toVariablesText = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}: ${value}`)
    .join(" · ") || "–";
