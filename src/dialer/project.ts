import type { Disposition } from "../core/disposition.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { PhoneNumber } from "../core/phone-number.ts";

/** How an automatic call of this project behaves, from the choice of a trunk to what a machine is told (older name: proyecto). */
export interface Project {
  tenantId: TenantId;
  id: RowId;
  /** What people and older programs call it by: a positive decimal number, chosen or the next free one. */
  number: string;
  name: string;
  /** IANA zone of its schedules, and of numbers whose own zone is not known. */
  timeZone: string;
  language: "es" | "en" | "ru";
  /** Empty: it cannot dial. The trunks' PBX is the PBX it dials from. */
  trunks: readonly { trunkId: RowId; weight: number }[];
  /** Before the number, as the trunk's carrier wants it. `[0-9*#]{0,10}`. */
  prefix: string;
  /** Shown when no number of the pool fits. */
  callerId: PhoneNumber | null;
  /** Whether caller ids are chosen from the pool. */
  usesCallerIdPool: boolean;
  /** Calls of it at once; `null`: only the trunks limit it. */
  channelsMax: number | null;
  /** How long the callee's phone may ring; 15 … 120. */
  ringSeconds: number;
  ivr: IvrSettings;
  amd: AmdSettings;
  retry: RetryRules;
  /** What happens to a person: the IVR talks to them, or a free agent does. */
  mode: "ivr" | "agents";
  agents: AgentSettings;
  /** Who may ask for single calls over the API: addresses and networks; empty: everybody who has the right. */
  allowedAddresses: readonly string[];
  /** Told at the end of every call. The secret is sealed in the store and never leaves it. */
  webhookUrl: string | null;
  /** Rules of the land and purpose; `null`: none was chosen, and no campaign of it may start. */
  policyId: RowId | null;
  disabledAt: Date | null;
}

export interface IvrSettings {
  /** What is said to a person; `null` with `text`: synthesised for each callee. */
  audioId: RowId | null;
  /** `Hola {{nombre}}, …`: variables of the contact in double braces. */
  text: string | null;
  /** One of 0-9 * #; `null`: the message ends the call. */
  expectedDigit: string | null;
  /** How often a key is asked for; 1 … 5. */
  digitAttempts: number;
  digitWaitMs: number;
  /** Whether a key interrupts the message. */
  bargeIn: boolean;
  optOutDigit: string | null;
  /** Whom the expected key connects with: a number outside, over the project's trunk, or an extension. */
  overflow: { kind: "number"; number: PhoneNumber } | { kind: "extension"; extension: string } | null;
  overflowRingSeconds: number;
  onMachine: "hang_up" | "leave_message";
  /** What a machine hears; `null`: the message itself. */
  machineAudioId: RowId | null;
  /** Prompts of the project in place of the built-in ones: invalid key, one moment, transfer failed, opted out, notice. */
  prompts: Partial<Record<PromptName, RowId>>;
}

/** Built in, in es, en and ru; `notice` is said first where calls are recorded, `safe_harbour` where no agent is free. */
export const PROMPT_NAMES = [
  "invalid_key",
  "one_moment",
  "transfer_failed",
  "opted_out",
  "notice",
  "safe_harbour",
] as const;
export type PromptName = (typeof PROMPT_NAMES)[number];

/** The arguments of Asterisk's AMD(), milliseconds but for the last two. */
export interface AmdSettings {
  enabled: boolean;
  initialSilenceMs: number;
  greetingMs: number;
  afterGreetingSilenceMs: number;
  totalAnalysisMs: number;
  minimumWordMs: number;
  betweenWordsMs: number;
  maximumWords: number;
  silenceThreshold: number;
}

export interface RetryRules {
  /** Attempts at one contact in all, the first one too; 1 … 20. */
  attemptsMax: number;
  /** Where no rule of its own says otherwise; 30 … 604,800. */
  afterSeconds: number;
  /** `null`: never again. `otherTrunk`: not over the trunk that failed, and it counts as no attempt at the person. */
  byDisposition: Partial<
    Record<Disposition, { afterSeconds: number; attemptsMax?: number; otherTrunk?: boolean } | null>
  >;
}

export interface AgentSettings {
  /** Extensions whose phones take the calls. */
  extensions: readonly string[];
  /** Highest share of live answers without a free agent over 30 days; 0 … 0.1. */
  abandonedShareMax: number;
  /** How long a person who answered may wait for an agent. */
  waitMs: number;
}
