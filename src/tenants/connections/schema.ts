import { z } from "zod";
import type { CheckReport, Connector } from "../../connectors/connector.ts";
import { instantField, toInstant } from "../../http/wire.ts";
import { findingWords, toWireWords, toWordFields } from "../../kit/word-fields.ts";
import type { ConnectionFields } from "./connection-changes.ts";
import { MASK, toSettingsSchema } from "./settings.ts";
import type { ShownConnection } from "./shown-connection.ts";

const settingsField = z.record(z.string(), z.unknown()).meta({
  description: `As the connector's settings_schema says (GET /api/v1/connectors). "${MASK}" stands for a stored secret`,
});
const limitFields = {
  concurrency: z.int().min(1).max(1000).optional().meta({ description: "Deliveries in flight at once" }),
  per_second: z.number().positive().max(10_000).nullable().optional().meta({ description: "null: no limit" }),
  attempts_max: z.int().min(1).max(1000).optional().meta({ description: "Attempts before a dead letter" }),
};
const nameField = z.string().trim().min(1).max(100);

export const newConnection = z.strictObject({
  connector: z.string().min(1).max(50).meta({ description: "Which system: an id of GET /api/v1/connectors" }),
  name: nameField,
  settings: settingsField,
  enabled: z.boolean().default(true),
  ...limitFields,
});

export const connectionChange = z.strictObject({
  name: nameField.optional(),
  settings: settingsField.optional(),
  enabled: z.boolean().optional(),
  ...limitFields,
});

const laneAnswer = z.object({
  state: z.enum(["active", "paused", "held", "breaker_open", "disabled"]),
  reason: z.string().nullable().meta({ description: "Who paused it, or what holds it" }),
  ...toWordFields("reason"),
  queue_depth: z.int().meta({ description: "Deliveries that wait or are in flight; counted up to 10,000" }),
  dead: z.int().meta({ description: "Dead letters; counted up to 10,000" }),
  oldest_due_at: instantField.nullable().meta({ description: "Since when the longest overdue delivery waits" }),
  last_success_at: instantField.nullable(),
  last_failure_at: instantField.nullable(),
  last_reason: z.string().nullable(),
  ...toWordFields("last_reason"),
});

export const connectionAnswer = z
  .object({
    id: z.string(),
    connector: z.string(),
    name: z.string(),
    settings: z.record(z.string(), z.unknown()).meta({ description: `Secrets read "${MASK}"` }),
    problem: z.string().nullable().meta({ description: "Why the stored settings cannot be used" }),
    ...toWordFields("problem"),
    origin: z.enum(["environment", "api"]),
    enabled: z.boolean(),
    version: z.int(),
    concurrency: z.int(),
    per_second: z.number().nullable(),
    attempts_max: z.int(),
    lane: laneAnswer,
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Connection" });

export const connectorAnswer = z
  .object({
    id: z.string(),
    title: z.string(),
    capabilities: z.array(z.enum(["record", "signal", "lookup", "responsible", "fields", "users"])),
    concurrency: z.int(),
    per_second: z.number().nullable(),
    settings_schema: z
      .record(z.string(), z.unknown())
      .meta({ description: "JSON Schema; `secret` marks what is masked" }),
  })
  .meta({ id: "Connector" });

export const checkAnswer = z
  .object({
    ok: z.boolean(),
    findings: z.array(
      z.object({
        level: z.enum(["ok", "warning", "error"]),
        subject: z.string(),
        message: z.string(),
        ...findingWords,
        mend: z.string().optional(),
        mend_code: findingWords.code,
        mend_values: findingWords.values,
      }),
    ),
  })
  .meta({ id: "CheckReport" });

export function toConnectionAnswer(connection: ShownConnection): z.infer<typeof connectionAnswer> {
  const { id, connector, name, problem, origin, enabled, version, lane } = connection;
  return {
    ...{ id, connector, name, origin, enabled, version },
    problem: problem?.text ?? null,
    ...toWireWords("problem", problem),
    settings: connection.settings as Record<string, unknown>,
    concurrency: lane.concurrency,
    per_second: lane.perSecond,
    attempts_max: lane.attemptsMax,
    lane: {
      state: lane.state,
      reason: lane.reason,
      ...toWireWords("reason", lane.reasonWords),
      queue_depth: lane.queueDepth,
      dead: lane.dead,
      oldest_due_at: toInstant(lane.oldestDueAt),
      last_success_at: toInstant(lane.lastSuccessAt),
      last_failure_at: toInstant(lane.lastFailureAt),
      last_reason: lane.lastReason,
      ...toWireWords("last_reason", lane.lastReasonWords),
    },
    created_at: toInstant(connection.createdAt),
    updated_at: toInstant(connection.updatedAt),
  };
}

export function toConnectorAnswer(connector: Connector): z.infer<typeof connectorAnswer> {
  const { id, title, capabilities, pace, settings } = connector;
  return {
    id,
    title,
    capabilities: [...capabilities],
    concurrency: pace.concurrency,
    per_second: pace.perSecond,
    settings_schema: toSettingsSchema(settings),
  };
}

export function toCheckAnswer({ ok, findings }: CheckReport): z.infer<typeof checkAnswer> {
  return {
    ok,
    findings: findings.map(({ words, mendWords, ...finding }) => ({
      ...finding,
      ...words,
      ...(mendWords && { mend_code: mendWords.code, mend_values: mendWords.values }),
    })),
  };
}

/** Only what was sent: a field left out stays as it is. */
export function toChangedFields(body: z.infer<typeof connectionChange>): Partial<ConnectionFields> {
  const { per_second, attempts_max, ...rest } = body;
  const fields = { ...rest, perSecond: per_second, attemptsMax: attempts_max };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
