import type { FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import { parseRowId, type RowId } from "../core/ids.ts";
import type { Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { createCallerLimit } from "../http/rate-limits.ts";
import type { CallRouteOptions } from "./call-routes.ts";
import type { CommandDeed } from "./deed.ts";
import type { ChosenPbx } from "./pbx-choice.ts";
import type { AskedCommand, CommandAnswer } from "./pbx-command.ts";
import { say } from "./words.ts";

const COMMANDS_PER_MINUTE = 120;

/** An order without the call and the asker, which the request names. */
export type Order = WithoutCall<Extract<AskedCommand, { callUuid: string }>>;
type WithoutCall<One> = One extends unknown ? Omit<One, "callUuid" | "onlyFor"> : never;

export interface OrderRun {
  /** A call of nobody's is not found, whatever else is wrong with the request. */
  preValidation(request: FastifyRequest): Promise<void>;
  give(request: FastifyRequest, order: Order | ((pbx: ChosenPbx) => Promise<Order>)): Promise<CommandAnswer>;
}

export function createOrderRun(app: App, options: CallRouteOptions): OrderRun {
  const { telephony, findCall, findPbxByName, listExtensionsOf, audit } = options;
  const limit = createCallerLimit(app, COMMANDS_PER_MINUTE);
  const calls = new WeakMap<FastifyRequest, { id: RowId; callUuid: string; pbx: string | null }>();

  const listOwn = async ({ tenantId, userId }: Caller): Promise<string[]> =>
    userId === null ? [] : [...(await listExtensionsOf(tenantId, userId))];

  return {
    preValidation: async (request) => {
      const { caller, params } = request;
      const id = parseRowId((params as { id: string }).id); // the route's own parameter, not validated yet
      const call = id && (await findCall(caller, id));
      if (!id || !call) throw new AppError("not_found", say("callUnknown"));
      calls.set(request, { id, ...call });
    },
    give: async (request, order) => {
      const { caller, ip } = request;
      const call = calls.get(request);
      if (!call) throw new Error("the call was not looked for");
      await limit(request);
      const pbx = await findPbxByName(caller.tenantId, call.pbx);
      const command = typeof order === "function" ? await order(pbx) : order;
      const onlyFor = caller.role === "agent" ? await listOwn(caller) : null;
      const doer = { tenantId: caller.tenantId, actor: caller.actor, address: ip };
      await audit(doer, { action: `call.${command.kind}`, target: `call:${call.id}`, detail: toDetail(command) });
      const asked = { ...command, callUuid: call.callUuid, onlyFor } as AskedCommand;
      return telephony.ask(caller.tenantId, pbx.id, asked);
    },
  };
}

/** Keys may be a card's number: only how many they were is kept. */
function toDetail(order: Order): CommandDeed["detail"] {
  const { kind: _, ...detail } = order;
  return "digits" in detail ? { to: detail.to, keys: detail.digits.length } : detail;
}
