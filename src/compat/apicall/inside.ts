import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError, ERROR_CODES } from "../../core/errors.ts";
import type { App } from "../../http/app-instance.ts";
import { INSIDE_HEADER } from "../../http/rate-limits.ts";

/**
 * Enlace's own API, asked from inside for the one who asks the older surface: the same credential, the same address, the same
 * refusals. So the older surface has no rules of its own, and nothing can be had by it that could not be had without it.
 */
export interface Inside {
  /** The answer's JSON, checked by `schema`. Throws the `AppError` that the API answered with. */
  ask<T>(request: FastifyRequest, question: Question<T>): Promise<T>;
  /** Every item of a list, however many pages it has. */
  list<T>(request: FastifyRequest, path: string, item: z.ZodType<T>): Promise<T[]>;
}

export interface Question<T> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: object | Buffer | Readable;
  headers?: Readonly<Record<string, string>>;
  schema: z.ZodType<T>;
}

const FORWARDED = ["authorization", "x-api-key", "user-agent", "idempotency-key", "content-type"] as const;
const PAGE = 200;
const PAGES_MAX = 200;

const problem = z.object({
  code: z.enum(ERROR_CODES),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })),
});

export function createInside(app: App): Inside {
  const ask: Inside["ask"] = async (request, { method, path, body, headers, schema }) => {
    const isStream = body !== undefined && "pipe" in body;
    const response = await app.inject({
      ...{ method, path, remoteAddress: request.ip },
      headers: { ...toForwarded(request, isStream), ...headers, [INSIDE_HEADER]: app.insideToken },
      ...(body !== undefined && { payload: body }),
    });
    const { statusCode } = response;
    if (statusCode >= 400) throw toError(response.payload, response.headers["retry-after"]);
    return schema.parse(statusCode === 204 ? undefined : JSON.parse(response.payload));
  };

  return {
    ask,
    list: async <T>(request: FastifyRequest, path: string, item: z.ZodType<T>) => {
      const page = z.object({ items: z.array(item), next_cursor: z.string().nullable() });
      const items: T[] = [];
      let cursor: string | null = null;
      for (let count = 0; count < PAGES_MAX; count++) {
        const query = `limit=${PAGE}${cursor === null ? "" : `&cursor=${cursor}`}`;
        const asked = {
          method: "GET" as const,
          path: `${path}${path.includes("?") ? "&" : "?"}${query}`,
          schema: page,
        };
        const got: z.infer<typeof page> = await ask(request, asked);
        items.push(...got.items);
        cursor = got.next_cursor;
        if (cursor === null) break;
      }
      return items;
    },
  };
}

/** The content type goes with a body that goes on as it came; JSON is written anew. */
function toForwarded({ headers, id }: FastifyRequest, isStream: boolean): Record<string, string> {
  const named = FORWARDED.filter((name) => isStream || name !== "content-type");
  const given = named.flatMap((name) => (typeof headers[name] === "string" ? [[name, headers[name]]] : []));
  return { ...Object.fromEntries(given), "x-request-id": id };
}

function toError(payload: string, retryAfter: unknown): AppError {
  const { code, detail, errors } = problem.parse(JSON.parse(payload));
  const seconds = Number(retryAfter);
  return new AppError(code, detail, { fields: errors, ...(seconds > 0 && { retryAfterSeconds: seconds }) });
}
