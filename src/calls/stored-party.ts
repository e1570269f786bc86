import type { TenantId } from "../core/ids.ts";
import { parsePartyNumber, toPartyText } from "../core/phone-number.ts";

/** `country` tells how a number without a country code is meant. */
export type LoadCountry = (id: TenantId) => Promise<{ country: string } | null>;

/** A number or extension as somebody typed it, as `accept` stores it: read by the same rules. */
export async function toStoredParty(number: string, tenantId: TenantId, loadTenant: LoadCountry): Promise<string> {
  const tenant = await loadTenant(tenantId);
  return toPartyText(parsePartyNumber(number, tenant?.country ?? ""));
}
