import { type Call, concernsCustomers } from "../../core/call.ts";
import { parsePhoneNumber } from "../../core/phone-number.ts";
import type { Connector, ConnectorContext, Session } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import { createCheck } from "./check.ts";
import { createVtigerClient } from "./client.ts";
import { createContactLookup } from "./contact-lookup.ts";
import { createModuleCache } from "./describe.ts";
import { createFieldReport } from "./field-report.ts";
import { createOwnerLookup } from "./owner.ts";
import { createRecorder } from "./record.ts";
import { createResponsible, toCrmContact } from "./responsible.ts";
import { type VtigerSettings, vtigerSettings } from "./schema.ts";
import { createUserReport } from "./user-report.ts";

/** Vtiger CRM, open source, 7.x and 8.x, over webservice.php: one record per call, made or revised by the call's id. */
export const vtiger: Connector<VtigerSettings> = {
  id: "vtiger",
  title: "Vtiger CRM",
  settings: vtigerSettings,
  capabilities: ["record", "lookup", "responsible", "fields", "users"],
  // every request boots the whole PHP application, and one session is served one request at a time
  pace: { concurrency: 2, perSecond: 5 },
  plan: (call, settings) =>
    isWanted(call, settings) && (call.phase === "ended" || settings.deliverInProgress) ? [{ kind: "record" }] : [],
  open,
};

/** Unless somebody asks for the others too. */
const isWanted = (call: Call, { deliverInternal }: VtigerSettings): boolean =>
  concernsCustomers(call) || deliverInternal;

function open(context: ConnectorContext<VtigerSettings>): Session {
  const client = createVtigerClient(context);
  const modules = createModuleCache(context, client);
  const owners = createOwnerLookup(context, client);
  const contacts = createContactLookup({ context, client, modules });
  return {
    check: createCheck({ context, client, modules, owners }),
    record: createRecorder({ context, client, modules, contacts, owners }),
    lookup: async (text, run) => {
      const number = parsePhoneNumber(text, context.tenant.country);
      if (number === undefined) return null;
      try {
        const { contact } = await contacts.find(number, run);
        return contact && toCrmContact(context.settings, contact);
      } catch (error) {
        if (!(error instanceof VtigerFailure)) throw error;
        context.log.warn({ reason: error.message }, "vtiger.lookup_failed"); // a pop-up without a name is better than none
        return null;
      }
    },
    responsible: createResponsible({ context, client, contacts }),
    fields: createFieldReport(context, modules),
    users: createUserReport(context, client),
    close: async () => undefined, // sockets belong to the requester, the session over there to all processes
  };
}
