import { AppError, toFieldError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { DialSettings } from "../core/pbx-record.ts";
import { parsePhoneNumber, toDialed } from "../core/phone-number.ts";
import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { createCallerLimit } from "../http/rate-limits.ts";
import { idParams, noBody } from "../http/wire.ts";
import type { Random } from "../kit/random.ts";
import type { Pbx } from "./pbx.ts";
import type { PbxFleet } from "./pbx-fleet.ts";
import { newCall, placedCall } from "./schema.ts";

export interface TelephonyRouteOptions {
  telephony: Pick<PbxFleet, "list" | "find">;
  random: Random;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  /** `null`: the tenant has no such extension. */
  findExtension(tenantId: TenantId, number: string): Promise<{ userId: RowId | null } | null>;
  /** Throws `not_found`. */
  loadPbx(tenantId: TenantId, id: string): Promise<{ dial: DialSettings; callIdPrefix: string }>;
  findCall(tenantId: TenantId, id: RowId): Promise<{ callUuid: string; pbx: string | null } | null>;
  /** Keeps who did what; resolves once it is durable. */
  audit(doer: { tenantId: TenantId; actor: string; address: string }, deed: Deed): Promise<void>;
}

interface Deed {
  action: "call.originate" | "call.hangup";
  target: string;
  detail: Record<string, unknown>;
}

/** A person clicks a few times a minute; more is a program gone wild, and each one rings a phone. */
const CALLS_PER_MINUTE = 30;
const ID_BYTES = 12;

/** What people ask of calls that are to be or that are going on, wherever the asked process owns the PBX. */
export function registerTelephonyRoutes(app: App, options: TelephonyRouteOptions): void {
  registerOriginate(app, options);
  registerHangup(app, options);
}

function registerOriginate(app: App, options: TelephonyRouteOptions): void {
  const { telephony, random, loadPbx, audit } = options;
  const limit = createCallerLimit(app, CALLS_PER_MINUTE);
  app.post(
    "/api/v1/calls/originate",
    {
      config: {
        access: allow({ roles: ["agent"], scope: "calls:write" }),
        refusals: ["not_found"],
      },
      schema: {
        summary: "Click to call: ring an extension, and dial the number once it has picked up",
        description: "Answers when the PBX has taken the order. 503 when the asked process does not own the PBX.",
        tags: ["calls"],
        body: newCall,
        response: { 202: placedCall },
      },
    },
    async (request, reply) => {
      const { caller, body, ip } = request;
      const { tenantId, actor } = caller;
      await limit(request);
      const number = await readNumber(tenantId, body.number, options);
      await checkExtension(caller, body.extension, options);
      const pbxId = body.pbx_id ?? choosePbx(telephony, tenantId);
      const { dial, callIdPrefix } = await loadPbx(tenantId, pbxId);
      const commands = findPbx(telephony, tenantId, pbxId).commands();
      const id = `c${random.bytes(ID_BYTES).toString("hex")}`;
      const callUuid = `${callIdPrefix}${id}`;
      const detail = { number: number.e164, call_uuid: callUuid };
      await audit(
        { tenantId, actor, address: ip },
        { action: "call.originate", target: `extension:${body.extension}`, detail },
      );
      const dialed = dial.form === "e164" ? number.e164 : toDialed(number.e164, number.country);
      await commands.clickToCall({ id, extension: body.extension, number: dialed });
      return reply.code(202).send({ call_uuid: callUuid, pbx_id: pbxId });
    },
  );
}

function registerHangup(app: App, { telephony, findCall, audit }: TelephonyRouteOptions): void {
  app.post(
    "/api/v1/calls/:id/hangup",
    {
      config: { access: allow({ roles: ["supervisor"], scope: "calls:write" }) },
      schema: {
        summary: "End a call that is going on",
        tags: ["calls"],
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const call = await findCall(tenantId, request.params.id);
      if (!call) throw new AppError("not_found", "There is no call of this id.");
      const pbxId = telephony.list(tenantId).find(({ name }) => name === call.pbx)?.id;
      const commands = findPbx(telephony, tenantId, pbxId ?? "").commands();
      const deed = { action: "call.hangup", target: `call:${request.params.id}`, detail: {} } as const;
      await audit({ tenantId, actor, address: request.ip }, deed);
      await commands.hangUp(call.callUuid);
      return reply.code(204).send();
    },
  );
}

async function readNumber(tenantId: TenantId, text: string, { loadTenant }: TelephonyRouteOptions) {
  const country = (await loadTenant(tenantId))?.country ?? "";
  const e164 = parsePhoneNumber(text, country);
  if (e164 === undefined) throw toFieldError("number", "is not a phone number");
  return { e164, country };
}

/** An agent rings his own phone only; who administers may ring any of the tenant's. */
async function checkExtension(caller: Caller, number: string, { findExtension }: TelephonyRouteOptions): Promise<void> {
  const extension = await findExtension(caller.tenantId, number);
  if (!extension) throw toFieldError("extension", "is not known; see GET /api/v1/extensions");
  if (caller.role === "agent" && extension.userId !== caller.userId)
    throw new AppError("forbidden", `Extension ${number} is not yours.`);
}

function choosePbx(telephony: TelephonyRouteOptions["telephony"], tenantId: TenantId): string {
  const all = telephony.list(tenantId);
  const chosen = all.find(({ ami }) => ami?.state === "ready") ?? all[0];
  if (!chosen) throw notHere();
  return chosen.id;
}

function findPbx(telephony: TelephonyRouteOptions["telephony"], tenantId: TenantId, id: string): Pbx {
  const pbx = telephony.find(tenantId, id);
  if (!pbx) throw notHere();
  return pbx;
}

const notHere = (): AppError =>
  new AppError("unavailable", "The process that was asked does not run this PBX.", { retryAfterSeconds: 5 });
