import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError, toErrorMessage, toFieldError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { publicAccess } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { statusOf, toAppError } from "../http/errors.ts";
import { perSecond } from "../http/rate-limits.ts";
import type { Log } from "../kit/log.ts";

/*
 * The older smart redirect's URL. Its macro on the PBX reads the raw text: it drops nine characters, `{"Name":"`, takes an
 * answer of less than thirty for an error, and splits at commas. So the answer is compact, Name comes first and is free of
 * quotes and commas, and whatever goes wrong is answered with the 27 characters that the macro passes over.
 */
export interface GetCustomerDataOptions {
  /** Whose event token it is; `null` if nobody's. */
  findPbxByToken(token: string): Promise<{ tenantId: TenantId } | null>;
  decide(
    asked: { tenantId: TenantId; source: "getcustomerdata"; uniqueId: string; trunk: string },
    question: { phone: string; isNameOnly: boolean },
  ): Promise<Decided>;
  log: Log;
  /** Requests taken from one address; 0 is no limit. */
  perSecondMax: number;
}

interface Decided {
  name: string;
  dialPlan: string | null;
  phone: string;
  extension: string | null;
  reason: string;
}

const BODY_BYTES_MAX = 4 * 1024;
const NOTHING = { name: "", dialPlan: null };
const TYPE = "application/json; charset=utf-8";

/** `POST /api/callevent/getcustomerdata` with the header `Token` and `{UniqueId, Phone, TrunkId, LoadDialPlan}`. */
export function registerGetCustomerData(app: App, options: GetCustomerDataOptions): void {
  app.register(async (scope: App) => {
    // CURL() of a dialplan calls everything a form: the body is read as JSON whatever it is said to be.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
    scope.setErrorHandler(createRefusal(options.log));
    scope.post(
      "/api/callevent/getcustomerdata",
      {
        bodyLimit: BODY_BYTES_MAX,
        config: { access: publicAccess, rateLimit: perSecond(options.perSecondMax), refusals: ["unauthenticated"] },
        schema: {
          summary: "The name of a caller and the context that calls the person responsible, for older dialplans",
          description: "Header `Token`: the PBX's event token. A refusal has the body of an answer with nothing in it.",
          tags: ["smart redirect"],
        },
      },
      async (request, reply) => reply.type(TYPE).send(toBody(await answer(request, options))),
    );
  });
}

/** The macro would read a problem as a name. That the store is away is no refusal: the call goes on, as it did of old. */
function createRefusal(log: Log) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { code, retryAfterSeconds } = toAppError(thrown);
    const isOurs = code === "unavailable" || code === "internal";
    if (isOurs)
      log.error({ requestId: request.id, error: toErrorMessage(thrown), err: thrown }, "getcustomerdata.failed");
    if (retryAfterSeconds !== undefined) void reply.header("retry-after", Math.ceil(retryAfterSeconds));
    return reply
      .code(code === "unavailable" ? 200 : statusOf(code))
      .type(TYPE)
      .send(toBody(NOTHING));
  };
}

async function answer(request: FastifyRequest, { findPbxByToken, decide }: GetCustomerDataOptions) {
  const { token } = request.headers;
  const pbx = typeof token === "string" && token !== "" ? await findPbxByToken(token) : null;
  if (!pbx) throw new AppError("unauthenticated", "Token is missing or nobody's.");
  const fields = readFields(request.body);
  const asked = { tenantId: pbx.tenantId, source: "getcustomerdata", ...fields.asked } as const;
  const decided = await decide(asked, { phone: fields.phone, isNameOnly: fields.isNameOnly });
  const { phone: from, extension, dialPlan, reason } = decided;
  request.logEvent = "redirect.decided";
  request.logFields = { ...asked, from, extension, dialPlan, reason };
  return decided;
}

/** Numbers may come as JSON numbers, and a plan is loaded unless the dialplan says that it wants none. */
function readFields(body: unknown) {
  const given = parseObject(typeof body === "string" ? body : "");
  const text = (name: string, charsMax: number): string => {
    const value = given[name];
    return typeof value === "string" || typeof value === "number" ? String(value).trim().slice(0, charsMax) : "";
  };
  const wanted = given.LoadDialPlan ?? true;
  const asked = { uniqueId: text("UniqueId", 100), trunk: text("TrunkId", 64) };
  return { asked, phone: text("Phone", 40), isNameOnly: /^(false|0|no)$/i.test(String(wanted)) };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // refused below, like any other body that is no object
  }
  throw toFieldError("body", "is not a JSON object");
}

/** Byte for byte what the older service wrote. */
const toBody = ({ name, dialPlan }: { name: string; dialPlan: string | null }): string =>
  JSON.stringify({ Name: name, DialPlan: dialPlan });
