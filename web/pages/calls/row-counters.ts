/** Counts the rows of a file while it comes: takes a piece, says how many rows there were so far. */
export type RowCounter = (piece: Uint8Array<ArrayBuffer>) => number;

const NEWLINE = 10;

export function createLineCounter(): RowCounter {
  let lines = 0;
  return (piece) => {
    for (const byte of piece) if (byte === NEWLINE) lines += 1;
    return lines;
  };
}

/** Of an archive's first part: its fixed beginning, and where that says how long the name and the extra field are. */
const HEAD_BYTES = 30;
const NAME_LENGTH_AT = 26;
const EXTRA_LENGTH_AT = 28;
const ROW_ENDS = new TextEncoder().encode("</row>");

/** A workbook is an archive whose first part is the sheet: unpacked as it comes, its rows can be counted. */
export function createSheetCounter(): RowCounter {
  let rows = 0;
  let matched = 0;
  const unpacker = new DecompressionStream("deflate-raw");
  const writer = unpacker.writable.getWriter();
  const count = async (): Promise<void> => {
    for (const reader = unpacker.readable.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const byte of value) {
        matched = byte === ROW_ENDS[matched] ? matched + 1 : byte === ROW_ENDS[0] ? 1 : 0;
        if (matched === ROW_ENDS.length) {
          rows += 1;
          matched = 0;
        }
      }
    }
  };
  count().catch(() => undefined); // what follows the sheet cannot be unpacked: by then its rows are counted
  let head = new Uint8Array(0);
  let isInside = false;
  return (piece) => {
    if (isInside) give(writer, piece);
    else {
      head = join(head, piece);
      const begins = toBegin(head);
      if (begins !== null && head.length > begins) {
        isInside = true;
        give(writer, head.slice(begins));
      }
    }
    return rows;
  };
}

function give(writer: WritableStreamDefaultWriter<BufferSource>, piece: Uint8Array<ArrayBuffer>): void {
  writer.write(piece).catch(() => undefined); // the same: the count stays where it is
}

/** Where the first part's bytes begin; `null` while its head is not whole. */
function toBegin(bytes: Uint8Array): number | null {
  if (bytes.length < HEAD_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return HEAD_BYTES + view.getUint16(NAME_LENGTH_AT, true) + view.getUint16(EXTRA_LENGTH_AT, true);
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
