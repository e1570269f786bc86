import { toPythonJson } from "../src/intake/python-json.ts";
import { type SignatureMode, toSignature } from "../src/intake/signature.ts";

// biome-ignore lint/suspicious/noExplicitAny: flows read answers as a client in another language would
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else the text. */
  body: Json;
}

/** A client of the API with one credential. */
export interface ApiClient {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface PostOptions {
  secret: string;
  mode?: SignatureMode;
  /** `X-Enlace-Tenant`. */
  tenant?: string;
  /** Beside the usual ones; a header given as an empty text is left out. */
  headers?: Readonly<Record<string, string>>;
}

/** Sends these headers with every request; `{}` is anonymous. */
export function createApiClient(url: string, headers: Readonly<Record<string, string>>): ApiClient {
  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    ask(`${url}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return toApiClient(send);
}

function toApiClient(send: ApiClient["send"]): ApiClient {
  return {
    send,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, body),
    put: (path, body) => send("PUT", path, body),
    patch: (path, body) => send("PATCH", path, body),
    delete: (path) => send("DELETE", path),
  };
}

/** Throws when the log-in is refused. */
export async function logIn(url: string, username: string, password: string): Promise<ApiClient> {
  const { status, body } = await createApiClient(url, {}).post("/api/v1/login", { username, password });
  if (status !== 200) throw new Error(`the log-in of ${username} was answered ${status}: ${JSON.stringify(body)}`);
  return createApiClient(url, { authorization: `Bearer ${body.token}` });
}

/** The same, who logs in anew when the token has run out: on a clock that runs fast it does within seconds. */
export async function stayLoggedIn(url: string, username: string, password: string): Promise<ApiClient> {
  let client = await logIn(url, username, password);
  const send: ApiClient["send"] = async (method, path, body) => {
    const answer = await client.send(method, path, body);
    const isOver = answer.status === 401 && (await client.get("/api/v1/me")).status === 401; // and not the answer to what was asked
    if (!isOver) return answer;
    client = await logIn(url, username, password);
    return client.send(method, path, body);
  };
  return toApiClient(send);
}

/** Changes some settings of a connection as people do it: what they saw, masks included, with the changes in it. */
export async function changeSettings(api: ApiClient, id: string, changes: Record<string, unknown>): Promise<Answer> {
  const { body } = await api.get(`/api/v1/connections/${id}`);
  return api.patch(`/api/v1/connections/${id}`, { settings: { ...body.settings, ...changes } });
}

/** Signs and posts a call as a PBX does; `payload` is an object, or the very bytes. */
export async function postCall(url: string, payload: object | string, options: PostOptions): Promise<Answer> {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const signed = options.mode === "python-json" ? (toPythonJson(Buffer.from(body)) ?? body) : body;
  const headers = {
    "content-type": "application/json",
    "x-signature": toSignature(signed, options.secret),
    ...(options.tenant !== undefined && { "x-enlace-tenant": options.tenant }),
    ...options.headers,
  };
  const kept = Object.entries(headers).filter(([, value]) => value !== "");
  return ask(`${url}/webhook/call`, { method: "POST", headers: Object.fromEntries(kept), body });
}

async function ask(url: string, request: RequestInit): Promise<Answer> {
  const answer = await fetch(url, request);
  const text = await answer.text();
  const isJson = /\bjson\b/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, headers: answer.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
}
