import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface FakeApi {
  url: string;
  /** `POST /api/v1/users {"username":…}`, in order. */
  asked: string[];
}

/** Enlace as a command sees it: fixed answers by `METHOD /path`; a list is taken one by one, its last item again and again. */
export async function startFakeApi(t: TestContext, answers: Record<string, unknown>): Promise<FakeApi> {
  const asked: string[] = [];
  const queues = new Map(
    Object.entries(answers).map(([route, answer]) => [route, Array.isArray(answer) ? answer : [answer]]),
  );
  const server = createServer(async (request, response) => {
    const body = await new Response(request).text();
    asked.push(`${request.method} ${request.url}${body && ` ${body}`}`);
    const queue = queues.get(`${request.method} ${request.url?.split("?")[0]}`);
    const answer = queue && (queue.length > 1 ? queue.shift() : queue[0]);
    response.writeHead(queue ? 200 : 404, { "content-type": "application/json" });
    response.end(queue ? JSON.stringify(answer) : '{"detail":"There is nothing at this address."}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
