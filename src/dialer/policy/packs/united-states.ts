import type { PolicyPack } from "../pack.ts";
import { CAREFUL, NO_HOLIDAYS, week } from "./calendar.ts";

const LAND = {
  ...CAREFUL,
  jurisdiction: "US",
  countries: ["US"],
  windows: week("08:00-21:00", "08:00-21:00", "08:00-21:00"),
  holidays: NO_HOLIDAYS,
} as const;

/** Several states are narrower (Sundays, holidays, 20:00, three calls a day): a tenant that calls them must narrow its copy. */
export const UNITED_STATES: readonly PolicyPack[] = [
  {
    ...LAND,
    purpose: "marketing",
    title: "United States: telemarketing with a prerecorded or artificial voice",
    sources: ["47 CFR 64.1200 (a)(2), (a)(6), (a)(7), (c)(1)", "16 CFR 310.4 (b)"],
    consent: "express_written",
  },
  {
    ...LAND,
    purpose: "debt",
    title: "United States: debt collection (Regulation F)",
    sources: ["12 CFR 1006.6 (b), 1006.14 (b)(2)", "47 CFR 64.1200 (a)(1)"],
    consent: "express",
    caps: [...CAREFUL.caps, { per: "debt", max: 7, within: { days: 7 } }],
    afterConversationDays: 7,
  },
  {
    ...LAND,
    purpose: "service",
    title: "United States: informational calls with a prerecorded or artificial voice",
    sources: ["47 CFR 64.1200 (a)(1)"],
    consent: "express",
  },
];
