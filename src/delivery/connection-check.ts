import type { CheckReport } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { Sentence } from "../core/sentence.ts";
import { type Clock, createDeadline } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { Log } from "../kit/log.ts";
import { orStuck } from "./or-stuck.ts";
import type { SessionPool } from "./session-pool.ts";
import { say } from "./words.ts";

export interface ConnectionCheckOptions {
  sessions: SessionPool;
  http: HttpRequester;
  clock: Clock;
  log: Log;
}

/** Asks a connection's session whether everything it needs is there. Rejects only with the signal's reason. */
export type CheckConnection = (connection: ConnectionRecord, signal: AbortSignal) => Promise<CheckReport>;

const TIMEOUT_MS = 30_000;

export function createConnectionCheck({ sessions, http, clock, log }: ConnectionCheckOptions): CheckConnection {
  return async (connection, signal) => {
    if (connection.problem !== null) return toBadReport(connection.problem);
    const deadline = createDeadline(clock, TIMEOUT_MS, signal);
    try {
      const work = sessions.use(connection, (session) => session.check({ http, signal: deadline.signal }));
      return await orStuck(work, deadline.signal, clock);
    } catch (error) {
      signal.throwIfAborted();
      const { tenantId, id } = connection;
      log.error({ tenantId, connectionId: id, err: error }, "connection.check_failed");
      return toBadReport(say("checkUnfinished", { error: toErrorMessage(error) }));
    } finally {
      deadline.release();
    }
  };
}

function toBadReport({ text, code, values }: Sentence): CheckReport {
  return { ok: false, findings: [{ level: "error", subject: "connection", message: text, words: { code, values } }] };
}
