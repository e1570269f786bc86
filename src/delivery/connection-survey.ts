import type { Run, Session } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { AppError, toErrorMessage } from "../core/errors.ts";
import { hasSentence, type Sentence } from "../core/sentence.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { Log } from "../kit/log.ts";
import { orStuck } from "./or-stuck.ts";
import type { SessionPool } from "./session-pool.ts";
import { say } from "./words.ts";

export interface ConnectionSurveyOptions {
  sessions: SessionPool;
  http: HttpRequester;
  clock: Clock;
  log: Log;
}

/**
 * Asks a connection's session something for an administrator who waits: what the other side looks like, who works there.
 * Throws `conflict` when its settings cannot be used and `unavailable`, in the other side's words, when that does not answer.
 */
export type AskConnection = <T>(
  connection: ConnectionRecord,
  work: (session: Session, run: Run) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

const TIMEOUT_MS = 30_000;

export function createConnectionSurvey({ sessions, http, clock, log }: ConnectionSurveyOptions): AskConnection {
  return async (connection, work, signal) => {
    if (connection.problem !== null) throw new AppError("conflict", connection.problem);
    const deadline = createDeadline(clock, TIMEOUT_MS, signal);
    try {
      const asked = sessions.use(connection, (session) => work(session, { http, signal: deadline.signal }));
      return await orStuck(asked, deadline.signal, clock);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      const { tenantId, id } = connection;
      log.warn({ tenantId, connectionId: id, err: error }, "connection.survey_failed");
      throw new AppError("unavailable", say("systemSilent", { connection: connection.name, why: toWhy(error) }), {
        cause: error,
      });
    } finally {
      deadline.release();
    }
  };
}

/** A connector's failure has its sentence with it. */
const toWhy = (error: unknown): Sentence | string => (hasSentence(error) ? error.sentence : toErrorMessage(error));
