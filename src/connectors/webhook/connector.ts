import { type Call, concernsCustomers } from "../../core/call.ts";
import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import type {
  CallSubject,
  CheckReport,
  Connector,
  ConnectorContext,
  Finding,
  PlannedDelivery,
  Session,
} from "../connector.ts";
import { toOneFinding } from "../finding.ts";
import { postMessage } from "./client.ts";
import { toMessage, toMessageId, type WebhookMessage } from "./mapping.ts";
import { type WebhookSettings, webhookSettings } from "./schema.ts";
import { say } from "./words.ts";

/** Anything that takes an HTTP POST: a signed message for every ended call, and while it rings or talks if wanted. */
export const webhook: Connector<WebhookSettings> = {
  id: "webhook",
  title: "Webhook",
  settings: webhookSettings,
  capabilities: ["record", "signal"],
  pace: { concurrency: 8, perSecond: null },
  plan: planDeliveries,
  open,
};

/** A signal that comes later than this is of no use. */
const RINGING_EXPIRES_MS = 30_000;
const ANSWERED_EXPIRES_MS = 60_000;

function planDeliveries(call: Call, { events, deliverInternal }: WebhookSettings): readonly PlannedDelivery[] {
  if (!concernsCustomers(call) && !deliverInternal) return [];
  switch (call.phase) {
    case "ended":
      return events.includes("ended") ? [{ kind: "record" }] : [];
    case "ringing":
      return events.includes("ringing")
        ? [{ kind: "signal", name: "ringing", expiresAfterMs: RINGING_EXPIRES_MS }]
        : [];
    case "talking":
      return events.includes("answered")
        ? [{ kind: "signal", name: "answered", expiresAfterMs: ANSWERED_EXPIRES_MS }]
        : [];
  }
}

function open(context: ConnectorContext<WebhookSettings>): Session {
  const { settings, tenant, publicUrl, clock } = context;
  const toEvent = (id: string, type: string, subject: CallSubject): WebhookMessage =>
    toMessage({ id, type, at: clock.now(), subject, tenant, publicUrl, bodyTemplate: settings.bodyTemplate });
  return {
    record: (subject, run) => postMessage(context, toEvent(toMessageId(tenant, subject), "call.ended", subject), run),
    signal: (signal, run) => postMessage(context, toEvent(signal.messageId, `call.${signal.name}`, signal), run),
    check: async (run) => {
      const at = clock.now();
      const body = JSON.stringify({
        type: "enlace.check",
        timestamp: at.toISOString(),
        tenant: { number: tenant.number, name: tenant.name },
      });
      const outcome = await postMessage(context, { id: `check_${tenant.number}_${at.getTime()}`, body }, run);
      return toReport(settings, outcome);
    },
    close: async () => undefined, // sockets belong to the requester
  };
}

function toReport({ url }: WebhookSettings, outcome: DeliveryOutcome): CheckReport {
  const findings: Finding[] = [];
  if (new URL(url).protocol === "http:") {
    const open = { said: say("unencrypted"), mend: say("unencryptedMend") };
    findings.push(toOneFinding("warning", "url", open));
  }
  if (outcome.kind === "delivered") return { ok: true, findings: [...findings, toOneFinding("ok", "delivery", TOOK)] };
  const { reason, words } = outcome;
  const said = say("tookNot", { why: words ? { text: reason, ...words } : reason });
  findings.push(toOneFinding("error", "delivery", { said, mend: say("tookNotMend") }));
  return { ok: false, findings };
}

const TOOK = { said: say("took") };
