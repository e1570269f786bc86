import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ErrorCode } from "../core/errors.ts";
import type { Access, Caller } from "./access.ts";

/** The web server as rooms see it when they register their routes: bodies, queries and answers are typed by zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route. A route without it keeps the server from starting. */
    access?: Access;
    /** Refusals this route has beside those that follow from its access and schemas; for the API document. */
    refusals?: readonly ErrorCode[];
    /** Never opened in a browser: its answers go without the headers that only browsers read. */
    forMachines?: boolean;
    /** How long its body may be on its way, at most 15 minutes; 30 s unless said. */
    bodyMs?: number;
  }

  interface FastifyRequest {
    /** Who calls. Only on routes that are not public: reading it elsewhere is a bug and throws. */
    caller: Caller;
    /** What the handler wants to add to the request's one log line; never bodies. */
    logFields: Record<string, unknown> | null;
    /** Name of that line; `http.request` unless the handler has a better word for what happened. */
    logEvent: string | null;
  }

  interface FastifyInstance {
    /** Aborted when the server begins to drain: whoever makes a client wait answers now. */
    draining: AbortSignal;
    /** Of this process: shows that it asks itself (x-enlace-inside); such a request was counted when it came in. */
    insideToken: string;
  }
}
