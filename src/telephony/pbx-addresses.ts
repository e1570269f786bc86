import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { toErrorMessage } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";

const KEPT_MS = 60_000;
const HOSTS_MAX = 10_000;

/** What the hosts of PBXs stand for, remembered for a minute: a session of FastAGI must not wait for DNS each time. */
export function createPbxAddresses({ clock, log }: { clock: Clock; log: Log }) {
  const known = new Map<string, { addresses: Promise<readonly string[]>; untilMs: number }>();

  async function ask(host: string): Promise<readonly string[]> {
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch (error) {
      log.warn({ host, reason: toErrorMessage(error) }, "pbx.host_unknown");
      return [];
    }
  }

  return async (host: string): Promise<readonly string[]> => {
    if (isIP(host) !== 0) return [host];
    const nowMs = clock.monotonicMs();
    const found = known.get(host);
    if (found && found.untilMs > nowMs) return found.addresses;
    if (known.size >= HOSTS_MAX) known.clear();
    const addresses = ask(host);
    known.set(host, { addresses, untilMs: nowMs + KEPT_MS });
    return addresses;
  };
}
