/** Longest time a client may ask us to wait. */
const WAIT_SECONDS_MAX = 30;

/**
 * Seconds a client wants to wait for the result (`Prefer: wait=10`, RFC 7240), at most 30. `undefined` if it does not ask
 * or asks for something else; preferences that cannot be read are ignored, as the RFC says. The first `wait` counts.
 */
export function parseWaitSeconds(header: string | undefined): number | undefined {
  for (const preference of header?.split(",") ?? []) {
    const [, quoted, plain] = /^\s*wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*(?:;.*)?$/i.exec(preference) ?? [];
    const seconds = Number(quoted ?? plain ?? Number.NaN);
    if (Number.isInteger(seconds)) return seconds > 0 ? Math.min(seconds, WAIT_SECONDS_MAX) : undefined;
  }
  return undefined;
}
