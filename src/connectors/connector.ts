import type { z } from "zod";
import type { Call } from "../core/call.ts";
import type { DeliveryOutcome, RemoteRecord } from "../core/delivery-outcome.ts";
import type { Wording } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { Log } from "../kit/log.ts";

/**
 * The contract between Enlace and one outside system. A connector is one folder beside this file and one line in
 * registry.ts; `connector.contract.ts` is the suite every one of them passes.
 */
export interface Connector<S = unknown> {
  /** Lower-case, stable: it is stored with every connection. */
  id: string;
  title: string;
  /** Validates and documents the settings. `.meta({ secret: true })` marks what is sealed and never shown again. */
  settings: z.ZodType<S>;
  capabilities: readonly Capability[];
  /** How hard the other side may be pressed unless the connection says otherwise. */
  pace: Pace;
  /**
   * Which deliveries a call asks for at its present state. Pure, cheap and called inside `accept`: no network here.
   * `[]` means that this connection does not want to know.
   */
  plan(call: Call, settings: S): readonly PlannedDelivery[];
  open(context: ConnectorContext<S>): Session;
}

export type Capability = "record" | "signal" | "lookup" | "responsible" | "fields" | "users";

export interface Pace {
  /** Deliveries in flight at once. */
  concurrency: number;
  /** Deliveries started per second, averaged over a second; `null` is no limit. */
  perSecond: number | null;
}

/**
 * `record`: the other side must end up with the right row; a newer revision of the call supersedes an older one.
 * `signal`: only of use now; expires `expiresAfterMs` after it was planned.
 */
export type PlannedDelivery = { kind: "record" } | { kind: "signal"; name: string; expiresAfterMs: number };

/** What a session is opened with: one per connection and process, kept while the settings stay the same. */
export interface ConnectorContext<S> {
  settings: S;
  tenant: TenantFacts;
  clock: Clock;
  log: Log;
  /** Base URL under which people reach Enlace, for links into it; no trailing slash. */
  publicUrl: string;
  /**
   * Runs `work` while nobody else, in this process or another, holds `key` (scoped to the connection). Waits its turn;
   * rejects with the signal's reason when aborted first. If the lock is lost half-way, `work`'s signal is aborted.
   */
  exclusive<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Small durable memory of this connection, shared by all processes: sessions over there, caches. Sealed at rest. */
  memory: ConnectionMemory;
}

export interface ConnectionMemory {
  /** `null` when unknown or expired. */
  load(key: string): Promise<string | null>;
  /** At most 8 KiB of text; forgotten after `ttlMs`. */
  save(key: string, value: string, ttlMs: number): Promise<void>;
  forget(key: string): Promise<void>;
}

export interface TenantFacts {
  number: string;
  name: string;
  /** IANA zone. */
  timeZone: string;
  /** ISO 3166-1 alpha-2, upper-case. */
  country: string;
  language: Language;
}
export type Language = "es" | "en" | "ru";

/** What one attempt brings along. Everything sent with `http` is kept, masked and bounded, in the attempt's log. */
export interface Run {
  http: HttpRequester;
  /** Aborted on shutdown, lost lease or time-out; a session must settle within a second of it. */
  signal: AbortSignal;
}

export interface Session {
  /** Proves reading and writing without leaving a trace over there. Never throws for what the other side says. */
  check(run: Run): Promise<CheckReport>;
  /** Upserts the one row of this call. Present if and only if the connector has the capability `record`. */
  record?(subject: CallSubject, run: Run): Promise<DeliveryOutcome>;
  /** Tells the other side what is going on now. Present if and only if the connector has the capability `signal`. */
  signal?(signal: CallSignal, run: Run): Promise<DeliveryOutcome>;
  /** Who is this number over there? Present if and only if the connector has the capability `lookup`. */
  lookup?(number: string, run: Run): Promise<CrmContact | null>;
  /**
   * Who is this number, and on which extension is whoever looks after it? `null`: nobody over there has it. Rejects when the
   * other side cannot be asked, so that an outage is never taken for an answer. Present if and only if the connector has the
   * capability `responsible`.
   */
  responsible?(number: string, run: Run): Promise<Responsible | null>;
  /**
   * The fields calls may be written to and where each of our values goes, for an administrator who sets that up. Changes nothing
   * over there; rejects in words for the administrator when the other side cannot be asked. Present if and only if the
   * connector has the capability `fields`.
   */
  fields?(question: FieldQuestion, run: Run): Promise<FieldReport>;
  /**
   * The people (and groups) over there who may own what is written, for an administrator who says whose phone is whose.
   * Rejects as `fields` does. Present if and only if the connector has the capability `users`.
   */
  users?(run: Run): Promise<UserReport>;
  /** Lets go of sockets and timers. Not a log-out: another process may share the session over there. */
  close(): Promise<void>;
}

/** A call as connectors get it. `revision` grows by one with every change of the call. */
export interface CallSubject {
  /** Our id, decimal text. */
  callId: string;
  callUuid: string;
  revision: number;
  call: Call;
  /** What an earlier delivery of this call on this connection left, if any. */
  remote: RemoteRecord | null;
}

export interface CallSignal extends CallSubject {
  /** As planned: `ringing`, `answered`, `ended` … */
  name: string;
  /** Stable over retries: the other side may use it to tell a repetition. */
  messageId: string;
}

export interface CrmContact {
  id: string;
  name: string;
  kind: string;
  url?: string;
}

export interface Responsible {
  contact: CrmContact;
  /** `null`: nobody looks after the contact, or nobody knows by which phone. */
  extension: string | null;
  /** Who looks after it, in the words of the CRM, or why that is not known. */
  owner: string;
}

/** `ok` unless a finding is an error; warnings may stand. A finding says what is wrong and how to mend it, in words for the administrator. */
export interface CheckReport {
  ok: boolean;
  findings: readonly Finding[];
}
export interface Finding {
  level: "ok" | "warning" | "error";
  /** Stable name, for scripts: `login`, `field:Call UUID` … */
  subject: string;
  message: string;
  /** Which sentence of ours `message` is. */
  words?: Wording;
  mend?: string;
  mendWords?: Wording;
}

export interface FieldQuestion {
  /** In place of the one in the settings: our value → name or label of a field; an empty text: do not send. */
  mapping?: Readonly<Record<string, string>>;
  /** A call to show the outcome with. */
  sample: CallSubject | null;
  /** Asks the other side anew although the answer is remembered. */
  isFresh: boolean;
}

export interface FieldReport {
  /** What calls become over there, in the words of the other side. */
  place: string;
  /** The setting that holds the mapping. */
  setting: string;
  /** In the order of the other side. */
  fields: readonly CrmField[];
  values: readonly MappedValue[];
  /** What would be written of the sample, by name of field; empty without a sample, or where calls cannot be written. */
  preview: readonly { field: string; text: string }[];
}

/** A field with the other side's own label. */
export interface CrmField {
  name: string;
  label: string;
  /** In the words of the other side. */
  type: string;
  isMandatory: boolean;
  isWritable: boolean;
  /** Characters that are sent at most: what is longer is cut. */
  widthMax: number;
}

/** One of our values, and where it goes. */
export interface MappedValue {
  value: string;
  /** What the mapping wishes; `null`: nothing, it goes to its usual fields. */
  wish: string | null;
  /** Names of fields; none: it is not sent. */
  fields: readonly string[];
  /** Why the wish cannot be met. */
  problem: "missing" | "ambiguous" | null;
}

export interface UserReport {
  /** The setting that gives extensions to people: extension → id or name. */
  setting: string;
  /** As it stands in the settings. */
  owners: Readonly<Record<string, string>>;
  users: readonly CrmUser[];
  /** Whether there are more than are listed. */
  isCut: boolean;
}

export interface CrmUser {
  id: string;
  /** By which the setting may name them: no two have the same. */
  name: string;
  /** As people call them. */
  label: string;
  kind: "user" | "group";
  /** The phone that the other side itself knows, if any: it wins over the setting. */
  extension: string | null;
}
