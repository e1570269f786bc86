import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

const LAND = {
  ...CAREFUL,
  jurisdiction: "PE",
  countries: ["PE"],
  holidays: holidays([
    "2026: 01-01 04-02 04-03 05-01 06-07 06-29 07-23 07-28 07-29 08-06 08-30 10-08 11-01 12-08 12-09 12-25",
    "2027: 01-01 03-25 03-26 05-01 06-07 06-29 07-23 07-28 07-29 08-06 08-30 10-08 11-01 12-08 12-09 12-25",
  ]),
} as const;

export const PERU: readonly PolicyPack[] = [
  {
    ...LAND,
    purpose: "marketing",
    title: "Perú: llamadas comerciales",
    sources: ["Ley 32323 (2025)", "Ley 29571, art. 58.1 e)"],
    windows: week("08:00-20:00", "", ""),
    consent: "express",
  },
  {
    ...LAND,
    purpose: "debt",
    title: "Perú: cobranza",
    sources: ["Ley 29571, art. 62"],
    windows: week("07:00-20:00", "", ""),
    consent: "contract",
  },
];
