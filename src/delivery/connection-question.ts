import type { CrmContact, Responsible } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { SentenceError } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import { orStuck } from "./or-stuck.ts";
import type { SessionPool } from "./session-pool.ts";

export interface ConnectionQuestionOptions {
  sessions: SessionPool;
  http: HttpRequester;
  clock: Clock;
}

/** Who a number is over there. `responsible` is missing where the connector cannot tell. */
export type KnownCaller = { contact: CrmContact } & Partial<Pick<Responsible, "extension" | "owner">>;

/**
 * Asks a connection who a number is and who looks after it, beside all deliveries and never retried: somebody is listening
 * to a ringing tone. Rejects when the other side does not answer before the signal aborts.
 */
export type FindCaller = (
  connection: ConnectionRecord,
  number: string,
  signal: AbortSignal,
) => Promise<KnownCaller | null>;

export function createConnectionQuestion({ sessions, http, clock }: ConnectionQuestionOptions): FindCaller {
  return async (connection, number, signal) => {
    if (connection.problem !== null) throw new SentenceError(connection.problem);
    const run = { http, signal };
    const work = sessions.use(connection, async (session): Promise<KnownCaller | null> => {
      if (session.responsible) return session.responsible(number, run);
      const contact = (await session.lookup?.(number, run)) ?? null;
      return contact && { contact };
    });
    return orStuck(work, signal, clock);
  };
}
