import { extname } from "node:path/posix";
import { type Readable, Transform } from "node:stream";
import { AppError } from "../../core/errors.ts";
import { toPassedRange } from "../../http/range.ts";
import { HttpFailure } from "../../kit/http-client.ts";
import type { HttpStreamAnswer, HttpStreamer } from "../../kit/http-stream.ts";
import { say } from "../words.ts";
import type { AskedRecording, OpenedRecording } from "./opened-recording.ts";
import { type DateParts, toAudioType } from "./recording-name.ts";

/** Recordings at addresses of a PBX, passed on as they come and never kept in memory. */
export interface RecordingAddresses {
  /** How large it is now; `null` when it is not there. Throws `AppError` (`unavailable`) when the PBX cannot be asked. */
  look(address: RecordingAddress, signal: AbortSignal): Promise<{ sizeBytes: number | null } | null>;
  /** `null` when it is not there. */
  open(address: RecordingAddress, asked: AskedRecording): Promise<OpenedRecording | null>;
}

export interface RecordingAddress {
  url: string;
  /** Authority that signed the server's certificate, PEM; `null`: one of the system's. */
  ca: string | null;
}

const HEAD_TIMEOUT_MS = 10_000;
/** Ten hours of uncompressed telephone speech are a tenth of it. */
const BODY_BYTES_MAX = 5 * 1024 ** 3;
const PASSED_HEADERS = ["content-length", "content-range", "etag", "last-modified"];
const GONE = new Set([403, 404, 410]);

export function createRecordingAddresses(stream: HttpStreamer): RecordingAddresses {
  /** An answer that is a recording, or says that there is none; its body still to be read. */
  async function ask(
    { url, ca }: RecordingAddress,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<HttpStreamAnswer | null> {
    const answer = await stream({ url, ca, headers, signal, timeoutMs: HEAD_TIMEOUT_MS }).catch(refuse);
    const { status } = answer;
    const type = answer.headers["content-type"] ?? "";
    if (status === 416 || ((status === 200 || status === 206) && isAudio(type))) return answer;
    discard(answer.body);
    if (GONE.has(status)) return null;
    const isOther = status === 200 || status === 206;
    const problem = isOther ? say("recordingOther", { type: type.slice(0, 60) }) : say("recordingStatus", { status });
    throw new AppError("unavailable", problem, { retryAfterSeconds: 30 });
  }

  return {
    look: async (address, signal) => {
      const answer = await ask(address, { range: "bytes=0-0" }, signal);
      if (!answer) return null;
      discard(answer.body);
      return { sizeBytes: toSize(answer) };
    },
    open: async (address, { method, range, ifRange, signal }) => {
      const passed = toPassedRange(range);
      const headers = {
        ...(passed !== undefined && { range: passed, ...(ifRange !== undefined && { "if-range": ifRange }) }),
      };
      const answer = await ask(address, headers, signal);
      return answer && toOpened(answer, address.url, method);
    },
  };
}

function toOpened({ status, headers, body }: HttpStreamAnswer, url: string, method: "GET" | "HEAD"): OpenedRecording {
  const kept = PASSED_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const isEmpty = method === "HEAD" || status === 416;
  if (isEmpty) discard(body);
  return {
    status: status as 200 | 206 | 416,
    headers: {
      ...Object.fromEntries(status === 416 ? kept.filter(([name]) => name !== "content-length") : kept),
      "content-type": toType(url, headers["content-type"]),
      ...((status === 206 || headers["accept-ranges"] === "bytes") && { "accept-ranges": "bytes" }),
    },
    body: isEmpty ? null : bounded(body),
  };
}

/** The name's ending is surer than what a web server made of it; but a server that says more than "bytes" is believed. */
function toType(url: string, told: string | undefined): string {
  const byName = toAudioType(URL.parse(url)?.pathname ?? "");
  return byName ?? (told !== undefined && /^(audio|video)\//.test(told) ? told : "application/octet-stream");
}

/** A page to log in, or whatever else has the address, must not be read through us. */
function isAudio(type: string): boolean {
  return /^((audio|video)\/|application\/(octet-stream|ogg|x-wav)\b|$)/.test(type.trim().toLowerCase());
}

function toSize({ status, headers }: HttpStreamAnswer): number | null {
  const text = status === 200 ? headers["content-length"] : /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  return text === undefined ? null : Number(text);
}

function discard(body: Readable): void {
  body.once("error", () => body.destroy()); // what comes of a body that nobody wants concerns nobody
  body.destroy();
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > BODY_BYTES_MAX ? new Error("the recording is larger than allowed") : null, chunk);
    },
  });
  body.once("error", (error) => counter.destroy(error));
  counter.once("close", () => body.destroy());
  return body.pipe(counter);
}

function refuse(error: unknown): never {
  if (!(error instanceof HttpFailure)) throw error;
  const message = `The recording cannot be fetched from the PBX: ${error.message}.`;
  throw new AppError("unavailable", message, { retryAfterSeconds: 30, cause: error });
}

export interface AddressParts extends DateParts {
  file: string;
  uniqueId: string;
}

/**
 * Fills an address: `${year}`, `${month}`, `${day}`, `${hour}`, `${file}`, `${uniqueid}`. Each value is one part of the path,
 * whatever is in it: it cannot climb, and neither name another host nor add a query. Pure.
 */
export function fillAddress(template: string, { file, uniqueId, ...date }: AddressParts): string {
  const values: Record<string, string> = { ...date, file, uniqueid: uniqueId };
  return template.replaceAll(/\$(?:\{|%7B)(\w+)(?:\}|%7D)/gi, (whole, name: string) => {
    const value = values[name.toLowerCase()];
    return value === undefined ? whole : encodeURIComponent(value);
  });
}

/** A file's name for people: ASCII, short, with the ending of the recording. */
export function toDownloadName(callUuid: string, place: string): string {
  const ending = toAudioType(place) === undefined ? "" : extname(place).toLowerCase();
  return `recording-${callUuid.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 80)}${ending}`;
}
