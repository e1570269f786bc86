import type { Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { AttemptChange, DialAttempt } from "../attempt.ts";
import type { Project, PromptName } from "../project.ts";

// What the IVR is given, and what it hands on. Everything of other rooms and folders comes as a function.

/** Whose call it is and how it is to go. */
export interface IvrSession {
  attempt: DialAttempt;
  project: Project;
  /** Whether the law of the place wants the notice (of recording) said first; a project with a notice of its own says it anyway. */
  needsNotice?: boolean;
}

/** What is to be heard: a recording, a built-in prompt, or a text that is spoken for this callee. */
export type Playable =
  | { audioId: RowId }
  | { prompt: PromptName; language: Project["language"] }
  | { text: string; variables: Readonly<Record<string, string>>; language: Project["language"] };

/** Resolves with what STREAM FILE takes (no extension) on this PBX. Rejects when it cannot be had. */
export type ToPlayable = (wish: Playable & { tenantId: TenantId; pbxId: RowId }) => Promise<string>;

/** Somebody pressed the key of those who want no more calls. */
export interface OptOut {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId;
  campaignId: RowId | null;
  attemptId: string;
}

/** An agent who is free, and is kept free of other calls until `release`. */
export interface FreeAgent {
  extension: string;
  /** What Dial rings: `PJSIP/101`. */
  channel: string;
  /** Called once, when the call is over: `false` when the phone was left to ring, or could not be rung. */
  release(end: { answered: boolean }): void;
}

export interface AgentRequest {
  tenantId: TenantId;
  pbxId: RowId;
  project: Project;
  attemptId: string;
  /** Not to be offered again: their phones were not picked up. */
  except: readonly string[];
  /** Aborts when the person is gone or has waited too long; the request then rejects or resolves with `null`. */
  signal: AbortSignal;
}

export interface IvrOptions {
  /** `null`: nobody knows of such an attempt. */
  loadSession(attemptId: string): Promise<IvrSession | null>;
  /** Takes the change in at once; settles when it is kept. */
  report(change: AttemptChange): Promise<void> | void;
  toPlayable: ToPlayable;
  /** What Dial rings for the overflow: its number over the attempt's trunk with the project's prefix, or an extension of the PBX. */
  toOverflowChannel(session: IvrSession): Promise<string>;
  suppress(optOut: OptOut): Promise<unknown>;
  /** Absent: projects with agents find none. */
  requestAgent?(request: AgentRequest): Promise<FreeAgent | null>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * What is known of a call so far. When the person hangs up, or something fails, `disposition` is how it came out; each step says
 * beforehand what it would mean.
 */
export interface Course {
  /** `undefined`: another source knows better. */
  disposition: Disposition | undefined;
  digit?: string;
  amd?: { status: string; cause: string };
  transferWaitSeconds?: number;
  transferTalkSeconds?: number;
}
