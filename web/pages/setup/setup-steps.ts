/** The password comes before: whoever has a one-time password gets nowhere else until it is changed. */
export const STEPS = ["tenant", "pbx", "crm", "trial"] as const;
export type Step = (typeof STEPS)[number];

export function parseSetupSearch(search: Record<string, unknown>): { step?: Step } {
  const step = STEPS.find((one) => one === search.step);
  return step ? { step } : {};
}
