import type { TenantId } from "../core/ids.ts";

/** What somebody had a PBX do, for the log of changes; never what was said or pressed. */
export interface CommandDeed {
  action: `call.${"originate" | "hangup" | "transfer" | "cancel_transfer" | "redirect" | "divert" | "park" | "dtmf" | "recording" | "spy"}`;
  target: string;
  detail: Record<string, unknown>;
}

/** Who, and from where. */
export interface CommandDoer {
  tenantId: TenantId;
  actor: string;
  address: string;
}

/** Keeps who did what; resolves once it is durable. */
export type WriteDeed = (doer: CommandDoer, deed: CommandDeed) => Promise<void>;
