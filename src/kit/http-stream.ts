import type { Readable } from "node:stream";
import { Agent, request as send } from "undici";
import { type AllowedTargets, checkUrl, createGuardedLookup, RefusedAddress } from "./address-guard.ts";
import { type Clock, createDeadline } from "./clock.ts";
import { HttpFailure, toHttpFailure, toPlainHeaders } from "./http-client.ts";

/** A GET whose answer may be too large to hold: a recording, say. */
export interface HttpStreamRequest {
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Until the head of the answer is there. A body that falls silent for 30 s is cut. */
  timeoutMs: number;
  /** Cuts the body, too. */
  signal: AbortSignal;
  /** PEM of the authority to trust in place of the system's. */
  ca?: string | null;
}

export interface HttpStreamAnswer {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Read it to its end, or destroy it: it holds a socket. */
  body: Readable;
}

/** Every status, redirects too, is an answer. Throws `HttpFailure` when there is none. */
export type HttpStreamer = (request: HttpStreamRequest) => Promise<HttpStreamAnswer>;

export interface HttpStreamerOptions {
  clock: Clock;
  allowTargets: AllowedTargets;
}

const CONNECTIONS_MAX = 32;
const SILENCE_MS_MAX = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const AUTHORITIES_MAX = 100;

/** The way out for large answers: the same checked addresses as `createHttpRequester`, bodies that wait for their reader. */
export function createHttpStreamer({ clock, allowTargets }: HttpStreamerOptions): {
  stream: HttpStreamer;
  /** Cuts what is under way. */
  close(): Promise<void>;
} {
  const agents = createAgents(allowTargets);
  return {
    close: agents.close,
    stream: async ({ url: text, headers = {}, timeoutMs, signal, ca = null }) => {
      const url = checkUrl(text, allowTargets);
      if (url instanceof RefusedAddress) throw new HttpFailure("refused_address", url.message, false);
      const deadline = createDeadline(clock, timeoutMs, signal);
      try {
        const answer = await send(url, {
          dispatcher: agents.of(ca),
          method: "GET",
          headers: { "user-agent": "Enlace", "accept-encoding": "identity", ...headers },
          signal: deadline.signal,
        });
        return { status: answer.statusCode, headers: toPlainHeaders(answer.headers), body: answer.body };
      } catch (error) {
        if (signal.aborted) throw new HttpFailure("aborted", "stopped before the answer was there", true);
        if (deadline.signal.aborted) throw new HttpFailure("timeout", `no answer within ${timeoutMs} ms`, true);
        throw toHttpFailure(error as Error, false);
      } finally {
        deadline.release();
      }
    },
  };
}

/** Sockets trust what they were opened with: one pool for each authority, the oldest of too many is closed. */
function createAgents(allowTargets: AllowedTargets): { of(ca: string | null): Agent; close(): Promise<void> } {
  const agents = new Map<string | null, Agent>();
  const lookup = createGuardedLookup(allowTargets);
  const open = (ca: string | null): Agent =>
    new Agent({
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0, // the deadline is ours
      bodyTimeout: SILENCE_MS_MAX,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup, ...(ca !== null && { ca }) },
    });
  return {
    of: (ca) => {
      const agent = agents.get(ca) ?? open(ca);
      agents.set(ca, agent);
      const [oldest] = agents.keys();
      if (agents.size > AUTHORITIES_MAX && oldest !== undefined) {
        void agents.get(oldest)?.close(); // once what is under way has ended
        agents.delete(oldest);
      }
      return agent;
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}
