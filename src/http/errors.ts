import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from "fastify-type-provider-zod";
import { z } from "zod";
import { AppError, type ErrorCode, type FieldProblem, toErrorMessage, toFieldProblem } from "../core/errors.ts";
import { sayField, toFieldSentence } from "../core/field-words.ts";
import type { Log } from "../kit/log.ts";
import { isStoreUnavailable } from "../kit/postgres/store-unavailable.ts";

/** The one place that knows which HTTP status a refusal has. docs/errors.md tells people what each code means. */
const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_field: 422,
  unauthenticated: 401,
  invalid_signature: 401,
  forbidden: 403,
  password_change_required: 403,
  csrf: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  range_not_satisfiable: 416,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};

/** Which sentence a text is, and what fills its places; absent where it has no name. */
const words = {
  code: z.string().optional(),
  values: z.record(z.string(), z.unknown()).optional(),
};

/** RFC 9457 problem details; `detail` is the sentence that clients of the older middleware read. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: "`urn:enlace:problem:<code>`" }),
    title: z.string().meta({ description: "The HTTP status in words" }),
    status: z.int(),
    detail: z.string().meta({ description: "What is wrong with this request, for people" }),
    code: z.string().meta({ description: "Stable name, for programs; see docs/errors.md" }),
    request_id: z.string().meta({ description: "Also in the X-Request-Id header and in the log" }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string(), ...words }))
      .meta({ description: "Offending fields" }),
    said: z
      .object({ code: z.string(), values: words.values.unwrap() })
      .optional()
      .meta({ description: "Which sentence `detail` is, for consoles in other languages" }),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

const PROBLEM_TYPE = "application/problem+json; charset=utf-8";
const FIELDS_MAX = 50;
const UNAVAILABLE_RETRY_SECONDS = 5;

export function statusOf(code: ErrorCode): number {
  return STATUS[code];
}

/** Answers a refusal. Usable where no handler runs: framework errors, unknown routes. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  if (error.retryAfterSeconds !== undefined) void reply.header("retry-after", Math.ceil(error.retryAfterSeconds));
  // Text, not an object: it must pass by the answer schema of the route.
  return reply
    .code(STATUS[error.code])
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(error, request.id)));
}

export function toProblem(error: AppError, requestId: string): Problem {
  const status = STATUS[error.code];
  return {
    type: `urn:enlace:problem:${error.code}`,
    title: STATUS_CODES[status] ?? error.code,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    errors: error.fields.slice(0, FIELDS_MAX).map(({ path, message, words }) => ({ path, message, ...words })),
    ...(error.words && { said: error.words }),
  };
}

/** The server's error handler: whatever was thrown becomes a problem; what nobody expected is logged with its stack. */
export function createErrorHandler(log: Log) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = toAppError(thrown);
    if (error.code === "internal") {
      log.error({ requestId: request.id, route: request.routeOptions.url, ...describe(thrown) }, "http.failed");
    } else if (error.code === "unavailable") {
      log.warn({ requestId: request.id, route: request.routeOptions.url, ...describe(thrown) }, "http.unavailable");
    }
    return sendProblem(request, reply, error);
  };
}

/** Names the refusal in whatever was thrown: ours, zod's, the framework's, the store's; anything else is `internal`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const fields = thrown.validation.flatMap(toFieldProblems);
    return new AppError("invalid_field", toSentence(fields), { fields, cause: thrown });
  }
  if (isStoreUnavailable(thrown))
    return new AppError("unavailable", "The store does not answer. Nothing was kept; try again.", {
      retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
      cause: thrown,
    });
  if (holdsUnstorable(thrown))
    return new AppError(
      "invalid_field",
      "A text holds a character that cannot be stored (U+0000, half a surrogate pair).",
      { cause: thrown },
    );
  return (
    fromFramework(thrown) ??
    new AppError("internal", "Something went wrong on our side. Quote the request id to the administrator.", {
      cause: thrown,
    })
  );
}

/**
 * PostgreSQL keeps every character but U+0000 (22021 in a text, 22P05 in a JSON), and in a JSON no half of a pair: the one
 * fault that JSON of ours can have.
 */
function holdsUnstorable(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !("code" in thrown)) return false;
  return /^(22021|22P05)$/.test(String(thrown.code)) || (thrown.code === "22P02" && /type json\b/.test(thrown.message));
}

const FRAMEWORK: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["payload_too_large", "The body is larger than this route takes."],
  FST_REQ_FILE_TOO_LARGE: ["payload_too_large", "The file is larger than this route takes."],
  FST_INVALID_MULTIPART_CONTENT_TYPE: ["unsupported_media_type", "Send the file as multipart/form-data."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", "Send the body as application/json."],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["invalid_json", "The body is empty where JSON was announced."],
  FST_ERR_CTP_INVALID_JSON_BODY: ["invalid_json", "The body is not JSON."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["invalid_request", "The body is not as long as Content-Length says."],
  FST_ERR_BAD_URL: ["invalid_request", "The address is not a valid URL."],
  FST_ERR_MAX_PARAM_LENGTH: ["not_found", "There is nothing at this address."],
};

function fromFramework(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code, statusCode } = thrown as Error & { code?: string; statusCode?: number };
  const [name, detail] = FRAMEWORK[code ?? ""] ?? [];
  if (name && detail) return new AppError(name, detail, { cause: thrown });
  if (thrown instanceof SyntaxError && statusCode === 400)
    return new AppError("invalid_json", "The body is not JSON that can be taken.", { cause: thrown });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new AppError("invalid_request", thrown.message, { cause: thrown });
  return undefined;
}

interface Issue {
  instancePath?: string;
  message?: string;
  keyword?: string;
  params?: Record<string, unknown>;
}

/** `/settings/url` becomes `settings.url`, as the client wrote it; unknown fields are named one by one. */
function toFieldProblems({ instancePath = "", ...issue }: Issue): FieldProblem[] {
  const { message = "is not valid", keyword, params } = issue;
  const path = instancePath.replace(/^\//, "").replaceAll("/", ".");
  if (keyword === "unrecognized_keys" && Array.isArray(params?.keys))
    return params.keys.map((key) => toFieldProblem(path ? `${path}.${key}` : String(key), sayField("unknown")));
  const sentence = toFieldSentence(issue);
  return [sentence ? toFieldProblem(path, sentence) : { path, message }];
}

function toSentence(fields: readonly FieldProblem[]): string {
  const shown = fields.slice(0, 3).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  return `${shown.join("; ")}${fields.length > shown.length ? ` (and ${fields.length - shown.length} more)` : ""}`;
}

function describe(thrown: unknown): Record<string, unknown> {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return {
    error: toErrorMessage(thrown),
    stack: thrown instanceof Error ? thrown.stack : undefined,
    cause: cause === undefined ? undefined : toErrorMessage(cause),
    ...(isObject(thrown) && isResponseSerializationError(thrown) && { answer: thrown.cause.issues }),
  };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
