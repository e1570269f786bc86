import type { RowId, TenantId } from "../../core/ids.ts";
import type { AttemptChange, DialAttempt, DialSource } from "../attempt.ts";
import type { Project } from "../project.ts";

/*
 * The heart of the dialer: whoever is to be called, by a campaign, a program or a test, is called by this one pipeline.
 *
 *   queue, campaigns ── share out what is free ──▶ claimed ── policy ──▶ written down ── pace ──▶ Originate ──▶ slot until Hangup
 */
export interface Dialing {
  placeDial: PlaceDial;
  /** What the IVR needs to know when a call reaches it; `null`: nobody knows of such an attempt. Its id is the channel's. */
  loadSession(attemptId: string): Promise<{ attempt: DialAttempt; project: Project } | null>;
  /**
   * Takes in at once what became known of an attempt; resolves when it is kept. A change with `endedAt` from the source `ivr`
   * says that the script is over: nothing more will come of it.
   */
  report(change: AttemptChange): Promise<void>;
}

/** Somebody wants one number called. */
export interface DialRequest {
  tenantId: TenantId;
  /** Who asks, for the log of changes and for what an idempotency key belongs to: `user:3`, `key:7`. */
  actor: string;
  /** IP address of who asks, for the project's list of addresses; `null`: Enlace itself. */
  address: string | null;
  projectId: RowId;
  /** As a person writes it. */
  number: string;
  variables?: Readonly<Record<string, string>>;
  source: Exclude<DialSource, "campaign">;
  /** The same key of the same actor means the same call, however often it is sent. */
  idempotencyKey?: string | undefined;
}

/**
 * Puts a call into the durable queue. Throws `AppError`, checked in this order: `invalid_field` (number, variables),
 * `not_found` (project), `forbidden` (address; number on a suppression list), `conflict` (the project cannot dial),
 * `unavailable` with a Retry-After (the queue is full).
 */
export type PlaceDial = (request: DialRequest) => Promise<{ attemptId: string; isNew: boolean }>;
