import { BlockList, createServer, isIP, type Socket } from "node:net";
import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { type AgiChannel, createAgiChannel } from "./channel.ts";
import { AgiClosedError, AgiHangupError, openAgiSession } from "./session.ts";

export interface AgiServerOptions {
  host: string;
  /** 0 takes a free port. Asterisk's default is 4573. */
  port: number;
  /** Addresses and networks (`10.0.0.5`, `192.168.1.0/24`) that may call. FastAGI has no login: empty means nobody. */
  allow: readonly string[];
  /** Default 12,000. One more is turned away, and the dialplan goes on with AGISTATUS=FAILURE. */
  sessionsMax?: number;
  clock: Clock;
  log: Log;
  /**
   * One call from its beginning to its end. When it settles, the dialplan goes on. A hangup may reject it. `address` is
   * whence it came, IPv4 as such.
   */
  onCall(agi: AgiChannel, address: string): Promise<void>;
}

export interface AgiServer {
  /** Rejects when the port is taken. Resolves with the port. */
  start(): Promise<number>;
  /** Takes no more calls, lets those under way finish for `drainMs`, then closes them. */
  stop(drainMs?: number): Promise<void>;
  sessions(): number;
  counters(): { accepted: number; refusedByAddress: number; refusedFull: number; failed: number };
}

const LINGER_MS = 5_000;

/** The FastAGI door. Throws `RangeError` when `allow` holds something that is neither an address nor a network. */
export function createAgiServer(options: AgiServerOptions): AgiServer {
  const { clock, log, sessionsMax = 12_000 } = options;
  const isAllowed = createAllowList(options.allow);
  const running = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const counters = { accepted: 0, refusedByAddress: 0, refusedFull: 0, failed: 0 };
  const server = createServer({ noDelay: true }, (socket) => {
    if (!isAllowed(socket.remoteAddress)) turnAway(socket, "refusedByAddress");
    else if (running.size >= sessionsMax) turnAway(socket, "refusedFull");
    else admit(socket);
  });

  function admit(socket: Socket): void {
    counters.accepted++;
    sockets.add(socket);
    const run = serve(socket).finally(() => running.delete(run));
    running.add(run);
    socket.once("close", () => sockets.delete(socket));
  }

  function turnAway(socket: Socket, why: "refusedByAddress" | "refusedFull"): void {
    counters[why]++;
    log.warn({ address: socket.remoteAddress, why }, "agi.refused");
    socket.destroy();
  }

  async function serve(socket: Socket): Promise<void> {
    let script: string | undefined;
    try {
      const session = await openAgiSession(socket, clock);
      const agi = createAgiChannel(session);
      script = agi.script;
      await options.onCall(agi, toPlainAddress(socket.remoteAddress ?? ""));
    } catch (error) {
      noteEnd(error, script);
    } finally {
      socket.end(); // a FIN tells Asterisk to go on in the dialplan
      if (!socket.destroyed)
        socket.once(
          "close",
          clock.after(LINGER_MS, () => socket.destroy()),
        );
    }
  }

  /** A caller who hangs up is no news; everything else is. */
  function noteEnd(error: unknown, script: string | undefined): void {
    if (error instanceof AgiHangupError) return;
    counters.failed++;
    if (error instanceof AgiClosedError) log.warn({ script, reason: error.message }, "agi.closed");
    else log.error({ script, err: error, reason: toErrorMessage(error) }, "agi.script_failed");
  }

  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(options.port, options.host, () => {
          server.off("error", reject).on("error", (error) => log.error({ err: error }, "agi.server_failed"));
          resolve((server.address() as { port: number }).port);
        });
      }),
    stop: async (drainMs = 5_000) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const destroyAll = (): void => {
        for (const socket of sockets) socket.destroy();
      };
      const release = clock.after(drainMs, destroyAll);
      await Promise.all(running);
      release();
      destroyAll();
      await closed;
    },
    sessions: () => running.size,
    counters: () => ({ ...counters }),
  };
}

function toBlockList(allow: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of allow) {
    const [address = "", bits] = entry.trim().split("/", 2);
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const bitsMax = family === "ipv6" ? 128 : 32;
    const prefix = bits === undefined ? bitsMax : Number(bits);
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits ?? "0") || prefix > bitsMax) {
      throw new RangeError(`"${entry}" is neither an address nor a network`);
    }
    list.addSubnet(address, prefix, family);
  }
  return list;
}

const REMEMBERED_MAX = 1_000;

/** The same few PBXs call all day: what was found of an address is remembered. */
function createAllowList(allow: readonly string[]): (remote: string | undefined) => boolean {
  const list = toBlockList(allow);
  const remembered = new Map<string, boolean>();
  return (remote) => {
    if (remote === undefined) return false;
    const known = remembered.get(remote);
    if (known !== undefined) return known;
    const address = toPlainAddress(remote);
    const isIn = list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(remote, isIn);
    return isIn;
  };
}

/** A socket that listens to both families names IPv4 addresses `::ffff:192.0.2.1`. */
function toPlainAddress(remote: string): string {
  return remote.startsWith("::ffff:") && isIP(remote.slice(7)) === 4 ? remote.slice(7) : remote;
}
