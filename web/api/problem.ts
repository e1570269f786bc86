import type { Schemas } from "./schema.gen.ts";

/** A refusal of the server, or no answer at all, as people are told about it. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly requestId: string | null;
  readonly fields: Schemas["Problem"]["errors"];
  /** Which sentence of the server the message is. */
  readonly said: Schemas["Problem"]["said"];

  constructor(problem: Partial<Schemas["Problem"]> & { code: string }) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.code = CODES.find((code) => code === problem.code) ?? "internal";
    this.status = problem.status ?? 0;
    this.requestId = problem.request_id ?? null;
    this.fields = problem.errors ?? [];
    this.said = problem.said;
  }
}

const CODES = [
  "invalid_request",
  "invalid_json",
  "invalid_field",
  "unauthenticated",
  "invalid_signature",
  "forbidden",
  "password_change_required",
  "csrf",
  "not_found",
  "method_not_allowed",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "rate_limited",
  "unavailable",
  "internal",
  "offline",
] as const;
/** Codes of docs/errors.md, and `offline` for no answer. */
export type ProblemCode = (typeof CODES)[number];

/** What any thrown thing is, for people. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TypeError) return new ApiProblem({ code: "offline", detail: error.message });
  return new ApiProblem({ code: "internal", detail: error instanceof Error ? error.message : String(error) });
}

/** The problem of a refused request, whatever form its body has. */
export function toRefusal(response: Response, body: unknown): ApiProblem {
  const given = typeof body === "object" && body !== null ? (body as Partial<Schemas["Problem"]>) : {};
  const requestId = given.request_id ?? response.headers.get("x-request-id");
  return new ApiProblem({
    ...given,
    code: given.code ?? (response.status === 401 ? "unauthenticated" : "internal"),
    status: response.status,
    ...(requestId && { request_id: requestId }),
  });
}
