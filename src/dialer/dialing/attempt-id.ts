import type { TenantId } from "../../core/ids.ts";
import type { Random } from "../../kit/random.ts";

/**
 * An attempt's id: `d` and 24 hexadecimal digits, of which the first eight are the tenant, so that an id alone, as the PBX says
 * it, finds its row by the key. Short enough for a ChannelId, also of a Local pair.
 */
export function newAttemptId(random: Random, tenantId: TenantId): string {
  return `d${tenantId.toString(16).padStart(TENANT_DIGITS, "0")}${random.bytes(8).toString("hex")}`;
}

/** `undefined`: not an id of ours. */
export function toTenantOf(attemptId: string): TenantId | undefined {
  if (!/^d[0-9a-f]{24}$/.test(attemptId)) return undefined;
  const id = Number.parseInt(attemptId.slice(1, 1 + TENANT_DIGITS), 16);
  return id >= 1 && id <= 2_147_483_647 ? (id as TenantId) : undefined;
}

const TENANT_DIGITS = 8;
