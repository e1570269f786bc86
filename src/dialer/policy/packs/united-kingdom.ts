import type { PolicyPack } from "../pack.ts";
import { CAREFUL, NO_HOLIDAYS, week } from "./calendar.ts";

/** Hours are the industry's, not the law's. */
export const UNITED_KINGDOM: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "GB",
    purpose: "marketing",
    title: "United Kingdom: recorded marketing calls",
    sources: [
      "Privacy and Electronic Communications Regulations 2003, regulation 19",
      "Ofcom, persistent misuse policy (1 March 2017)",
    ],
    countries: ["GB"],
    windows: week("08:00-21:00", "09:00-20:00", "10:00-20:00"),
    holidays: NO_HOLIDAYS,
    consent: "express",
  },
];
