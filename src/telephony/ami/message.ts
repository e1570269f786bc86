/**
 * What Asterisk sends over AMI: `Name: value` lines ended by an empty line. The reader takes the byte stream in whatever
 * pieces it arrives and holds at most one unfinished message; a message beyond the limits is skipped and counted, never
 * half delivered.
 */

/** One message. A class, because thousands a second are made and their methods must not be made with them. */
export class AmiMessage {
  /** Names and values in turn, in the order of the wire; a line without a colon has the name "". */
  readonly fields: readonly string[];

  constructor(fields: readonly string[]) {
    this.fields = fields;
  }

  /** First value of a header, named as Asterisk writes it; `undefined` when absent. */
  get(name: string): string | undefined {
    const { fields } = this;
    for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return fields[index + 1];
    return undefined;
  }

  /** Every value of a repeated header (`Output`, `ChanVariable`). */
  all(name: string): string[] {
    return this.fields.filter((_, index) => index % 2 === 1 && this.fields[index - 1] === name);
  }
}

export interface AmiReaderLimits {
  bannerBytesMax: number;
  messageBytesMax: number;
  fieldsMax: number;
}

/** A Command answer of half a megabyte is the largest message anybody met; events have 1–3 KiB. */
export const AMI_READER_LIMITS: AmiReaderLimits = {
  bannerBytesMax: 256,
  messageBytesMax: 1_048_576,
  fieldsMax: 20_000,
};

export interface AmiReaderListener {
  onBanner(line: string): void;
  onMessage(message: AmiMessage): void;
  /** A message was larger than the limits and is lost. */
  onOversized(): void;
}

export interface AmiReader {
  /** Takes the next bytes. Throws `RangeError` when the stream does not begin like AMI. */
  push(chunk: Buffer): void;
}

const LINE_END = Buffer.from("\r\n");
const MESSAGE_END = Buffer.from("\r\n\r\n");

/** Creates the reader of one connection. Its memory stays below `messageBytesMax` and one chunk. */
export function createAmiReader(listener: AmiReaderListener, limits: AmiReaderLimits = AMI_READER_LIMITS): AmiReader {
  let kept: Buffer = Buffer.alloc(0);
  let scannedBytes = 0;
  let greeted = false;
  let skipping = false;

  function takeBanner(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_END);
    if (end > limits.bannerBytesMax || (end < 0 && bytes.length > limits.bannerBytesMax)) {
      throw new RangeError("the first line is too long for an AMI banner");
    }
    if (end < 0) return 0;
    greeted = true;
    listener.onBanner(bytes.toString("utf8", 0, end));
    return end + LINE_END.length;
  }

  function takeMessage(bytes: Buffer, start: number, end: number): void {
    const isWhole = !skipping && end - start <= limits.messageBytesMax;
    skipping = false;
    const fields = isWhole ? toFields(bytes.toString("utf8", start, end)) : [];
    if (!isWhole || fields.length > limits.fieldsMax * 2) listener.onOversized();
    else if (fields.length > 0) listener.onMessage(new AmiMessage(fields));
  }

  /** Keeps the unfinished rest; of a message that is too long only what could be the beginning of its end. */
  function keep(rest: Buffer): void {
    if (rest.length > limits.messageBytesMax) skipping = true;
    kept = Buffer.from(skipping ? rest.subarray(-(MESSAGE_END.length - 1)) : rest);
    scannedBytes = Math.max(0, kept.length - (MESSAGE_END.length - 1));
  }

  return {
    push: (chunk) => {
      const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      let start = greeted ? 0 : takeBanner(bytes);
      if (greeted) {
        let end = bytes.indexOf(MESSAGE_END, Math.max(start, scannedBytes));
        while (end >= 0) {
          takeMessage(bytes, start, end);
          start = end + MESSAGE_END.length;
          end = bytes.indexOf(MESSAGE_END, start);
        }
      }
      keep(start === 0 ? bytes : bytes.subarray(start));
    },
  };
}

function toFields(text: string): string[] {
  const fields: string[] = [];
  let start = 0;
  while (start < text.length) {
    const found = text.indexOf("\r\n", start);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(":", start);
    if (colon < 0 || colon >= end) fields.push("", text.slice(start, end));
    else
      fields.push(text.slice(start, colon), text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1, end));
    start = end + 2;
  }
  return fields;
}
