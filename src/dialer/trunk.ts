import type { RowId, TenantId } from "../core/ids.ts";

/** A line to a carrier over which a PBX dials (older name: troncal). */
export interface Trunk {
  tenantId: TenantId;
  id: RowId;
  pbxId: RowId;
  /** As Asterisk knows its endpoint or peer: `[A-Za-z0-9_-]{1,40}`. */
  name: string;
  /** `PJSIP/${number}@${trunk}`, `SIP/${trunk}/${prefix}${number}`, …; see telephony/dial-template.ts. */
  dialTemplate: string;
  /** Calls started a second; `null`: only the tenant's and the installation's limits hold. */
  perSecond: number | null;
  /** Calls at once. */
  channelsMax: number;
  callerId: string | null;
  enabled: boolean;
  /** Of trunks whose configuration Enlace writes for the PBX; `null`: the PBX has it already. The password is sealed. */
  account: { host: string; port: number; username: string | null; register: boolean; context: string } | null;
}
