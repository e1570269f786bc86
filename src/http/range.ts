/** The part of a file that a client asks for. Both ends count, from 0. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Reads a `Range` header (RFC 9110, 14.2) for a file of `sizeBytes`. `whole`: none, or one we need not follow (several parts,
 * another unit, broken); `unsatisfiable`: nothing of the file is in it.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" {
  const [, start, end] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (start === undefined || end === undefined || (start === "" && end === "")) return "whole";
  if (start === "") {
    const length = Math.min(Number(end), sizeBytes);
    return length === 0 ? "unsatisfiable" : { first: sizeBytes - length, last: sizeBytes - 1 };
  }
  const first = Number(start);
  if (end !== "" && Number(end) < first) return "whole";
  if (first >= sizeBytes) return "unsatisfiable";
  return { first, last: end === "" ? sizeBytes - 1 : Math.min(Number(end), sizeBytes - 1) };
}

/** The header as it may be passed on: `undefined` unless it asks for one part in bytes. */
export function toPassedRange(header: string | undefined): string | undefined {
  const text = header?.trim() ?? "";
  return /^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$/.test(text) ? text : undefined;
}
