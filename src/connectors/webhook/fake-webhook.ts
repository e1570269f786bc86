// A receiver of webhooks that checks both signatures as Standard Webhooks says and takes every message id once.
import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { toKey } from "./signature.ts";

export interface ReceivedMessage {
  id: string;
  body: unknown;
  text: string;
  headers: Readonly<Record<string, string>>;
}

export interface FakeWebhookFault {
  /** `silent`: no answer ever; `lost`: taken, but no answer ever; `cut`: the connection breaks; else the status answered. */
  kind: "silent" | "lost" | "cut" | "status";
  status?: number;
  headers?: Readonly<Record<string, string>>;
  text?: string;
  times?: number;
}

export interface FakeWebhook {
  url: string;
  /** Each id once, in the order of arrival. */
  received: readonly ReceivedMessage[];
  /** Deliveries, repetitions too. */
  readonly deliveries: number;
  add(fault: FakeWebhookFault): void;
  nextRequest(): Promise<void>;
  stop(): Promise<void>;
}

/** Seconds a message's timestamp may be off. */
const TOLERANCE_SECONDS = 300;

export async function startFakeWebhook(options: { secret: string; now?: () => Date }): Promise<FakeWebhook> {
  const now = options.now ?? ((): Date => new Date());
  const received: ReceivedMessage[] = [];
  const faults: FakeWebhookFault[] = [];
  let deliveries = 0;
  let waiting: (() => void)[] = [];

  const server = createServer(async (incoming, response) => {
    const text = await readText(incoming);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    for (const arrived of waiting.splice(0)) arrived();
    waiting = [];
    deliveries++;
    const fault = takeFault(faults);
    if (fault?.kind === "silent") return;
    if (fault?.kind === "cut") return void incoming.socket.destroy();
    if (fault?.kind === "status")
      return void response.writeHead(fault.status ?? 500, { ...fault.headers }).end(fault.text ?? "");
    const refusal = findRefusal(options.secret, { headers, text, now: now() });
    if (refusal !== undefined) return void response.writeHead(401).end(refusal);
    const id = headers["webhook-id"] ?? "";
    if (!received.some((message) => message.id === id)) received.push({ id, text, headers, body: JSON.parse(text) });
    if (fault?.kind !== "lost") response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/calls`,
    received,
    get deliveries() {
      return deliveries;
    },
    add: (fault) => void faults.push({ ...fault }),
    nextRequest: () => new Promise((resolve) => void waiting.push(resolve)),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function takeFault(faults: FakeWebhookFault[]): FakeWebhookFault | undefined {
  const [fault] = faults;
  if (fault === undefined) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.shift();
  return fault;
}

/** Why a receiver that follows Standard Webhooks would not take the message. */
function findRefusal(
  secret: string,
  { headers, text, now }: { headers: Record<string, string>; text: string; now: Date },
): string | undefined {
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    return "message too old or from the future";
  const expected = createHmac("sha256", toKey(secret)).update(`${id}.${timestamp}.${text}`).digest("base64");
  const offered = (headers["webhook-signature"] ?? "").split(" ").map((part) => part.replace(/^v1,/, ""));
  if (!offered.some((signature) => isEqual(signature, expected))) return "no matching signature";
  const simple = createHmac("sha256", secret).update(text).digest("hex");
  const offeredSimple = [headers["x-signature"] ?? "", headers["x-signature-previous"] ?? ""];
  return offeredSimple.some((signature) => isEqual(signature, simple)) ? undefined : "no matching X-Signature";
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
