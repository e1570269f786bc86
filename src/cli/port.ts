import { createServer } from "node:net";

/** Listens on the port for a moment: the port (a free one for 0), or the system's code for why that cannot be. */
export function tryListen(host: string, port: number): Promise<{ port: number } | { problem: string }> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve({ problem: error.code ?? error.message }));
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      const found = typeof address === "object" && address ? address.port : port;
      probe.close(() => resolve({ port: found }));
    });
  });
}
