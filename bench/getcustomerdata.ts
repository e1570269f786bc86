// Who calls, asked by a dialplan: from the caches, at the rate of a busy PBX, against a bare fastify route that answers a
// constant, asked by the same client in the same run. Client and peer are processes of their own.
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import fastify from "fastify";
import { startFakeVtiger } from "../src/connectors/vtiger/fake-vtiger.ts";
import { type Figure, toMedian } from "./figure.ts";
import { runChild, startChild } from "./process.ts";
import { callApi, execute, startEnlace } from "./stage.ts";

const PATH = "/api/callevent/getcustomerdata";
const LINE = "0009001";
const NUMBERS = 200;
const ROUNDS = 3;
const RATE = 500;

export const getcustomerdata: Figure = {
  name: "getcustomerdata",
  run: async ({ stage, seconds, report }) => {
    const token = randomBytes(24).toString("hex");
    const url = await stage.createDatabase("getcustomerdata");
    const crm = await startFakeVtiger();
    for (let index = 0; index < NUMBERS; index++)
      crm.addContact({
        firstname: "Ann",
        lastname: `Test ${index}`,
        mobile: toNumber(index),
        assigned_user_id: "19x6",
      });
    const vtiger = { VTIGER_URL: crm.url, VTIGER_USERNAME: "apiuser", VTIGER_ACCESS_KEY: "apiuserkey123456" };
    const nobody = { AMI_HOST: "127.0.0.1", AMI_PORT: "1", AMI_USERNAME: "bench", AMI_SECRET: "none" }; // a PBX that only asks
    const enlace = await startEnlace(url, { ...vtiger, ...nobody, PBX_TOKEN: token });
    const peer = await startChild([import.meta.filename, "serve"], {}, (line) => line.startsWith("{"));
    const ask = (port: number, perSecond: number | null, more: Partial<AskOptions> = {}) => {
      const options: AskOptions = { port, token, clients: 32, seconds, perSecond, ...more };
      return runChild<AskResult>([import.meta.filename, "ask", JSON.stringify(options)]);
    };
    const peerPort = Number(peer.greeting.port);
    try {
      await prepare(enlace.port, url);
      await ask(enlace.port, 40, { clients: 2, seconds: NUMBERS / 40 + 1 }); // every number once, at the pace of the CRM
      await Promise.all([enlace.port, peerPort].map((port) => ask(port, null, { seconds: 2 })));
      const [ours, bare]: [AskResult[], AskResult[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await ask(peerPort, RATE));
        ours.push(await ask(enlace.port, RATE));
      }
      const full = { bare: await ask(peerPort, null), ours: await ask(enlace.port, null) };
      const p99 = (results: AskResult[]): number => toMedian(results.map(({ p99Ms }) => p99Ms));
      const empty = ours.reduce((sum, result) => sum + result.odd, 0);
      if (empty > 0) throw new Error(`${empty} answers were not the ones that are known`);
      report(`getcustomerdata p99 from cache at ${RATE}/s, ms`, {
        ...{ value: p99(ours), atMost: 10 },
        detail: `a bare fastify route: ${p99(bare).toFixed(1)} ms; p50 ${toMedian(ours.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms`,
      });
      report("getcustomerdata answers/s from cache against a bare fastify route", {
        ratio: full.ours.perSecond / full.bare.perSecond,
        ...{ ours: full.ours.perSecond, peer: full.bare.perSecond },
      });
    } finally {
      await Promise.all([peer.stop(), enlace.stop()]);
      await crm.stop();
    }
  },
};

const toNumber = (index: number): string => `+346000${String(index).padStart(5, "0")}`;

/** A line that routes by the CRM, the extension of its user, and a call of each number in the log. */
async function prepare(port: number, databaseUrl: string): Promise<void> {
  for (const extension of ["1001", "102"]) await callApi(port, "PUT", `/api/v1/extensions/${extension}`, {});
  await callApi(port, "PUT", "/api/v1/smart-redirect", { lines: { [`gsm:${LINE}`]: { algorithm: "crm" } } });
  await execute(
    databaseUrl,
    `insert into calls (tenant_id, call_uuid, direction, from_text, outcome, phase, started_at, agent_extension, created_at, updated_at)
     select 1, 'bench-' || n, 'inbound', '+346000' || lpad(n::text, 5, '0'), 'answered', 'ended', $1, '102', $1, $1
       from generate_series(0, $2::int - 1) n`,
    [new Date(), NUMBERS],
  );
}

interface AskOptions {
  port: number;
  token: string;
  clients: number;
  seconds: number;
  /** Offered rate, or null for as fast as possible. */
  perSecond: number | null;
}
interface AskResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers without a dial plan, or no answers. */
  odd: number;
}

/** Asks over kept-alive sockets; a latency counts from the instant at which the question was due. */
async function ask(options: AskOptions): Promise<AskResult> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;
  let [sent, odd] = [0, 0];

  async function runClient(): Promise<void> {
    const socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    for (;;) {
      const index = sent++;
      const due = options.perSecond === null ? performance.now() : startedAt + (index / options.perSecond) * 1000;
      if (due >= endsAt) break;
      if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      const answer = await askOnce(socket, options, index);
      latencies.push(performance.now() - due);
      if (!answer.includes('"DialPlan":"mngr1001_0009001_1"')) odd++;
    }
    socket.destroy();
  }

  await Promise.all(Array.from({ length: options.clients }, runClient));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), odd };
}

function askOnce(socket: Socket, { token }: AskOptions, index: number): Promise<string> {
  const body = `{"UniqueId":"u.${index}","Phone":"${toNumber(index % NUMBERS)}","TrunkId":"${LINE}","LoadDialPlan":"true"}`;
  const head = `POST ${PATH} HTTP/1.1\r\nHost: bench\r\nToken: ${token}\r\nContent-Type: application/json\r\n`;
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0 || text.length < end + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)) return;
      socket.off("data", onData).off("error", reject);
      resolve(text);
    };
    socket.on("data", onData).once("error", reject);
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  });
}

/** The least that a fastify route can do. */
async function serveConstant(): Promise<void> {
  const server = fastify();
  const answer = JSON.stringify({ Name: "Ann Test 1", DialPlan: "mngr1001_0009001_1" });
  server.post(PATH, (_request, reply) => {
    void reply.type("application/json; charset=utf-8").send(answer);
  });
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port) })}\n`);
  process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
}

if (import.meta.main) {
  const [mode, options = "{}"] = process.argv.slice(2);
  if (mode === "serve") await serveConstant();
  else {
    process.stdout.write(`${JSON.stringify(await ask(JSON.parse(options) as AskOptions))}\n`);
    process.exit(0);
  }
}
