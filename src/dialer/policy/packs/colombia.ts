import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

const LAND = {
  ...CAREFUL,
  jurisdiction: "CO",
  sources: ["Ley 2300 de 2023"],
  countries: ["CO"],
  windows: week("07:00-19:00", "08:00-15:00", ""),
  holidays: holidays([
    "2026: 01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25",
    "2027: 01-01 01-11 03-22 03-25 03-26 05-01 05-10 05-31 06-07 07-05 07-20 08-07 08-16 10-18 11-01 11-15 12-08 12-25",
  ]),
} as const;

/** One channel a week after a contact: Enlace counts calls only. */
export const COLOMBIA: readonly PolicyPack[] = [
  {
    ...LAND,
    purpose: "debt",
    title: "Colombia: cobranza",
    caps: [{ per: "number", max: 1, within: { calendar: "day" } }],
    consent: "contract",
  },
  {
    ...LAND,
    purpose: "marketing",
    title: "Colombia: llamadas comerciales",
    caps: [
      { per: "number", max: 1, within: { calendar: "day" } },
      { per: "number", max: 4, within: { days: 30 } },
    ],
    consent: "express",
  },
];
