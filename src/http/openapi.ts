import { STATUS_CODES } from "node:http";
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import type { FastifySchema, RouteOptions } from "fastify";
import { createJsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ErrorCode } from "../core/errors.ts";
import type { Access } from "./access.ts";
import type { App } from "./app-instance.ts";
import { statusOf } from "./errors.ts";

type Json = Record<string, unknown>;

export interface DocsOptions {
  version: string;
}

/**
 * OpenAPI 3.1 from the zod schemas of the routes, at /openapi.json, and a page to try them at /docs. Call it before any
 * route is registered. `x-enlace-access` on each operation says who may call it, for people and for the access tests.
 */
export async function installDocs(app: App, { version }: DocsOptions): Promise<void> {
  const toJsonSchema = createJsonSchemaTransform({});
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Enlace", version, description: "Joins an Asterisk PBX with CRMs. Errors: RFC 9457 problems." },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "From POST /api/v1/login" },
          apiKey: { type: "apiKey", in: "header", name: "X-API-KEY", description: "From POST /api/v1/api-keys" },
        },
      },
    },
    transform: (document) => {
      const { schema, url } = toJsonSchema(document as Parameters<typeof toJsonSchema>[0]);
      return { schema: complete(schema as Json, document.route), url };
    },
    transformObject: (document) => tidy(jsonSchemaTransformObject(document) as Json),
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: "/docs",
    uiConfig: { deepLinking: true, displayRequestDuration: true },
    theme: { title: "Enlace API" },
  });
  app.route({
    method: "GET",
    url: "/openapi.json",
    schema: { hide: true, response: { 200: z.any() } } as FastifySchema,
    handler: () => app.swagger(),
  });
}

/** What every operation says without its author repeating it: who may, which refusals, a name. */
function complete(schema: Json | undefined, route: RouteOptions): Json {
  const access = route.config?.access;
  if (!schema || schema.hide || !access) return { hide: true };
  return {
    ...schema,
    operationId: schema.operationId ?? toOperationId(String([route.method].flat()[0]), route.url),
    tags: schema.tags ?? [toTag(route.url)],
    security: toSecurity(access),
    "x-enlace-access": toAccessNote(access),
    response: { ...toAnswers((schema.response ?? {}) as Record<string, Json>), ...toRefusals(route, access) },
  };
}

/** OpenAPI wants a sentence for each answer; where the shape has none, the status says it. */
function toAnswers(answers: Record<string, Json>): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, shape]) => {
      const sentence = shape.description ?? STATUS_CODES[status] ?? "Answer";
      return [status, { ...shape, [shape.$ref ? "description" : "x-response-description"]: sentence }];
    }),
  );
}

function toSecurity(access: Access): Json[] {
  if (access.kind === "public") return [];
  return access.scope === null ? [{ bearer: [] }] : [{ bearer: [] }, { apiKey: [] }];
}

function toAccessNote(access: Access): Json {
  if (access.kind === "public") return { public: true };
  return { roles: access.roles, scope: access.scope, operator_only: access.operatorOnly ?? false };
}

function toRefusals(route: RouteOptions, access: Access): Json {
  const schema = route.schema ?? {};
  const changes = !["GET", "HEAD"].includes(String([route.method].flat()[0]));
  const codes: ErrorCode[] = ["rate_limited", "unavailable", "internal", ...(route.config?.refusals ?? [])];
  if (access.kind === "caller") codes.push("unauthenticated", "forbidden", "password_change_required");
  if (schema.params) codes.push("not_found");
  if (schema.params || schema.querystring || schema.body) codes.push("invalid_field");
  if (schema.body) codes.push("invalid_json", "invalid_request", "payload_too_large", "unsupported_media_type");
  if (changes && access.kind === "caller") codes.push("conflict");
  const byStatus = Object.groupBy(codes, (code) => statusOf(code));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, same = []]) => [
      status,
      {
        description: same.map((code) => `\`${code}\``).join(", "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

/** `GET /api/v1/calls/:id/timeline` is `getCallsByIdTimeline`. */
function toOperationId(method: string, url: string): string {
  const words = url
    .replace(/^\/api\/v1/, "")
    .replaceAll(/:(\w+)/g, "by-$1")
    .split(/[^A-Za-z0-9]+/);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function toTag(url: string): string {
  return url.replace(/^\/api\/v1/, "").split("/")[1] || "general";
}

/** Drops shapes that nothing refers to, lists the tags, and refuses two operations of one name. */
function tidy(document: Json): Json {
  const operations = Object.values(document.paths as Record<string, Record<string, Json>>).flatMap((path) =>
    Object.values(path),
  );
  const ids = operations.map((operation) => operation.operationId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) throw new Error(`two routes have the operationId ${String(twice)}`);
  const tags = [...new Set(operations.flatMap((operation) => operation.tags as string[]))].sort();
  return { ...document, tags: tags.map((name) => ({ name })), components: dropUnused(document) };
}

function dropUnused(document: Json): Json {
  const { schemas = {}, ...components } = document.components as Json & { schemas?: Json };
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const [, name] of JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      if (!name || used.has(name)) continue;
      used.add(name);
      visit(schemas[name] ?? null);
    }
  };
  visit(document.paths);
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  const sorted = kept.toSorted(([a], [b]) => (a < b ? -1 : 1)); // shapes come in the order in which files are read
  return { ...components, schemas: Object.fromEntries(sorted) };
}
