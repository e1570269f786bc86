import { createHash } from "node:crypto";
import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";
import { createBatcher } from "../../kit/batcher.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Random } from "../../kit/random.ts";
import type { DialSource } from "../attempt.ts";
import type { Project } from "../project.ts";
import { isAddressAllowed } from "../projects/addresses.ts";
import { say } from "../words.ts";
import { newAttemptId } from "./attempt-id.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import type { Limits } from "./limits.ts";
import { insertDials, type NewDial, type QueuedDial } from "./queue-store.ts";

/** Somebody wants one number called. */
export interface DialRequest {
  tenantId: TenantId;
  /** Who asks: an idempotency key belongs to them. `user:3`, `key:7`. */
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

export interface PlaceDialOptions {
  database: Database;
  clock: Clock;
  random: Random;
  limits: Pick<Limits, "of">;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  loadProject(tenantId: TenantId, id: RowId): Promise<Project | null>;
  isSuppressed(question: { tenantId: TenantId; number: PhoneNumber; projectId: RowId }): Promise<boolean>;
  /** Something waits in the queue. */
  onQueued(): void;
}

const VARIABLES_MAX = 50;
const VALUE_CHARACTERS_MAX = 1_000;
const NAME = /^[\p{L}_][\p{L}\p{N}_. -]{0,63}$/u;
const FULL_RETRY_SECONDS = 30;
const BUSY_RETRY_SECONDS = 2;

export function createPlaceDial(options: PlaceDialOptions): PlaceDial {
  const { database, clock, random, limits, onQueued } = options;
  const batcher = createBatcher<NewDial, QueuedDial>({
    flush: (dials) => insertDials(database, dials, clock.now()),
    itemsMax: 500,
    concurrency: 1, // two at once could fill the last place twice
    waitingMax: 5_000,
    onFull: () => new AppError("unavailable", say("callsMany"), { retryAfterSeconds: BUSY_RETRY_SECONDS }),
  });

  return async (request) => {
    const { tenantId, projectId, source, idempotencyKey } = request;
    const number = await readNumber(options, request);
    const variables = readVariables(request.variables ?? {});
    await check(options, request, number);
    const attempt = toQueued({
      ...{ tenantId, projectId, source, number, variables },
      ...{ id: newAttemptId(random, tenantId), queuedAt: clock.now() },
    });
    const keyHash = idempotencyKey === undefined ? null : toKeyHash(request.actor, idempotencyKey);
    const queueMax = limits.of(tenantId).queueMax;
    const queued = await batcher.add({ attempt, dueAt: attempt.queuedAt, keyHash, queueMax });
    if (queued.kind === "known") return { attemptId: queued.attemptId, isNew: false };
    if (queued.kind === "full")
      throw new AppError("unavailable", say("queueFull"), { retryAfterSeconds: FULL_RETRY_SECONDS });
    onQueued();
    return { attemptId: attempt.id, isNew: true };
  };
}

async function readNumber(
  { loadTenant }: PlaceDialOptions,
  { tenantId, number: text }: DialRequest,
): Promise<PhoneNumber> {
  const number = parsePhoneNumber(text, (await loadTenant(tenantId))?.country ?? "");
  if (number === undefined) throw toFieldError("number", sayField("phone"));
  return number;
}

/** They are spoken, and sent to the project's webhook. */
function readVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(variables);
  if (entries.length > VARIABLES_MAX) throw toFieldError("variables", `are more than ${VARIABLES_MAX}`);
  for (const [name, value] of entries) {
    if (!NAME.test(name)) throw toFieldError(`variables.${name.slice(0, 64)}`, "is not a plain name");
    if (value.length > VALUE_CHARACTERS_MAX) throw toFieldError(`variables.${name}`, "is too long");
    if (value.includes("\u0000") || !value.isWellFormed()) throw toFieldError(`variables.${name}`, "is not text");
  }
  return Object.fromEntries(entries);
}

async function check(options: PlaceDialOptions, request: DialRequest, number: PhoneNumber): Promise<void> {
  const { tenantId, projectId, address } = request;
  const project = await options.loadProject(tenantId, projectId);
  if (!project) throw new AppError("not_found", say("noProject"));
  if (address !== null && !isAddressAllowed(address, project.allowedAddresses))
    throw new AppError("forbidden", say("addressRefused"));
  if (await options.isSuppressed({ tenantId, number, projectId }))
    throw new AppError("forbidden", say("numberSuppressed"));
  if (project.disabledAt !== null) throw new AppError("conflict", say("projectOff"));
  if (project.trunks.length === 0) throw new AppError("conflict", say("projectWithoutTrunk"));
}

function toKeyHash(actor: string, key: string): string {
  return createHash("sha256").update(`${actor}\n${key}`).digest("hex");
}

/** An attempt of which nothing is known yet. */
export function toQueued(
  said: Pick<KeptAttempt, "tenantId" | "id" | "projectId" | "source" | "number" | "variables" | "queuedAt">,
): KeptAttempt {
  return {
    ...said,
    ...{ campaignId: null, contactId: null, ordinal: 1, trunkFailures: 0, firstId: null, avoidTrunkId: null },
    ...{ state: "queued", pbxId: null, trunkId: null, callerId: null, disposition: null, dispositionSource: null },
    ...{ cause: null, digit: null, amd: null, dialedAt: null, answeredAt: null, endedAt: null },
    ...{ transferWaitSeconds: null, transferTalkSeconds: null },
  };
}
