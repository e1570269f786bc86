import type { Clock } from "./clock.ts";
import { type HttpAnswer, HttpFailure, type HttpRequest, type HttpRequester } from "./http-client.ts";
import { createTextMask, maskForm, maskHeaders, maskJson } from "./masking.ts";

/** One request and what came of it, fit to be stored and shown: secrets masked, every part bounded. */
export interface Exchange {
  method: string;
  url: string;
  requestHeaders: Readonly<Record<string, string>>;
  requestBody: string | null;
  /** `null` when there was no answer; then `failure` says why. */
  status: number | null;
  answerHeaders: Readonly<Record<string, string>>;
  answerBody: string | null;
  failure: string | null;
  durationMs: number;
  at: Date;
}

const PART_BYTES_MAX = 8 * 1024;
const EXCHANGES_MAX = 20;
const HEADERS_MAX = 50;
const HEADER_BYTES_MAX = 512;

/**
 * Wraps `http` so that everything sent with it is written down. At most 20 exchanges are kept, the first ones; `dropped`
 * counts the rest.
 */
export function recordExchanges(
  http: HttpRequester,
  clock: Clock,
): { http: HttpRequester; exchanges: Exchange[]; dropped(): number } {
  const exchanges: Exchange[] = [];
  let dropped = 0;
  const record = (exchange: Exchange): void => {
    if (exchanges.length < EXCHANGES_MAX) exchanges.push(exchange);
    else dropped++;
  };
  return {
    exchanges,
    dropped: () => dropped,
    http: async (request) => {
      const at = clock.now();
      const startedMs = clock.monotonicMs();
      const end = (result: HttpAnswer | Error): void =>
        record(toExchange(request, result, { at, durationMs: Math.round(clock.monotonicMs() - startedMs) }));
      try {
        const answer = await http(request);
        end(answer);
        return answer;
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    },
  };
}

function toExchange(
  request: HttpRequest,
  result: HttpAnswer | Error,
  when: { at: Date; durationMs: number },
): Exchange {
  const mask = createTextMask(request.secrets ?? []);
  const clean = (text: string, bytesMax = PART_BYTES_MAX): string => cut(toStorable(mask(text)), bytesMax);
  const headers = (given: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(maskHeaders(given))
        .slice(0, HEADERS_MAX)
        .map(([name, value]) => [clean(name, HEADER_BYTES_MAX), clean(value, HEADER_BYTES_MAX)]),
    );
  const answer = result instanceof Error ? null : result;
  return {
    method: request.method,
    url: clean(maskForm(request.url)),
    requestHeaders: headers(request.headers ?? {}),
    requestBody: request.body === undefined ? null : clean(maskBody(request.body, request.headers)),
    status: answer?.status ?? null,
    answerHeaders: headers(answer?.headers ?? {}),
    answerBody: answer ? clean(maskJson(answer.text)) : null,
    failure: result instanceof Error ? clean(toFailureText(result)) : null,
    ...when,
  };
}

function maskBody(body: string, headers: Readonly<Record<string, string>> = {}): string {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  return type.includes("x-www-form-urlencoded") ? maskForm(body) : maskJson(body);
}

function toFailureText(error: Error): string {
  return error instanceof HttpFailure ? `${error.reason}: ${error.message}` : error.message;
}

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair. */
const toStorable = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\ufffd");

/** Of a UTF-16 unit, in UTF-8. */
const UNIT_BYTES_MAX = 3;

function cut(text: string, bytesMax: number): string {
  if (text.length * UNIT_BYTES_MAX <= bytesMax) return text;
  if (Buffer.byteLength(text) <= bytesMax) return text;
  const mark = "… [cut]";
  const kept = Buffer.from(text).subarray(0, bytesMax - Buffer.byteLength(mark));
  return `${kept.toString("utf8").replace(/\ufffd$/, "")}${mark}`;
}
