/**
 * What Asterisk says on a FastAGI socket, line by line: first the environment, then replies, and a bare `HANGUP` whenever
 * the channel goes. Lines and multi-line replies are bounded; more is a protocol error.
 */

export interface AgiReply {
  /** 200 done · 510 unknown command · 511 the channel is dead · 520 wrong syntax. */
  code: number;
  /** Text after `result=`: a number, digits, or empty. `undefined` when the reply has none. */
  result: string | undefined;
  /** Text in brackets: the value of a variable, `timeout`, `hangup`. */
  data: string | undefined;
  /** Samples played or recorded. */
  endpos: number | undefined;
  /** The whole reply; the lines of a 520 joined by line feeds. */
  text: string;
}

export interface AgiReaderListener {
  onEnvironment(environment: ReadonlyMap<string, string>): void;
  onReply(reply: AgiReply): void;
  onHangup(): void;
}

export interface AgiReader {
  /** Takes the next bytes. Throws `RangeError` on what is not AGI. */
  push(chunk: Buffer): void;
}

const LINE_BYTES_MAX = 16_384; // a variable's value may be long; a command's buffer in Asterisk is 8,192
const ENVIRONMENT_LINES_MAX = 200; // 20 fixed ones and up to 128 arguments
const REPLY_LINES_MAX = 200;
const LINE_FEED = 10;
const ENVIRONMENT_END = Buffer.from("\n\n");
const NOTHING = Buffer.alloc(0);

/** Creates the reader of one session. */
export function createAgiReader(listener: AgiReaderListener): AgiReader {
  let kept: Buffer = NOTHING;
  let environment: Map<string, string> | undefined = new Map();
  let unfinished: string[] = [];

  function takeLine(line: string): void {
    if (environment) takeEnvironment(environment, line);
    else if (line === "HANGUP") listener.onHangup();
    else if (line !== "" || unfinished.length > 0) takeReplyLine(line);
  }

  /** A 520 has lines of usage; the value of a variable may hold line feeds of its own. */
  function takeReplyLine(line: string): void {
    const plain = unfinished.length === 0 ? parsePlainReply(line) : undefined;
    if (plain) {
      listener.onReply(plain);
      return;
    }
    if (unfinished.push(line) > REPLY_LINES_MAX) throw new RangeError("an AGI reply has too many lines");
    const [first = ""] = unfinished;
    const isWhole = first.startsWith("520-")
      ? line.startsWith("520 ")
      : !OPEN_VALUE.test(first) || CLOSED_VALUE.test(line);
    if (!isWhole) return;
    const text = unfinished.join("\n");
    unfinished = [];
    listener.onReply(parseReply(text));
  }

  function takeEnvironment(known: Map<string, string>, line: string): void {
    if (line === "") {
      environment = undefined;
      listener.onEnvironment(known);
      return;
    }
    const colon = line.indexOf(":");
    if (colon < 1 || !line.startsWith("agi_")) throw new RangeError("this is not an AGI environment");
    if (known.size >= ENVIRONMENT_LINES_MAX) throw new RangeError("the AGI environment has too many lines");
    known.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }

  /** The environment mostly comes in one piece: decoding it once is far cheaper than line by line. Returns where it ends. */
  function takeWholeEnvironment(bytes: Buffer): number {
    const end = environment && environment.size === 0 ? bytes.indexOf(ENVIRONMENT_END) : -1;
    if (end < 0 || end > LINE_BYTES_MAX) return 0;
    for (const line of bytes.toString("utf8", 0, end).split("\n"))
      takeLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    takeLine("");
    return end + ENVIRONMENT_END.length;
  }

  return {
    push: (chunk) => {
      const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      let start = kept.length === 0 ? takeWholeEnvironment(bytes) : 0;
      for (
        let end = bytes.indexOf(LINE_FEED, Math.max(start, kept.length));
        end >= 0;
        end = bytes.indexOf(LINE_FEED, start)
      ) {
        if (end - start > LINE_BYTES_MAX) throw new RangeError("an AGI line is too long");
        const line = bytes.toString("utf8", start, end);
        start = end + 1;
        takeLine(line.endsWith("\r") ? line.slice(0, -1) : line);
      }
      if (bytes.length - start > LINE_BYTES_MAX) throw new RangeError("an AGI line is too long");
      kept = start === bytes.length ? NOTHING : Buffer.from(bytes.subarray(start)); // a copy: a byte must not hold a chunk
    },
  };
}

const PLAIN = "200 result=";

/** `200 result=1` and `200 result=1 (value)`, which is nearly all that Asterisk ever says; `undefined` for anything else. */
function parsePlainReply(line: string): AgiReply | undefined {
  if (!line.startsWith(PLAIN)) return undefined;
  const bracket = line.indexOf("(", PLAIN.length);
  const space = line.indexOf(" ", PLAIN.length);
  if (bracket < 0 && space < 0) return toReply(line, line.slice(PLAIN.length), undefined);
  const isClosed = bracket === space + 1 && space > 0 && line.endsWith(")");
  return isClosed ? toReply(line, line.slice(PLAIN.length, space), line.slice(bracket + 1, -1)) : undefined;
}

function toReply(text: string, result: string, data: string | undefined): AgiReply {
  return { code: 200, result, data, endpos: undefined, text };
}

const OPEN_VALUE = /^200 result=-?\d* \(/;
const CLOSED_VALUE = /\)( endpos=\d+)?$/;
const REPLY = /^(\d{3})(?:[ -](?:result=([^ (]*))?\s*(?:\((.*)\))?\s*(?:endpos=(\d+))?.*)?$/s;

/** One reply, beginning with its code. Throws `RangeError` on anything else: then commands and replies are out of step. */
export function parseReply(line: string): AgiReply {
  const match = REPLY.exec(line);
  if (!match) throw new RangeError("this is not an AGI reply");
  const [, code, result, data, endpos] = match;
  return { code: Number(code), result, data, endpos: endpos === undefined ? undefined : Number(endpos), text: line };
}
