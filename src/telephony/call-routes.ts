import { AppError, toFieldError } from "../core/errors.ts";
import { sayField } from "../core/field-words.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { parsePhoneNumber, toDialed } from "../core/phone-number.ts";
import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { idParams, noBody } from "../http/wire.ts";
import { newSecret, type Random } from "../kit/random.ts";
import { SPY_ID } from "./call-placing.ts";
import type { WriteDeed } from "./deed.ts";
import { createOrderRun, type OrderRun } from "./order-run.ts";
import type { ChosenPbx, PbxChoice } from "./pbx-choice.ts";
import {
  keysBody,
  parkBody,
  parkedCall,
  recordingAnswer,
  recordingBody,
  redirectBody,
  spyBody,
  transferBody,
} from "./schema.ts";
import type { Telephony } from "./telephony.ts";
import { say } from "./words.ts";

export interface CallRouteOptions {
  telephony: Pick<Telephony, "ask">;
  findPbxByName: PbxChoice["findByName"];
  random: Random;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  /** `null`: the tenant has no such extension. */
  findExtension(tenantId: TenantId, number: string): Promise<{ userId: RowId | null } | null>;
  /** Numbers of a person's extensions. */
  listExtensionsOf(tenantId: TenantId, userId: RowId): Promise<readonly string[]>;
  /** `null`: there is none, or none that the caller sees. */
  findCall(caller: Caller, id: RowId): Promise<{ callUuid: string; pbx: string | null } | null>;
  audit: WriteDeed;
}

/** Agents steer the calls they are part of; supervisors those they see; administrators and programs every call of the tenant. */
const steering = {
  config: { access: allow({ roles: ["agent"], scope: "calls:write" }), refusals: ["not_found", "conflict"] },
} as const;
const supervising = {
  config: { access: allow({ roles: ["supervisor"], scope: "calls:write" }), refusals: ["not_found", "conflict"] },
} as const;
/** Listening to people is for people: no program may, whatever its key. */
const listening = {
  config: { access: allow({ roles: ["supervisor"], scope: null }), refusals: ["not_found", "conflict"] },
} as const;

const tags = ["calls"];
const params = idParams;

/** What can be done to a call that is going on. Each order is limited per caller, and in the log of changes before it is given. */
export function registerCallCommands(app: App, options: CallRouteOptions): void {
  const run = createOrderRun(app, options);
  registerEnding(app, options, run);
  registerMoving(app, options, run);
  registerHandling(app, options, run);
}

function registerEnding(app: App, options: CallRouteOptions, { preValidation, give }: OrderRun): void {
  app.post(
    "/api/v1/calls/:id/hangup",
    {
      ...steering,
      preValidation,
      schema: { summary: "End a call that is going on", tags, params, response: { 204: noBody } },
    },
    async (request, reply) => {
      await give(request, { kind: "hangup" });
      return reply.code(204).send();
    },
  );
  app.post(
    "/api/v1/calls/:id/transfer",
    {
      ...steering,
      preValidation,
      schema: {
        summary: "Hand the customer to an extension or a number outside",
        tags,
        params,
        body: transferBody,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { kind: way, extension, number } = request.body;
      const { tenantId } = request.caller;
      await give(request, async (pbx) => ({
        kind: "transfer",
        way,
        to:
          number === undefined
            ? { extension: await toKnownExtension(tenantId, extension ?? "", options) }
            : { number: await toDialedNumber(tenantId, number, { pbx, options }) },
      }));
      return reply.code(204).send();
    },
  );
  app.post(
    "/api/v1/calls/:id/transfer/cancel",
    {
      ...steering,
      preValidation,
      schema: {
        summary: "Give up an attended transfer: the agent is back with the customer",
        tags,
        params,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await give(request, { kind: "cancel_transfer" });
      return reply.code(204).send();
    },
  );
}

function registerMoving(app: App, options: CallRouteOptions, { preValidation, give }: OrderRun): void {
  app.post(
    "/api/v1/calls/:id/redirect",
    {
      ...supervising,
      preValidation,
      schema: {
        summary: "Send the customer to an extension, ringing or talking; whoever rings stops",
        tags,
        params,
        body: redirectBody,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { extension } = request.body;
      await give(request, async () => ({
        kind: "redirect",
        extension: await toKnownExtension(request.caller.tenantId, extension, options),
      }));
      return reply.code(204).send();
    },
  );
  app.post(
    "/api/v1/calls/:id/park",
    {
      ...steering,
      preValidation,
      schema: {
        summary: "Leave the customer in a parking lot",
        tags,
        params,
        body: parkBody,
        response: { 200: parkedCall },
      },
    },
    async (request) => {
      const { space = null, lot = null } = await give(request, { kind: "park", lot: request.body.lot });
      return { space, lot };
    },
  );
}

function registerHandling(app: App, options: CallRouteOptions, { preValidation, give }: OrderRun): void {
  app.post(
    "/api/v1/calls/:id/dtmf",
    {
      ...steering,
      preValidation,
      schema: {
        summary: "Press keys for the other side to hear",
        tags,
        params,
        body: keysBody,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await give(request, { kind: "dtmf", ...request.body });
      return reply.code(204).send();
    },
  );
  app.post(
    "/api/v1/calls/:id/recording",
    {
      ...steering,
      preValidation,
      schema: {
        summary: "Start, stop, pause or resume the recording of a call",
        description: "A pause silences every recording of the call, one that the PBX began by itself too.",
        tags,
        params,
        body: recordingBody,
        response: { 200: recordingAnswer },
      },
    },
    async (request) => {
      const { file = null } = await give(request, { kind: "recording", action: request.body.action });
      return { file };
    },
  );
  app.post(
    "/api/v1/calls/:id/spy",
    {
      ...listening,
      preValidation,
      schema: {
        summary: "Listen to a call, whisper to its agent, or barge in",
        tags,
        params,
        body: spyBody,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { extension, mode } = request.body;
      const { tenantId, userId } = request.caller;
      const found = await options.findExtension(tenantId, extension);
      if (!found) throw toFieldError("extension", sayField("unknownExtension"));
      if (found.userId !== userId) throw new AppError("forbidden", say("extensionOfOthers", { extension }));
      const id = `${SPY_ID}${newSecret(options.random, 12).replaceAll(/[^A-Za-z0-9]/g, ".")}`;
      await give(request, { kind: "spy", id, extension, mode });
      return reply.code(204).send();
    },
  );
}

async function toKnownExtension(
  tenantId: TenantId,
  extension: string,
  { findExtension }: CallRouteOptions,
): Promise<string> {
  if (!(await findExtension(tenantId, extension))) throw toFieldError("extension", sayField("unknownExtension"));
  return extension;
}

async function toDialedNumber(
  tenantId: TenantId,
  text: string,
  { pbx, options }: { pbx: ChosenPbx; options: CallRouteOptions },
): Promise<string> {
  const country = (await options.loadTenant(tenantId))?.country ?? "";
  const number = parsePhoneNumber(text, country);
  if (number === undefined) throw toFieldError("number", sayField("phone"));
  return pbx.dial.form === "e164" ? number : toDialed(number, country);
}
