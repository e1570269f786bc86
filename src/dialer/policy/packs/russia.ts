import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

export const RUSSIA: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "RU",
    purpose: "debt",
    title: "Россия: взыскание задолженности",
    sources: ["Федеральный закон 230-ФЗ, статья 7", "r09.fssp.gov.ru, вопросы и ответы"],
    countries: ["RU"],
    windows: week("08:00-22:00", "09:00-20:00", "09:00-20:00"),
    holidays: holidays(
      [
        "2026: 01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 01-09 02-23 03-08 03-09 05-01 05-09 05-11 06-12 11-04 12-31",
        "2027: 01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 02-22 02-23 03-08 05-01 05-03 05-09 05-10 06-12 06-14 11-04 11-05 12-31",
      ],
      "09:00-20:00",
    ),
    caps: [
      { per: "number", max: 1, within: { calendar: "day" } },
      { per: "number", max: 2, within: { calendar: "week" } },
      { per: "number", max: 8, within: { calendar: "month" } },
    ],
    consent: "contract",
  },
];
