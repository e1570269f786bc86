import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of one request on its way to a CRM and back.
 *
 * - `empty 500`, `html 502`, `html trace` (status 200), `busy 429`: answered here, the CRM never sees it.
 * - `cut before`: the line breaks, the CRM never sees it. `cut after`: it breaks when the CRM has done its work.
 * - `slow answer`: the CRM works at once and its answer comes too late. `late arrival`: the CRM itself gets it late, and does
 *   its work although nobody waits any more.
 */
export type Weather =
  | "fine"
  | "empty 500"
  | "html 502"
  | "html trace"
  | "busy 429"
  | "cut before"
  | "cut after"
  | "slow answer"
  | "late arrival";

export interface WeatherOptions {
  /** The CRM behind, with its path left to the client. */
  target: string;
  /** Decides the weather of every request; `operation` is the web service's own word for it. */
  forecast(request: { operation: string; body: string }): Weather;
  /** How late an answer or an arrival is, in machine milliseconds; asked once a request. */
  lateMs(weather: "slow answer" | "late arrival"): number;
  /** What the CRM did, in the order in which it did it. */
  onPassed?(passed: { operation: string; body: string; answer: string }): void;
}

export interface WeatherProxy {
  url: string;
  /** Requests that are still on their way to the CRM or back. */
  underWay(): number;
  stop(): Promise<void>;
}

/** Stands between Enlace and a CRM's server. What was let through reaches the CRM even if the client has gone. */
export async function startBadWeather({ target, forecast, lateMs, onPassed }: WeatherOptions): Promise<WeatherProxy> {
  let underWay = 0;
  const server = createServer((incoming, answer) => {
    underWay++;
    void pass(incoming, answer).finally(() => underWay--);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  async function pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const operation = toOperation(incoming, body);
    const weather = forecast({ operation, body });
    const here = ANSWERED_HERE[weather];
    if (here) return void answer.writeHead(here.status, here.headers).end(here.body);
    if (weather === "cut before") return void answer.destroy();
    if (weather === "late arrival") await late(lateMs(weather));
    const reply = await forward(incoming, body, target);
    if (reply) onPassed?.({ operation, body, answer: reply.body.toString("utf8") });
    if (weather === "cut after" || reply === undefined) return void answer.destroy();
    if (weather === "slow answer") await late(lateMs(weather));
    if (!answer.destroyed) answer.writeHead(reply.status, { "content-type": reply.type }).end(reply.body);
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    underWay: () => underWay,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const ANSWERED_HERE: Partial<Record<Weather, { status: number; headers: Record<string, string>; body: string }>> = {
  "empty 500": { status: 500, headers: { "content-type": "text/html; charset=UTF-8" }, body: "" },
  "html 502": { status: 502, headers: { "content-type": "text/html" }, body: "<html><h1>502 Bad Gateway</h1></html>" },
  "html trace": {
    status: 200,
    headers: { "content-type": "text/html; charset=UTF-8" },
    body: "<pre>array(1) {\n  [0]=> #0 PearDatabase.php(410) checkError()\n}</pre>Query Failed: INSERT INTO vtiger_crmentity",
  },
  "busy 429": { status: 429, headers: { "retry-after": "2", "content-type": "text/plain" }, body: "Too Many Requests" },
};

interface Reply {
  status: number;
  type: string;
  body: Buffer;
}

/** `undefined` when the CRM itself broke the line. */
function forward(incoming: IncomingMessage, body: string, target: string): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const { connection: _, host: __, ...headers } = incoming.headers;
    const url = new URL(incoming.url ?? "/", target);
    const outgoing = sendRequest(url, { method: incoming.method ?? "GET", headers, agent: false }, (answer) => {
      readBytes(answer).then(
        (bytes) =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers["content-type"] ?? "text/plain",
            body: bytes,
          }),
        () => resolve(undefined),
      );
    });
    outgoing.on("error", () => resolve(undefined));
    outgoing.end(body);
  });
}

function toOperation(incoming: IncomingMessage, body: string): string {
  const query = new URL(incoming.url ?? "/", "http://crm.example.test").searchParams;
  return query.get("operation") ?? new URLSearchParams(body).get("operation") ?? "none";
}

async function readBytes(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const readAll = async (stream: IncomingMessage): Promise<string> => (await readBytes(stream)).toString("utf8");
const late = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
