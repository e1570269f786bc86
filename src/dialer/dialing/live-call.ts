import type { Project } from "../project.ts";
import type { Trunk } from "../trunk.ts";
import type { KeptAttempt } from "./attempt-row.ts";

/** The PBX that dials, as its calls are named after it. */
export interface DialPbx {
  tenantId: KeptAttempt["tenantId"];
  id: string;
  name: string;
  /** Before a Linkedid it makes the call's `call_uuid`. */
  callIdPrefix: string;
}

export type TrunkResult = "failed" | "silent" | "worked" | "unknown";

/*
 * A call of this process's PBXs, from before it is placed until everybody knows how it ended:
 *
 *   written down ── its turn ──▶ placing ── answered ──▶ talking ──┐
 *                                   └── not reached ───────────────┴─▶ hung up ── the script's last word ──▶ ended ──▶ told
 */
export interface LiveCall {
  attempt: KeptAttempt;
  project: Project;
  trunk: Trunk | null;
  pbx: DialPbx;
  /** Whether the law wants the person told that the call is recorded. */
  needsNotice: boolean;
  /** Its channel's id; the attempt's own unless a call file placed it. */
  channelId: string;
  /** Gives its slots back, once. */
  release(): void;
  /** The PBX was asked and has not said how the first leg fared. */
  isPlacing: boolean;
  /** What was heard of its first leg: a phone that rang, or nothing at all; `null`: neither is known. */
  heard: "ringing" | "nothing" | null;
  /** When its channel was heard to hang up. */
  goneAt: Date | null;
  script: "none" | "running" | "over";
  /** Stops waiting for the script. */
  cancelWait(): void;
  isTold: boolean;
}

/**
 * Whether the trunk carried the call to somebody's phone, or to a network that knew the number. `silent`: nothing at all was heard
 * of it; either a carrier that rings by early media, or one that is gone.
 */
export function toTrunkResult({ attempt, heard }: LiveCall): TrunkResult {
  if (attempt.answeredAt !== null) return "worked";
  if (heard === "nothing") return "silent";
  switch (attempt.disposition) {
    case "congestion":
      return "failed";
    case "busy":
    case "no_answer":
    case "rejected":
    case "invalid_number":
      return attempt.dispositionSource === "orphan" ? "unknown" : "worked";
    default:
      return "unknown";
  }
}

/** Under this name a PBX's contacts are claimed, whichever process owns it. */
export const toOwner = (pbx: Pick<DialPbx, "id">): string => `pbx:${pbx.id}`;
