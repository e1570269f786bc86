import { createHash } from "node:crypto";
import { z } from "zod";
import { changeTexts } from "../../core/sentence.ts";
import { HttpFailure, type HttpRequest } from "../../kit/http-client.ts";
import { maskTexts } from "../../kit/masking.ts";
import type { ConnectorContext, Run } from "../connector.ts";
import { toHttpWords } from "../http-words.ts";
import { parseAnswer, VtigerFailure } from "./answer.ts";
import {
  challengeAnswer,
  describeAnswer,
  listTypesAnswer,
  loginAnswer,
  record,
  records,
  toEndpoint,
  type VtigerModule,
  type VtigerRecord,
  type VtigerSettings,
} from "./schema.ts";
import { createVtigerSession, type Identity } from "./session.ts";
import { say } from "./words.ts";

/** Fields and their values as sent: text only, which Vtiger turns into what the column holds. */
export type Element = Readonly<Record<string, string>>;

/**
 * Vtiger's web service, operation by operation. Everything rejects with `VtigerFailure` when Vtiger refuses, answers
 * something else, or does not answer; a lost session is renewed once on the way.
 */
export interface VtigerClient {
  /** Who we are over there. */
  identity(run: Run): Promise<Identity>;
  /** Logs in although a session may stand: the only proof that user and key are right now. */
  logInAfresh(run: Run): Promise<Identity>;
  listTypes(run: Run): Promise<readonly string[]>;
  describe(module: string, run: Run): Promise<VtigerModule>;
  /** At most 100 rows, whatever the limit says. */
  query(statement: string, run: Run): Promise<readonly VtigerRecord[]>;
  create(module: string, element: Element, run: Run): Promise<VtigerRecord>;
  /** Changes the named fields of one record and keeps the rest. */
  revise(id: string, element: Element, run: Run): Promise<VtigerRecord>;
  /** Into the recycle bin. */
  remove(id: string, run: Run): Promise<void>;
}

type Params = Readonly<Record<string, string>>;
interface Call<T> {
  /** Fixed per operation over there; the wrong one fails with a misleading error. */
  method: "GET" | "POST";
  params: Params & { operation: string };
  answer: z.ZodType<T>;
  secrets: readonly string[];
}

export function createVtigerClient(context: ConnectorContext<VtigerSettings>): VtigerClient {
  const { settings, clock } = context;
  const endpoint = toEndpoint(settings.url);

  async function send<T>({ method, params, answer, secrets: more }: Call<T>, run: Run): Promise<T> {
    const form = new URLSearchParams(params).toString();
    const secrets = [settings.accessKey, ...more];
    const request: HttpRequest = {
      method,
      url: method === "GET" ? `${endpoint}?${form}` : endpoint,
      timeoutMs: settings.timeoutSeconds * 1000,
      signal: run.signal,
      secrets,
      ...(method === "POST" && { body: form, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    };
    try {
      const parsed = parseAnswer(await run.http(request), clock.now());
      if (!parsed.ok) throw parsed.failure;
      const result = answer.safeParse(parsed.result);
      if (result.success) return result.data;
      throw new VtigerFailure("unclear", say("unknownForm", { operation: params.operation }));
    } catch (error) {
      throw toSafeFailure(error, params.operation, secrets);
    }
  }

  const session = createVtigerSession({
    context,
    async logIn(run) {
      const { username, accessKey } = settings;
      const challenge = { operation: "getchallenge", username };
      const { token } = await send({ method: "GET", params: challenge, answer: challengeAnswer, secrets: [] }, run);
      const digest = createHash("md5").update(`${token}${accessKey}`, "utf8").digest("hex");
      const params = { operation: "login", username, accessKey: digest };
      return send({ method: "POST", params, answer: loginAnswer, secrets: [token, digest] }, run);
    },
  });

  function inSession<T>(call: Omit<Call<T>, "secrets">, run: Run): Promise<T> {
    return session.use(run, ({ sessionName }) =>
      send({ ...call, params: { ...call.params, sessionName }, secrets: [sessionName] }, run),
    );
  }
  const get = <T>(params: Call<T>["params"], answer: z.ZodType<T>, run: Run): Promise<T> =>
    inSession({ method: "GET", params, answer }, run);
  const post = <T>(params: Call<T>["params"], answer: z.ZodType<T>, run: Run): Promise<T> =>
    inSession({ method: "POST", params, answer }, run);

  return {
    remove: async (id, run) => void (await post({ operation: "delete", id }, z.unknown(), run)),
    identity: (run) => session.use(run, async (identity) => identity),
    logInAfresh: session.renew,
    listTypes: async (run) => (await get({ operation: "listtypes" }, listTypesAnswer, run)).types,
    describe: (elementType, run) => get({ operation: "describe", elementType }, describeAnswer, run),
    query: (query, run) => get({ operation: "query", query }, records, run),
    create: (elementType, element, run) =>
      post({ operation: "create", elementType, element: JSON.stringify(element) }, record, run),
    revise: (id, element, run) =>
      post({ operation: "revise", element: JSON.stringify({ ...element, id }) }, record, run),
  };
}

/** Turns a missing answer into a failure, and removes secrets from whatever the other side wrote. Bugs pass through. */
function toSafeFailure(error: unknown, operation: string, secrets: readonly string[]): unknown {
  if (error instanceof HttpFailure) {
    const kind = error.reason === "refused_address" ? "setup" : error.sent ? "unclear" : "busy";
    return new VtigerFailure(kind, say("operation", { operation, why: toHttpWords(error) }), {
      unsent: !error.sent,
      operation,
    });
  }
  if (!(error instanceof VtigerFailure)) return error;
  const { kind, code, afterMs, unsent } = error;
  const why = changeTexts(error.sentence, (text) => maskTexts(text, secrets));
  return new VtigerFailure(kind, say("operation", { operation, why }), {
    code,
    afterMs,
    unsent,
    operation,
  });
}
