import { createHash } from "node:crypto";
import { AppError, toFieldError } from "../core/errors.ts";
import { sayField } from "../core/field-words.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { type PhoneNumber, parsePhoneNumber, toDialed } from "../core/phone-number.ts";
import type { Random } from "../kit/random.ts";
import type { CommandDoer, WriteDeed } from "./deed.ts";
import type { ChosenPbx, PbxChoice } from "./pbx-choice.ts";
import type { Telephony } from "./telephony.ts";
import { say } from "./words.ts";

export interface ClickToCallOptions {
  telephony: Pick<Telephony, "ask">;
  choosePbx: PbxChoice["choose"];
  random: Random;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  /** `null`: the tenant has no such extension. */
  findExtension(tenantId: TenantId, number: string): Promise<{ userId: RowId | null } | null>;
  hasCall(tenantId: TenantId, callUuid: string): Promise<boolean>;
  /** Whether the tenant's do-not-call list has the number. */
  isSuppressed(question: { tenantId: TenantId; number: PhoneNumber }): Promise<boolean>;
  /** A policy of the tenant whose hours hold for people too and that closes the number now. */
  findClosed(question: {
    tenantId: TenantId;
    number: PhoneNumber;
  }): Promise<{ policy: string; nextAt: Date | null } | null>;
  audit: WriteDeed;
}

export interface Click {
  doer: CommandDoer;
  /** Agents ring their own phone only; `null`: whoever administers, or a program. */
  agentId: RowId | null;
  extension: string;
  /** As a person writes it. */
  number: string;
  /** By default one that the answering process listens to. */
  pbxId?: string | undefined;
  /** The same key of the same caller means the same call, however often it is sent. */
  idempotencyKey?: string | undefined;
  /** Why a number on the do-not-call list, or outside its hours, is called all the same; not for agents. */
  despiteSuppression?: string | undefined;
}

export interface PlacedClick {
  /** `null`: placed by a call file, and the PBX has not said the call's id. */
  callUuid: string | null;
  pbxId: string;
  pbxHost: string;
  number: PhoneNumber;
}

/** Rings an extension and dials a number once it has picked up. Throws `AppError`. */
export type PlaceClick = (click: Click) => Promise<PlacedClick>;

const ID_BYTES = 12;

export function createClickToCall(options: ClickToCallOptions): PlaceClick {
  const { telephony, choosePbx, random, loadTenant, findExtension, hasCall, isSuppressed, findClosed, audit } = options;

  async function readNumber(tenantId: TenantId, text: string) {
    const country = (await loadTenant(tenantId))?.country ?? "";
    const number = parsePhoneNumber(text, country);
    if (number === undefined) throw toFieldError("number", sayField("phone"));
    return { number, country };
  }

  async function checkExtension(tenantId: TenantId, number: string, agentId: RowId | null): Promise<void> {
    const extension = await findExtension(tenantId, number);
    if (!extension) throw toFieldError("extension", sayField("unknownExtension"));
    if (agentId !== null && extension.userId !== agentId)
      throw new AppError("forbidden", say("extensionOfOthers", { extension: number }));
  }

  async function checkSuppression({ doer, agentId, despiteSuppression }: Click, number: PhoneNumber): Promise<void> {
    if (!(await isSuppressed({ tenantId: doer.tenantId, number }))) return;
    if (despiteSuppression === undefined) throw new AppError("forbidden", say("suppressed", { number }));
    if (agentId !== null) throw new AppError("forbidden", say("suppressedForAgents"));
  }

  async function checkHours({ doer, agentId, despiteSuppression }: Click, number: PhoneNumber): Promise<void> {
    const closed = await findClosed({ tenantId: doer.tenantId, number });
    if (closed === null || (despiteSuppression !== undefined && agentId === null)) return;
    const { policy, nextAt } = closed;
    const sentence =
      nextAt === null
        ? say("hoursClosed", { number, policy })
        : say("hoursClosedUntil", { number, policy, at: nextAt.toISOString() });
    throw new AppError("forbidden", sentence);
  }

  return async (click) => {
    const { doer, agentId, extension, number: text, pbxId, idempotencyKey, despiteSuppression } = click;
    const { tenantId } = doer;
    const [{ number, country }, pbx] = await Promise.all([
      readNumber(tenantId, text),
      choosePbx(tenantId, pbxId),
      checkExtension(tenantId, extension, agentId),
    ]);
    await checkSuppression(click, number);
    await checkHours(click, number);
    const id = idempotencyKey === undefined ? `c${random.bytes(ID_BYTES).toString("hex")}` : toId(doer, idempotencyKey);
    const callUuid = `${pbx.callIdPrefix}${id}`;
    const placed = { callUuid, pbxId: pbx.id, pbxHost: pbx.host, number };
    if (idempotencyKey !== undefined && (await hasCall(tenantId, callUuid))) return placed;
    const why = despiteSuppression === undefined ? {} : { despite_suppression: despiteSuppression };
    const detail = { number, call_uuid: callUuid, pbx: pbx.id, ...why };
    await audit(doer, { action: "call.originate", target: `extension:${extension}`, detail });
    const asked = { kind: "originate", id, extension, number: toDialedNumber(number, country, pbx.dial) } as const;
    try {
      const answer = await telephony.ask(tenantId, pbx.id, asked);
      return { ...placed, callUuid: answer.callUuid ?? null };
    } catch (error) {
      const isRunning = error instanceof AppError && error.code === "conflict" && /already/.test(error.message);
      if (idempotencyKey !== undefined && isRunning) return placed;
      throw error;
    }
  };
}

const toDialedNumber = (number: PhoneNumber, country: string, { form }: ChosenPbx["dial"]): string =>
  form === "e164" ? number : toDialed(number, country);

function toId({ tenantId, actor }: CommandDoer, key: string): string {
  const hash = createHash("sha256").update(`${tenantId}\n${actor}\n${key}`);
  return `c${hash.digest("hex").slice(0, ID_BYTES * 2)}`;
}
