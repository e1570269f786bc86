import type { Readable } from "node:stream";

/** What a listener asks for. */
export interface AskedRecording {
  method: "GET" | "HEAD";
  /** `Range` and `If-Range` as they came. */
  range: string | undefined;
  ifRange: string | undefined;
  signal: AbortSignal;
}

/** A recording, or a part of it, ready to be sent. Who takes it reads `body` to its end or destroys it. */
export interface OpenedRecording {
  status: 200 | 206 | 416;
  /** Lower-case names: type, length, range, what tells whether it changed. */
  headers: Readonly<Record<string, string>>;
  /** `null`: nothing to send, as for HEAD. */
  body: Readable | null;
}
