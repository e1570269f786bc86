import { ANY_COUNTRY, type PolicyPack } from "../pack.ts";
import { CAREFUL, NO_HOLIDAYS, week } from "./calendar.ts";

/** For those who write their rules themselves, and for rehearsals: it forbids nothing. */
export const BLANK: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "ZZ",
    purpose: "service",
    title: "Blank: no rule of any land, only what you write into it",
    sources: [],
    countries: [ANY_COUNTRY],
    windows: week("00:00-24:00", "00:00-24:00", "00:00-24:00"),
    holidays: NO_HOLIDAYS,
    marginMinutes: 0,
    caps: [],
    afterAbandonedHours: null,
    consent: "none",
    recordingNotice: false,
    callerId: { required: false, mobileAllowed: true, rotationAllowed: true },
  },
];
