import type { Readable } from "node:stream";
import { type Entry, open, type ZipFile } from "yauzl";
import { UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";

/** Parts of a workbook: a few dozen; an archive with more is something else. */
const PARTS_MAX = 2_000;
/** One part, unpacked. A sheet with a million rows of ten columns has about 500 MB. */
const PART_BYTES_MAX = 1_000_000_000;
/** A sheet packs to a tenth or a thirtieth; deflate reaches a thousandth with what was made to burst. */
const PACKED_MAX = 200;
/** Below this an archive may be as dense as it likes. */
const HARMLESS_BYTES = 10_000_000;

/** The parts of a workbook by name. What is read is held to the size that the archive tells of it. */
export interface XlsxArchive {
  has(name: string): boolean;
  /** Throws `UnreadableList` when there is no such part or it would burst. */
  open(name: string): Promise<Readable>;
  close(): void;
}

export async function openArchive(path: string): Promise<XlsxArchive> {
  const zip = await openZip(path);
  try {
    const parts = await listParts(zip);
    return {
      has: (name) => parts.has(name),
      open: (name) => {
        const part = parts.get(name);
        if (!part) throw new UnreadableList(say("noPart", { name }));
        refuseBombs(part);
        return zip.openReadStreamPromise(part);
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) => {
      if (error) reject(new UnreadableList(say("noWorkbook", { error: error.message }), { cause: error }));
      else resolve(zip);
    });
  });
}

function listParts(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > PARTS_MAX) throw new UnreadableList(say("partsMax"));
  return new Promise((resolve, reject) => {
    const parts = new Map<string, Entry>();
    zip.on("entry", (entry: Entry) => {
      parts.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.once("end", () => resolve(parts));
    zip.once("error", (error: Error) => reject(new UnreadableList(say("noWorkbook", { error: error.message }))));
    zip.readEntry();
  });
}

/** `yauzl` ends the stream of a part that turns out larger than it said. */
function refuseBombs({ fileName, compressedSize, uncompressedSize }: Entry): void {
  const isDense = uncompressedSize > HARMLESS_BYTES && uncompressedSize > compressedSize * PACKED_MAX;
  if (isDense || uncompressedSize > PART_BYTES_MAX) throw new UnreadableList(say("partLarge", { name: fileName }));
}
