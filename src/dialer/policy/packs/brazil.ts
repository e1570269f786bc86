import type { PolicyPack } from "../pack.ts";
import { CAREFUL, holidays, week } from "./calendar.ts";

/** The register Não Me Perturbe is not asked by Enlace: import it as suppressions. */
export const BRAZIL: readonly PolicyPack[] = [
  {
    ...CAREFUL,
    jurisdiction: "BR",
    purpose: "marketing",
    title: "Brasil: telemarketing",
    sources: [
      "Anatel, Origem Verificada e combate ao uso indevido de numeração (2024)",
      "Código SAC/SARC: horários de autorregulação",
    ],
    countries: ["BR"],
    windows: week("09:00-21:00", "10:00-16:00", ""),
    holidays: holidays([
      "2026: 01-01 02-16 02-17 04-03 04-21 05-01 06-04 09-07 10-12 11-02 11-15 11-20 12-25",
      "2027: 01-01 02-08 02-09 03-26 04-21 05-01 05-27 09-07 10-12 11-02 11-15 11-20 12-25",
    ]),
    consent: "express",
    callerId: { required: true, mobileAllowed: true, rotationAllowed: false },
  },
];
