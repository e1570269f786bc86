import type { TenantId } from "../../core/ids.ts";
import type { HookPlan } from "./heard-call.ts";

/** A PBX that posts events: whose they are, and how they are to be read. */
export interface HookPbx {
  tenantId: TenantId;
  tenantNumber: string;
  pbxId: string;
  /** Calls carry it as `pbx`. */
  name: string;
  /** IANA zone in which it writes its times. */
  timeZone: string;
  callIdPrefix: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Extensions that the tenant named. */
  extensions: readonly string[];
}

const SHORT_NUMBER = /^\d{2,5}$/;

/** One rule for what is one of ours: the tenant's extensions, and every number of two to five digits. */
export function createHookPlan({ extensions }: Pick<HookPbx, "extensions">): HookPlan {
  const named = new Set(extensions);
  return { isInternal: (number) => named.has(number) || SHORT_NUMBER.test(number) };
}
