import type { Counter } from "prom-client";
import { toErrorMessage } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { toBackoffMs } from "../../kit/backoff.ts";
import type { Clock } from "../../kit/clock.ts";
import type { HttpRequester } from "../../kit/http-client.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Random } from "../../kit/random.ts";
import type { LiveCall } from "./live-call.ts";
import { claimWebhooks, saveWebhooks, settleWebhook, type WebhookRow } from "./webhook-store.ts";

/*
 * A project's own webhook is told of the end of each of its calls, once: a row for each call, made when the call is concluded,
 * sent until the other side says 2xx, given up after a day.
 *
 *   concluded ──▶ due ── 2xx ──▶ told        410 ──▶ given up
 *                  ▲ └── 5xx, 429, time-out, 4xx ──▶ later ── too often ──▶ given up
 *                  └──────────────────────────────────┘
 */
export interface WebhookOutbox {
  /** Puts them into the outbox; those that are there stay as they are. */
  add(calls: readonly LiveCall[]): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface WebhookOutboxOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  request: HttpRequester;
  /** `null`: nobody is to be told any more. */
  loadWebhook(tenantId: TenantId, projectId: RowId): Promise<{ url: string; secret: string } | null>;
  /** Headers that prove who sends the body; see connectors/webhook/signature.ts. */
  sign(secret: string, message: { id: string; body: string }, now: Date): Readonly<Record<string, string>>;
}

const EVERY_MS = 500;
const BATCH_MAX = 50;
const TIMEOUT_MS = 15_000;
/** While it is being sent no other process takes it. */
const LEASE_MS = 60_000;
const RETRY = { firstMs: 2_000, maxMs: 3_600_000 };
/** With these waits: about a day. */
const TRIES_MAX = 36;
const GONE = 410;

export function createWebhookOutbox(options: WebhookOutboxOptions): WebhookOutbox {
  const { database, clock, log, metrics } = options;
  const sent = metrics.counter("enlace_dialer_webhooks_total", "Ends of calls told to projects' webhooks.", ["result"]);
  const loop = createLoop({
    ...{ name: "dialer_webhooks", everyMs: EVERY_MS, clock, log },
    work: async (signal) => {
      for (;;) {
        const now = clock.now();
        const due = await claimWebhooks(database, {
          now,
          until: new Date(now.getTime() + LEASE_MS),
          rowsMax: BATCH_MAX,
        });
        await Promise.all(due.map((row) => tell(row, { ...options, sent, signal })));
        if (due.length < BATCH_MAX || signal.aborted) break;
      }
    },
  });
  return {
    add: async (calls) => {
      const ended = calls.filter(({ project, attempt }) => project.webhookUrl !== null && attempt.dialedAt !== null);
      const rows = ended.map(({ attempt }) => ({
        ...{ tenantId: attempt.tenantId, attemptId: attempt.id, projectId: attempt.projectId },
        body: toBody(attempt),
      }));
      await saveWebhooks(database, rows, clock.now());
    },
    start: loop.start,
    stop: loop.stop,
  };
}

/** D.A 58, in the older dialer's words, with ours beside them. */
function toBody(attempt: LiveCall["attempt"]): string {
  const { answeredAt, endedAt } = attempt;
  const seconds =
    answeredAt && endedAt ? Math.max(0, Math.round((endedAt.getTime() - answeredAt.getTime()) / 1000)) : 0;
  return JSON.stringify({
    telefono: attempt.number,
    status: answeredAt === null ? "FAILED" : "COMPLETED",
    disposition: attempt.disposition,
    duracion: seconds,
    campaign_id: attempt.campaignId,
    ts: (endedAt ?? attempt.queuedAt).toISOString(),
    attempt_id: attempt.firstId ?? attempt.id,
    attempt: attempt.ordinal,
    project_id: attempt.projectId,
    contact_id: attempt.contactId,
    source: attempt.source,
    digit: attempt.digit,
    caller_id: attempt.callerId,
    variables: attempt.variables,
  });
}

type Sending = WebhookOutboxOptions & { sent: Counter<"result">; signal: AbortSignal };

async function tell(row: WebhookRow, context: Sending): Promise<void> {
  const { database, clock, random, log, sent } = context;
  const result = await send(row, context);
  const tries = row.tries + 1;
  const isOver = result.kind === "told" || result.kind === "gone" || tries >= TRIES_MAX;
  const dueAt = isOver ? null : new Date(clock.now().getTime() + toBackoffMs(tries, RETRY, random.fraction()));
  sent.inc({ result: result.kind });
  const { tenantId, attemptId } = row;
  if (result.kind !== "told") log.warn({ tenantId, attemptId, tries, reason: result.reason }, "dialer.webhook_failed");
  await settleWebhook(database, row, {
    ...{ tries, dueAt, toldAt: result.kind === "told" ? clock.now() : null },
    reason: result.kind === "told" ? null : result.reason,
  });
}

type Sent = { kind: "told" } | { kind: "failed" | "gone"; reason: string };

async function send(row: WebhookRow, { loadWebhook, sign, request, clock, signal }: Sending): Promise<Sent> {
  try {
    const webhook = await loadWebhook(row.tenantId, row.projectId);
    if (!webhook) return { kind: "gone", reason: "the project has no webhook any more" };
    const { body, attemptId } = row;
    const { status } = await request({
      ...{ method: "POST", url: webhook.url, body, timeoutMs: TIMEOUT_MS, signal, secrets: [webhook.secret] },
      headers: { "content-type": "application/json", ...sign(webhook.secret, { id: attemptId, body }, clock.now()) },
      cutLargeAnswer: true,
    });
    if (status >= 200 && status < 300) return { kind: "told" };
    return { kind: status === GONE ? "gone" : "failed", reason: `HTTP ${status}` };
  } catch (error) {
    return { kind: "failed", reason: toErrorMessage(error).slice(0, 300) };
  }
}
