// A client process that posts signed calls as fast as it is answered (or at a given rate) over kept-alive sockets, and
// prints what it saw. Written on bare sockets so that it costs less than what it measures.
//   node bench/signed-load.ts '{"host":"127.0.0.1","port":8080,"secret":"…","clients":64,"seconds":8,"prefix":"a","tenants":["1"],"perSecond":null}'
import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";

export interface LoadOptions {
  host: string;
  port: number;
  secret: string;
  clients: number;
  seconds: number;
  /** Call ids are `<prefix>-<number>`. */
  prefix: string;
  /** Tenant numbers, taken in turn; an empty text is the default tenant (no header). */
  tenants: string[];
  /** Offered rate, or null for as fast as possible. */
  perSecond: number | null;
  /** Stop after this many calls even if there is time left. */
  callsMax?: number;
}

export interface LoadResult {
  accepted: number;
  refused: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

const PREPARED_PER_SECOND = 10_000;

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? "{}") as LoadOptions;
  process.stdout.write(`${JSON.stringify(await load(options))}\n`);
  process.exit(0);
}

async function load(options: LoadOptions): Promise<LoadResult> {
  const prepared = prepareRequests(options);
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;
  let [sent, accepted, refused] = [0, 0, 0];

  /** The instant at which the next call is due, or null when the time is up. */
  function nextDueAt(): number | null {
    if (options.callsMax !== undefined && sent >= options.callsMax) return null;
    const due = options.perSecond === null ? performance.now() : startedAt + (sent / options.perSecond) * 1000;
    return due < endsAt ? due : null;
  }

  async function runClient(): Promise<void> {
    const socket = await open(options);
    const answers = readAnswers(socket);
    for (let due = nextDueAt(); due !== null; due = nextDueAt()) {
      const number = sent++;
      if (due > performance.now())
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      socket.write(prepared[number] ?? toRequest(options, number));
      const status = await answers.next();
      latencies.push(performance.now() - due);
      if (status === 202) accepted++;
      else refused++;
    }
    socket.destroy();
  }

  await Promise.all(Array.from({ length: options.clients }, runClient));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { accepted, refused, seconds, perSecond: accepted / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Signed before the clock runs: the load must not take processor time from what it measures. */
function prepareRequests(options: LoadOptions): string[] {
  const { seconds, perSecond, callsMax = Number.POSITIVE_INFINITY } = options;
  const count = Math.min(callsMax, Math.ceil(seconds * (perSecond ?? PREPARED_PER_SECOND)));
  return Array.from({ length: count }, (_, number) => toRequest(options, number));
}

function toRequest({ prefix, secret, tenants }: LoadOptions, number: number): string {
  const digits = String(number).padStart(9, "0");
  const body = `{"call_uuid":"${prefix}-${number}","from":"+346${digits.slice(-8)}","to":"+34900112233","direction":"inbound","start_time":"2025-08-02T14:00:00Z","end_time":"2025-08-02T14:02:30Z","status":"completed","recording_url":"https://pbx.example.test/recordings/${number}.mp3","agent_ext":"1001","pbx_system":"bench"}`;
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const tenant = tenants[number % tenants.length];
  const header = tenant ? `X-Enlace-Tenant: ${tenant}\r\n` : "";
  return `POST /webhook/call HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Signature: ${signature}\r\n${header}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function open({ host, port }: LoadOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Statuses of the answers in order. One request is under way per socket, so an answer is whole when its body is. */
function readAnswers(socket: Socket): { next(): Promise<number> } {
  let text = "";
  let waiting: { resolve(status: number): void; reject(error: Error): void } | undefined;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    const status = Number(text.slice(9, 12));
    text = "";
    waiting?.resolve(status);
  });
  socket.on("error", (error) => waiting?.reject(error));
  socket.on("close", () => waiting?.reject(new Error("the server closed the connection")));
  return {
    next: () =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      }),
  };
}
