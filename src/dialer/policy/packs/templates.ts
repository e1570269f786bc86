import type { PolicyPack } from "../pack.ts";
import { BLANK } from "./blank.ts";
import { BRAZIL } from "./brazil.ts";
import { COLOMBIA } from "./colombia.ts";
import { ECUADOR } from "./ecuador.ts";
import { MEXICO } from "./mexico.ts";
import { PERU } from "./peru.ts";
import { RUSSIA } from "./russia.ts";
import { SPAIN } from "./spain.ts";
import { UNITED_KINGDOM } from "./united-kingdom.ts";
import { UNITED_STATES } from "./united-states.ts";

/** A pack to begin with. Nobody has reviewed it for anybody's case: it is no legal advice. */
export interface Template {
  /** `us-marketing`: land and purpose. */
  key: string;
  pack: PolicyPack;
}

export const TEMPLATES: readonly Template[] = [
  ...UNITED_STATES,
  ...UNITED_KINGDOM,
  ...SPAIN,
  ...MEXICO,
  ...COLOMBIA,
  ...PERU,
  ...ECUADOR,
  ...BRAZIL,
  ...RUSSIA,
  ...BLANK,
].map((pack) => ({ key: `${pack.jurisdiction.toLowerCase()}-${pack.purpose}`, pack }));

export function findTemplate(key: string): Template | undefined {
  return TEMPLATES.find((template) => template.key === key);
}
