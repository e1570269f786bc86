import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after } from "node:test";

/**
 * A line to the PostgreSQL of `url` that can go dead without a word: what an unplugged cable or a fail-over looks like.
 * `mute()` silences the connections that stand, new ones work; `cut()` ends them all and refuses new ones.
 */
export async function startMutableLine(url: string): Promise<{ url: string; mute(): void; cut(): void }> {
  const target = new URL(url);
  const open = new Set<Socket>();
  const host = target.searchParams.get("host");
  const port = Number(target.searchParams.get("port") ?? target.port);
  const server = createServer((near) => {
    const far = host ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, target.hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
    }
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of open) socket.destroy();
    if (server.listening) server.close();
  };
  after(cut);

  const own = new URL(url);
  own.searchParams.delete("host");
  own.searchParams.delete("port");
  own.hostname = "127.0.0.1";
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    cut,
    mute: () => {
      for (const socket of open) socket.unpipe().pause();
    },
  };
}
