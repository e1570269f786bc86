import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

/** Holidays of the whole land; those of regions and towns are missing. */
export const SPAIN: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "ES",
    purpose: "marketing",
    title: "España: llamadas comerciales",
    sources: ["Ley 11/2022 General de Telecomunicaciones, art. 66", "RDL 1/2007, art. 96.2", "Orden TDF/149/2025"],
    countries: ["ES"],
    windows: week("09:00-21:00", "", ""),
    holidays: holidays([
      "2026: 01-01 01-06 04-03 05-01 08-15 10-12 11-01 12-06 12-08 12-25",
      "2027: 01-01 01-06 03-26 05-01 08-15 10-12 11-01 12-06 12-08 12-25",
    ]),
    consent: "express",
    callerId: { required: true, mobileAllowed: false, rotationAllowed: true },
  },
];
