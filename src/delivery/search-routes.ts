import { z } from "zod";
import type { RowId } from "../core/ids.ts";
import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { instantField, toInstant } from "../http/wire.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";
import { toWireWords, toWordFields } from "../kit/word-fields.ts";
import { previewDeed } from "./preview.ts";
import { bulkBody, deliveryAnswer, deliveryQuery, IDS_MAX, toDeliveryAnswer, toFilter } from "./schema.ts";
import { searchDeliveries } from "./search.ts";
import type { OwnDeliveries } from "./store.ts";

export interface SearchRouteOptions {
  database: Database;
  clock: Clock;
  /** The newest calls of the caller's that a number, or a call's name at the PBX, stands for. */
  findCallIds(caller: Caller, word: string): Promise<RowId[]>;
  /** What of the deliveries the caller sees. */
  toOwn(caller: Caller): Promise<OwnDeliveries>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "deliveries:read" }) };
const tags = ["deliveries"];
const FOUND_MAX = IDS_MAX;

const searchQuery = deliveryQuery.omit({ limit: true, cursor: true }).extend({
  q: z
    .string()
    .trim()
    .min(2)
    .max(100)
    .meta({ description: "A number, a call's name, a record's id, or a word of the reason" }),
});
const searchAnswer = z.object({ items: z.array(deliveryAnswer).meta({ description: "The newest 100" }) });

const previewQuery = deliveryQuery.omit({ limit: true, cursor: true, state: true }).extend({
  ...bulkBody.pick({ state: true }).shape,
  deed: z.enum(["replay", "discard"]),
  ids: z
    .string()
    .regex(new RegExp(`^\\d{1,18}(,\\d{1,18}){0,${IDS_MAX - 1}}$`), "must be up to 100 ids with commas between them")
    .optional()
    .meta({ description: "Only of these, found by a search: up to 100 ids with commas between them" }),
});
const previewAnswer = z
  .object({
    matched: z.int().meta({ description: "Deliveries that would be changed; counted up to 100,000" }),
    at_once: z.int().meta({ description: "Of these by one request; ask again for the rest" }),
    too_late: z.int().meta({ description: "Signals whose deadline has passed: they are left alone" }),
    oldest_at: instantField.nullable(),
    newest_at: instantField.nullable(),
    connections: z.array(
      z.object({
        connection_id: z.string(),
        connection: z.string(),
        matched: z.int(),
        updates: z.int().meta({ description: "Records that are there already: brought up to date, not doubled" }),
        creates: z.int().meta({ description: "Records that are not there yet, as far as is known" }),
        signals: z.int(),
        lane: z.enum(["active", "paused", "held", "breaker_open", "disabled"]).meta({
          description: "What is sent anew over one that stands still waits until it runs again",
        }),
        lane_reason: z.string().nullable(),
        ...toWordFields("lane_reason"),
      }),
    ),
    sample: z.array(deliveryAnswer).meta({ description: "The newest five" }),
  })
  .meta({ id: "DeliveryPreview" });

export function registerDeliverySearchRoutes(app: App, options: SearchRouteOptions): void {
  const { database, clock, findCallIds, toOwn } = options;
  app.get(
    "/api/v1/deliveries/search",
    {
      config: read,
      schema: {
        summary: "Deliveries that have to do with a number, a call, a record over there, or a word of the reason",
        tags,
        querystring: searchQuery,
        response: { 200: searchAnswer },
      },
    },
    async ({ caller, query: { q, ...fields } }) => {
      const filter = { ...toFilter(fields), own: await toOwn(caller) };
      const asked = { word: q, callIds: await findCallIds(caller, q), filter, rowsMax: FOUND_MAX };
      return { items: (await searchDeliveries(database.sql, caller.tenantId, asked)).map(toDeliveryAnswer) };
    },
  );
  app.get(
    "/api/v1/deliveries/preview",
    {
      config: read,
      schema: {
        summary: "What sending anew or discarding would do; it does nothing",
        tags,
        querystring: previewQuery,
        response: { 200: previewAnswer },
      },
    },
    async ({ caller, query: { deed, ids, ...fields } }) => {
      const { tenantId } = caller;
      const filter = { ...toFilter({ ...fields, ids: ids?.split(",") }), own: await toOwn(caller) };
      const asked = { deed, filter, now: clock.now() };
      const { oldest_at, newest_at, sample, connections, ...told } = await previewDeed(database.sql, tenantId, asked);
      return {
        ...{ ...told, sample: sample.map(toDeliveryAnswer) },
        connections: connections.map(({ laneReasonWords, ...part }) => ({
          ...{ ...part, ...toWireWords("lane_reason", laneReasonWords) },
        })),
        ...{ oldest_at: toInstant(oldest_at), newest_at: toInstant(newest_at) },
      };
    },
  );
}
