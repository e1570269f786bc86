import { addAbortSignal, Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { type Clock, createDeadline } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { StoredCall } from "../store.ts";
import { say } from "../words.ts";
import type { NamedRecording, PlacedRecording } from "./open-recording.ts";
import type { AskedRecording } from "./opened-recording.ts";

export interface RecordingSenderOptions {
  recordings: {
    open(call: StoredCall, recording: PlacedRecording, asked: AskedRecording): Promise<NamedRecording>;
  };
  database: Database;
  clock: Clock;
  writeAudit(
    on: Sql,
    doer: { tenantId: TenantId; actor: string; address: string },
    deed: { action: string; target: string; at: Date },
  ): Promise<void>;
}

export interface SentRecording {
  call: StoredCall;
  recording: PlacedRecording;
  /** `user:3`, `key:7` or `link:12`. */
  actor: string;
}

/** Being sent at once, in this process. */
const SENDING_MAX = 200;
/** The longest recording a person listens to while it is sent. */
const SENDING_MS_MAX = 4 * 3_600_000;
/** A player asks for many parts of one recording: they are one listening. */
const SAME_LISTENING_MS = 600_000;
const LISTENINGS_MAX = 10_000;

/** Sends a recording, or the part that was asked for; says in the log of changes, once for each listening, who heard it. */
export function createRecordingSender({ recordings, database, clock, writeAudit }: RecordingSenderOptions) {
  const isNews = createNewsCheck(clock);
  let sending = 0;

  async function note(request: FastifyRequest, { call, actor }: SentRecording): Promise<void> {
    if (!isNews(`${actor} ${request.ip} ${call.tenant_id}:${call.id}`)) return;
    const doer = { tenantId: call.tenant_id, actor, address: request.ip };
    const deed = { action: "recording.listen", target: `call:${call.id}`, at: clock.now() };
    await database.sql.transaction().execute((on) => writeAudit(on, doer, deed));
  }

  return async (request: FastifyRequest, reply: FastifyReply, sent: SentRecording): Promise<FastifyReply> => {
    if (sending >= SENDING_MAX) throw new AppError("unavailable", say("recordingsMany"), { retryAfterSeconds: 5 });
    const isHead = request.method === "HEAD";
    if (!isHead) await note(request, sent);
    const { signal, release } = createDeadline(clock, SENDING_MS_MAX);
    const opened = await recordings
      .open(sent.call, sent.recording, {
        method: isHead ? "HEAD" : "GET",
        range: request.headers.range,
        ifRange: textOf(request.headers["if-range"]),
        signal,
      })
      .catch((error: unknown) => {
        release();
        throw error;
      });
    void reply.headers(toHeaders(opened, request.query as { download?: string }));
    if (opened.status === 416) {
      release();
      throw new AppError("range_not_satisfiable", say("recordingShort"));
    }
    const body = opened.body ?? Readable.from([]); // an empty stream, so that HEAD keeps the length that was found
    sending++;
    body.once("close", () => {
      sending--;
      release();
    });
    return reply.code(opened.status).send(addAbortSignal(signal, body));
  };
}

/** A browser that opens a link makes a page around it, whose player fetches the same address again. */
const PLAYER_POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** A CRM's page may play it (`cross-origin`), nobody may keep it, and no search engine may list it. */
function toHeaders({ headers, fileName }: NamedRecording, { download }: { download?: string }): Record<string, string> {
  return {
    ...headers,
    "content-disposition": `${download === "1" ? "attachment" : "inline"}; filename="${fileName}"`,
    "content-security-policy": PLAYER_POLICY,
    "cross-origin-resource-policy": "cross-origin",
    "x-robots-tag": "noindex, nofollow",
  };
}

/** Whether this was not seen for a while; remembers it. At most 10,000, the oldest is forgotten first. */
function createNewsCheck(clock: Clock): (what: string) => boolean {
  const seen = new Map<string, number>();
  return (what) => {
    const nowMs = clock.monotonicMs();
    const lastMs = seen.get(what);
    if (lastMs !== undefined && nowMs - lastMs < SAME_LISTENING_MS) return false;
    seen.delete(what);
    seen.set(what, nowMs);
    for (const oldest of seen.keys()) {
      if (seen.size <= LISTENINGS_MAX) break;
      seen.delete(oldest);
    }
    return true;
  };
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(", ") : header;
