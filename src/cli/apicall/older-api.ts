import { toErrorMessage } from "../../core/errors.ts";
import { type Clock, createDeadline } from "../../kit/clock.ts";
import { CommandFailure } from "../exit.ts";

/** The older dialer's surface, as its own command line speaks to it: a bearer token, JSON, refusals in plain text. */
export interface OlderApi {
  ask(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown>;
}

export interface OlderApiOptions {
  /** `http://localhost:8080`; the surface is below /apicall of it. */
  host: string;
  /** Of a login, or an API key with the scopes dialer:read and dialer:write. */
  token: string | undefined;
  clock: Clock;
  signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;

export function createOlderApi({ host, token, clock, signal }: OlderApiOptions): OlderApi {
  return {
    ask: async (method, path, body) => {
      const address = `${host.replace(/\/+$/, "")}/apicall/api/v1${path}`;
      const deadline = createDeadline(clock, TIMEOUT_MS, signal);
      const headers = {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      };
      try {
        const sent = body === undefined ? null : JSON.stringify(body);
        const answer = await fetch(address, {
          method,
          headers,
          body: sent,
          signal: deadline.signal,
          redirect: "error",
        });
        const text = await answer.text();
        if (!answer.ok) throw toRefusal(answer.status, text, token);
        return JSON.parse(text);
      } catch (error) {
        if (error instanceof CommandFailure) throw error;
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
        throw new CommandFailure(`${host} cannot be reached: ${toErrorMessage(cause)}`, { cause: error });
      } finally {
        deadline.release();
      }
    },
  };
}

function toRefusal(status: number, text: string, token: string | undefined): CommandFailure {
  const isLacking = status === 401 && token === undefined;
  const hints = isLacking ? ["apicall-cli login --username … shows a token: pass it as --token or APICALL_TOKEN."] : [];
  return new CommandFailure(`${status} ${text.slice(0, 500)}`, { hints });
}
