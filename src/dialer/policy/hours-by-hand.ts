import type { TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toPolicyVersion } from "./case.ts";
import { toCandidateZones, toCountry } from "./number-zones.ts";
import { ANY_COUNTRY, type PolicyPack } from "./pack.ts";
import { loadPoliciesByHand } from "./store.ts";
import type { Windows } from "./windows.ts";

/** A policy whose hours are closed for a number now. */
export interface Closed {
  policy: string;
  /** `null`: none within forty days. */
  nextAt: Date | null;
}

/** Whether a person may call the number at this hour, where the tenant has policies whose hours hold for people too. */
export type FindClosed = (question: { tenantId: TenantId; number: PhoneNumber }) => Promise<Closed | null>;

/** Only policies that somebody has acknowledged and that name the number's country are asked; the one that is closed longest answers. */
export function createHoursByHand({
  database,
  clock,
  windows,
}: {
  database: Database;
  clock: Clock;
  windows: Windows;
}): FindClosed {
  return async ({ tenantId, number }) => {
    const at = clock.now();
    const zones = toCandidateZones(number);
    const closed = (await loadPoliciesByHand(database.sql, tenantId))
      .filter(({ pack }) => names(pack, toCountry(number)))
      .map((policy) => {
        const key = `${tenantId} ${toPolicyVersion(policy)}`;
        return { policy: policy.name, nextAt: windows.nextAllowed({ key, hours: policy.pack, zones, at }) };
      })
      .filter(({ nextAt }) => nextAt?.getTime() !== at.getTime());
    return closed.toSorted((one, other) => toMs(other.nextAt) - toMs(one.nextAt))[0] ?? null;
  };
}

const names = ({ countries }: PolicyPack, country: string | null): boolean =>
  countries.includes(ANY_COUNTRY) || (country !== null && countries.includes(country));
const toMs = (at: Date | null): number => at?.getTime() ?? Number.MAX_VALUE;
