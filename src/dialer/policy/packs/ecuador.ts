import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

export const ECUADOR: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "EC",
    purpose: "debt",
    title: "Ecuador: cobranza",
    sources: ["Normas de cobranza: una gestión al día, 07:00 a 20:00, días hábiles (revistagestion.ec)"],
    countries: ["EC"],
    windows: week("07:00-20:00", "", ""),
    // Where a holiday is moved, both days are listed.
    holidays: holidays([
      "2026: 01-01 02-16 02-17 04-03 05-01 05-24 05-25 08-10 10-09 11-02 11-03 12-25",
      "2027: 01-01 02-08 02-09 03-26 04-30 05-01 05-24 08-09 08-10 10-08 10-09 11-01 11-02 11-03 12-25",
    ]),
    caps: [{ per: "number", max: 1, within: { calendar: "day" } }],
    consent: "contract",
  },
];
