import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { toErrorMessage } from "../core/errors.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import { CommandFailure, EXIT } from "./exit.ts";

/**
 * Talks to a running Enlace like any other client of its API. Answers come back as they are, for `--json`; commands parse
 * the fields they show.
 */
export interface ApiClient {
  /** Base URL, without a trailing slash. */
  url: string;
  get(path: string, query?: Query): Promise<unknown>;
  send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<unknown>;
}

export interface StreamingApiClient extends ApiClient {
  /** Posts, and gives the answer's bytes as they come, for as long as they come. */
  stream(path: string, body: unknown): Promise<AsyncIterable<Uint8Array>>;
  /** Posts a form with a file in it; a large one takes its time. */
  upload(path: string, form: FormData, query?: Query): Promise<unknown>;
}
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiClientOptions {
  url: string;
  apiKey: string | undefined;
  /** Where Enlace keeps the key of this machine's administrator. */
  dataFolder: string;
  clock: Clock;
  signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;
/** As long as the server lets a file be on its way. */
const UPLOAD_MS = 900_000;
const KEY_FILE = "cli-key";

/** Throws `CommandFailure` when there is no key to call with. */
export async function createApiClient(options: ApiClientOptions): Promise<StreamingApiClient> {
  const { url } = options;
  const key = options.apiKey ?? (await loadLocalKey(options));
  const call = (method: string, path: string, { query, body }: { query?: Query; body?: unknown }) =>
    callApi({ ...options, method, address: toAddress(url, path, query), key, body });
  return {
    url,
    get: (path, query = {}) => call("GET", path, { query }),
    send: (method, path, body) => call(method, path, { body }),
    upload: (path, form, query = {}) => call("POST", path, { query, body: form }),
    stream: (path, body) => openStream({ ...options, method: "POST", address: toAddress(url, path), key, body }),
  };
}

/** Reads what a command needs from an answer. Throws `CommandFailure` when it looks different. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const where = result.error.issues[0];
  throw new CommandFailure(
    `Enlace answered in a way this version of the command does not understand (${where?.path.join(".")}: ${where?.message})`,
    { hints: ["Is it of the same version? --json shows the answer as it is."] },
  );
}

interface Call extends ApiClientOptions {
  method: string;
  address: string;
  key: string;
  body: unknown;
}

async function callApi(call: Call): Promise<unknown> {
  const isForm = call.body instanceof FormData;
  const deadline = createDeadline(call.clock, isForm ? UPLOAD_MS : TIMEOUT_MS, call.signal);
  try {
    const answer = await fetch(call.address, {
      method: call.method,
      headers: {
        "x-api-key": call.key,
        accept: "application/json",
        ...(call.body !== undefined && !isForm && { "content-type": "application/json" }),
      },
      body: call.body === undefined ? null : isForm ? (call.body as FormData) : JSON.stringify(call.body),
      signal: deadline.signal,
      redirect: "error",
    });
    const text = await answer.text();
    if (!answer.ok) throw toRefusal(answer, text, call);
    return text === "" ? null : parseJson(text, call.address);
  } catch (error) {
    throw call.signal.aborted || isTransportFailure(error) ? toUnreachable(call, error) : error;
  } finally {
    deadline.release();
  }
}

async function openStream(call: Call): Promise<AsyncIterable<Uint8Array>> {
  try {
    const answer = await fetch(call.address, {
      method: call.method,
      headers: { "x-api-key": call.key, "content-type": "application/json" },
      body: JSON.stringify(call.body),
      signal: call.signal,
      redirect: "error",
    });
    if (!answer.ok || answer.body === null) throw toRefusal(answer, await answer.text(), call);
    return answer.body;
  } catch (error) {
    throw call.signal.aborted || isTransportFailure(error) ? toUnreachable(call, error) : error;
  }
}

function toAddress(url: string, path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return `${url}${path}${text === "" ? "" : `?${text}`}`;
}

const problem = z.object({
  detail: z.string(),
  code: z.string().optional(),
  request_id: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** A refusal by Enlace: its HTTP status beside the sentence, for commands that expect one. */
export class ApiRefusal extends CommandFailure {
  readonly status: number;
  constructor(status: number, message: string, hints: readonly string[]) {
    super(message, { hints });
    this.name = "ApiRefusal";
    this.status = status;
  }
}

function toRefusal({ status, headers }: Response, text: string, { url, apiKey, dataFolder }: Call): ApiRefusal {
  const parsed = problem.safeParse(tryJson(text));
  if (!parsed.success)
    return new ApiRefusal(status, `${url} answered ${status} and not as Enlace does`, ["Is ENLACE_URL right?"]);
  const { detail, request_id, errors = [] } = parsed.data;
  const unsaid = errors.filter(({ message }) => !detail.includes(message)).map((e) => `${e.path}: ${e.message}`);
  const request = request_id === undefined ? "" : ` (request ${request_id})`;
  const wait = headers.get("retry-after");
  return new ApiRefusal(status, `${[detail.replace(/\.$/, ""), ...unsaid].join("; ")}${request}`, [
    ...(status === 401 ? [`The key came from ${apiKey ? "ENLACE_API_KEY" : join(dataFolder, KEY_FILE)}.`] : []),
    ...(wait === null ? [] : [`Try again in ${wait} s.`]),
  ]);
}

/** `fetch` rejects with a TypeError that has a cause, or with the reason of the signal. Anything else is a bug of ours. */
function isTransportFailure(error: unknown): boolean {
  return error instanceof DOMException || (error instanceof TypeError && error.cause !== undefined);
}

function toUnreachable({ url, signal }: Call, error: unknown): CommandFailure {
  if (signal.aborted) return new CommandFailure("stopped", { cause: error });
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED")
    return new CommandFailure(`no Enlace answers at ${url}`, {
      hints: ["Start it with `enlace start` (or `npm start`), or say where it is with ENLACE_URL."],
      cause: error,
    });
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new CommandFailure(`the host of ${url} is not known`, { hints: ["Is ENLACE_URL right?"], cause: error });
  const reason = toErrorMessage(cause) || code || "the connection broke";
  return new CommandFailure(`${url} cannot be reached: ${reason}`, { cause: error });
}

/** The key that Enlace leaves for this machine's administrator is sent to this machine only. */
async function loadLocalKey({ url, dataFolder }: ApiClientOptions): Promise<string> {
  const path = join(dataFolder, KEY_FILE);
  const make = "Make a key with `enlace key create` where Enlace runs and set ENLACE_API_KEY.";
  if (!isThisMachine(new URL(url).hostname))
    throw new CommandFailure(`${url} is another machine: it needs a key of its own`, { hints: [make] });
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandFailure(missing ? `there is no key in ${path}` : `the key in ${path} cannot be read`, {
      exitCode: EXIT.failed,
      hints: [
        missing
          ? "Enlace writes it when it starts: start it, and say with ENLACE_DATA where its data folder is."
          : `Only the user that runs Enlace may read it (${toErrorMessage(error)}).`,
        `Or: ${make}`,
      ],
      cause: error,
    });
  }
}

function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "localhost" || bare === "::1" || bare.startsWith("127.")) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === bare));
}

function parseJson(text: string, address: string): unknown {
  const value = tryJson(text);
  if (value === undefined) throw new CommandFailure(`${address} answered something that is not JSON`);
  return value;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what it expected
  }
}
