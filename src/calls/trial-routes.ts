import { z } from "zod";
import type { CallFact } from "../core/call-fact.ts";
import type { TenantId } from "../core/ids.ts";
import { parsePartyNumber } from "../core/phone-number.ts";
import { allow } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import type { Clock } from "../kit/clock.ts";
import type { Random } from "../kit/random.ts";
import type { LoadCountry } from "./stored-party.ts";

export interface TrialRouteOptions {
  /** The front door; see intake/accept.ts. */
  accept(item: { tenant: { id: TenantId }; callUuid: string; fact: CallFact; raw: string }): Promise<unknown>;
  loadTenant: LoadCountry;
  clock: Clock;
  random: Pick<Random, "uuid">;
}

const RING_MS = 5_000;
const TALK_MS = 60_000;
const party = z.string().trim().min(1).max(50);

const trialBody = z.strictObject({
  from: party.meta({ description: "Who calls: best a number of your own that the CRM knows" }),
  to: party.default("100"),
  extension: z
    .string()
    .regex(/^\d{2,10}$/)
    .optional()
    .meta({ description: "Whose desk took it" }),
});

/** A made-up call of a minute that just ended. It goes the way of any call, into every CRM that is connected. */
export function registerTrialRoutes(app: App, { accept, loadTenant, clock, random }: TrialRouteOptions): void {
  app.post(
    "/api/v1/calls/trial",
    {
      config: { access: allow({ roles: ["admin"], scope: "calls:write" }) },
      schema: {
        summary: "Make up a call, to see it arrive in the CRMs",
        description: "It is kept and delivered like any other; nobody's phone rings.",
        tags: ["calls"],
        body: trialBody,
        response: { 202: z.object({ call_uuid: z.string() }) },
      },
    },
    async (request, reply) => {
      const { tenantId } = request.caller;
      const country = (await loadTenant(tenantId))?.country ?? "";
      const { from, to, extension } = request.body;
      const endedMs = clock.now().getTime();
      const fact: CallFact = {
        ...{ key: "trial", source: "webhook", at: new Date(endedMs), status: "answered", direction: "inbound" },
        ...{ from: parsePartyNumber(from, country), to: parsePartyNumber(to, country) },
        startedAt: new Date(endedMs - TALK_MS - RING_MS),
        answeredAt: new Date(endedMs - TALK_MS),
        endedAt: new Date(endedMs),
        pbx: "trial",
        ...(extension !== undefined && { agentExtension: extension }),
      };
      const callUuid = `trial-${random.uuid()}`;
      await accept({ tenant: { id: tenantId }, callUuid, fact, raw: JSON.stringify({ trial: true, from, to }) });
      return reply.code(202).send({ call_uuid: callUuid });
    },
  );
}
