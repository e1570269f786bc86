import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import { parseRange } from "../../http/range.ts";
import type { Clock } from "../../kit/clock.ts";
import { say } from "../words.ts";

export interface SentAudio {
  path: string;
  /** Of what never changes under it. */
  etag: string;
  /** Until when whoever asked may keep it. */
  endsAt: Date;
}

/** Being sent at once, in this process. */
const SENDING_MAX = 200;
const KEPT_SECONDS_MAX = 86_400;

/** Sends a sound, or the part that was asked for. */
export function createAudioSender(clock: Clock) {
  let sending = 0;

  return async (request: FastifyRequest, reply: FastifyReply, sent: SentAudio): Promise<FastifyReply> => {
    if (sending >= SENDING_MAX) throw new AppError("unavailable", say("soundsMany"), { retryAfterSeconds: 5 });
    const file = await openOrRefuse(sent.path);
    try {
      const { size } = await file.stat();
      const wanted = request.headers["if-range"] ?? sent.etag;
      const range = wanted === sent.etag ? parseRange(request.headers.range, size) : "whole";
      const seconds = Math.floor((sent.endsAt.getTime() - clock.now().getTime()) / 1000);
      void reply.headers({
        "accept-ranges": "bytes",
        "content-type": "audio/wav",
        "cache-control": `private, max-age=${Math.max(0, Math.min(seconds, KEPT_SECONDS_MAX))}`,
        etag: sent.etag,
        "cross-origin-resource-policy": "cross-origin",
        "x-robots-tag": "noindex, nofollow",
      });
      if (range === "unsatisfiable") {
        void reply.header("content-range", `bytes */${size}`);
        throw new AppError("range_not_satisfiable", say("soundShort"));
      }
      const { first, last } = range === "whole" ? { first: 0, last: size - 1 } : range;
      void reply.code(range === "whole" ? 200 : 206).header("content-length", last - first + 1);
      if (range !== "whole") void reply.header("content-range", `bytes ${first}-${last}/${size}`);
      if (request.method === "HEAD") {
        await file.close();
        return reply.send(Readable.from([])); // an empty stream, so that it keeps the length that was found
      }
      const body = file.createReadStream({ start: first, end: last }); // closes the file at its end
      sending++;
      body.once("close", () => {
        sending--;
      });
      return reply.send(body);
    } catch (error) {
      await file.close();
      throw error;
    }
  };
}

async function openOrRefuse(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new AppError("not_found", say("soundGone"));
  }
}
