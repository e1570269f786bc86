import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

const LAND = {
  ...CAREFUL,
  jurisdiction: "MX",
  countries: ["MX"],
  holidays: holidays([
    "2026: 01-01 02-02 03-16 05-01 09-16 11-16 12-25",
    "2027: 01-01 02-01 03-15 05-01 09-16 11-15 12-25",
  ]),
} as const;

/** The registers REPEP and REUS are not asked by Enlace: import them as suppressions. */
export const MEXICO: readonly PolicyPack[] = [
  {
    ...LAND,
    purpose: "marketing",
    title: "México: llamadas comerciales",
    sources: ["Ley Federal de Protección al Consumidor, art. 18 y 18 bis (REPEP)"],
    windows: week("09:00-20:00", "09:00-14:00", ""),
    consent: "legitimate_interest",
  },
  {
    ...LAND,
    purpose: "debt",
    title: "México: cobranza",
    sources: ["CONDUSEF, disposiciones aplicables a los despachos de cobranza"],
    windows: week("07:00-22:00", "", ""),
    consent: "contract",
  },
];
