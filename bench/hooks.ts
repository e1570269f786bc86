// PBXs that post events: accepted at the rate of twenty busy ones, and every one of them found again in the calls. The PBXs are a
// process of their own.
import { connect, type Socket } from "node:net";
import { toTenantId } from "../src/core/ids.ts";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { openDatabase } from "../src/kit/postgres/database.ts";
import { systemRandom } from "../src/kit/random.ts";
import { createEventTokens } from "../src/tenants/pbxs/event-tokens.ts";
import type { Figure } from "./figure.ts";
import { runChild } from "./process.ts";
import { ENLACE_SECRET, execute, startEnlace } from "./stage.ts";

const TENANTS = 20;
const RATE = 200;
/** A minute of it, with the six seconds a measurement usually lasts. */
const MEASUREMENTS = 10;
const STEPS = ["start", "dial", "bridge", "hangup"] as const;
const TOLD_WAIT_MS = 60_000;

export const hooks: Figure = {
  name: "hooks",
  run: async ({ stage, seconds, report }) => {
    const url = await stage.createDatabase("hooks");
    const enlace = await startEnlace(url);
    try {
      const tokens = await addPbxs(url);
      const post = (lasting: number, run: number): Promise<PostResult> => {
        const options: PostOptions = { port: enlace.port, tokens, clients: 32, seconds: lasting, run };
        return runChild<PostResult>([import.meta.filename, "post", JSON.stringify(options)]);
      };
      const warm = await post(Math.min(5, seconds), 0);
      const measured = await post(seconds * MEASUREMENTS, 1);
      const sent = warm.calls + measured.calls;
      const told = await countTold(url, sent);
      report(`events posted by ${TENANTS} PBXs at ${RATE}/s for ${seconds * MEASUREMENTS} s, accepted, p95 ms`, {
        ...{ value: measured.p95Ms, atMost: 100 },
        detail: `p50 ${measured.p50Ms.toFixed(1)} ms, p99 ${measured.p99Ms.toFixed(1)} ms`,
      });
      report("events not accepted, and calls of them that are missing or other than was posted", {
        ...{ value: warm.refused + measured.refused + sent - told, atMost: 0 },
        detail: `of ${sent} calls`,
      });
    } finally {
      await enlace.stop();
    }
  },
};

/** Each PBX with a tenant and a token of its own, as the API would make them. */
async function addPbxs(url: string): Promise<string[]> {
  const rows = await execute<{ tenant_id: number; id: string }>(
    url,
    `with made as (
       insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
       select 'bench-' || n, 'Tenant ' || n, time_zone, country, language, created_at, updated_at
         from tenants, generate_series(1, $1) n where is_default returning id)
     insert into pbxs (tenant_id, name, host, port, tls, time_zone, call_id_prefix, trunks, dial, origin, enabled, created_at, updated_at)
     select id, 'Office', null, 5038, false, 'UTC', '', '{}', '{}', 'api', true, now(), now() from made returning tenant_id, id`,
    [TENANTS],
  );
  const log = createLog({ level: "error", format: "json" });
  const database = openDatabase({ url, poolMax: 2, log });
  const listener = { on: () => () => undefined };
  const tokens = createEventTokens({
    ...{ database, listener, clock: systemClock, random: systemRandom, secret: ENLACE_SECRET },
  });
  try {
    return await Promise.all(
      rows.map(async ({ tenant_id, id }) => {
        const doer = { tenantId: toTenantId(tenant_id), actor: "enlace", address: "" };
        return (await tokens.rotate(doer, id, { overlapSeconds: 0 })).token;
      }),
    );
  } finally {
    tokens.stop();
    await database.close();
  }
}

/** Calls that are in the log as they were posted, once all are, or a minute later. */
async function countTold(url: string, sent: number): Promise<number> {
  const until = performance.now() + TOLD_WAIT_MS;
  for (;;) {
    const [row] = await execute<{ count: number }>(
      url,
      "select count(*)::int as count from calls where outcome = 'answered' and direction = 'inbound' and agent_extension = '101'",
    );
    const told = row?.count ?? 0;
    if (told >= sent || performance.now() > until) return told;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface PostOptions {
  port: number;
  tokens: readonly string[];
  clients: number;
  seconds: number;
  /** Keeps the unique ids of runs apart. */
  run: number;
}
interface PostResult {
  calls: number;
  refused: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** Posts whole calls, event by event, over kept-alive sockets; a latency counts from the instant the event was due. */
async function post(options: PostOptions): Promise<PostResult> {
  const calls = Math.floor((options.seconds * RATE) / STEPS.length);
  const events = calls * STEPS.length;
  const latencies: number[] = [];
  const startedAt = performance.now();
  let [sent, refused] = [0, 0];

  async function runClient(): Promise<void> {
    const socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    for (let index = sent++; index < events; index = sent++) {
      const due = startedAt + (index / RATE) * 1000;
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const status = await postOnce(socket, options, index);
      latencies.push(performance.now() - due);
      if (status !== 202) refused++;
    }
    socket.destroy();
  }

  await Promise.all(Array.from({ length: options.clients }, runClient));
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { calls, refused, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

function postOnce(socket: Socket, options: PostOptions, index: number): Promise<number> {
  const call = Math.floor(index / STEPS.length);
  const step = STEPS[index % STEPS.length] ?? "start";
  const token = options.tokens[call % options.tokens.length] ?? "";
  const body = JSON.stringify({ Token: token, ...toEvent(step, options.run * 1_000_000 + call) });
  const head = `POST /${step} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0 || text.length < end + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)) return;
      socket.off("data", onData).off("error", reject);
      resolve(Number(text.slice(9, 12)));
    };
    socket.on("data", onData).once("error", reject);
    socket.write(head + body);
  });
}

/** An incoming call that 101 takes after three seconds, and that lasts ten. */
function toEvent(step: (typeof STEPS)[number], call: number): object {
  const begun = Math.floor(Date.now() / 1_000) - 60;
  const phone = `346${String(call % 100_000_000).padStart(8, "0")}`;
  const common = { UniqueId: `1700000100.${call}`, Phone: phone, CallType: 0, Trunk: "0009001" };
  const bridge = { BridgeUniqueid: `b-${call}`, CallerIDNum: phone, ConnectedLineNum: "101" };
  const hangup = { Extensions: "101", CallStatus: "2" };
  return {
    ...common,
    ...(step === "dial" && { Extensions: ["101"] }),
    ...(step === "bridge" && bridge),
    ...(step === "hangup" && hangup),
    SentAt: begun + { start: 0, dial: 0.1, bridge: 3, hangup: 13 }[step],
  };
}

if (process.argv[2] === "post") console.log(JSON.stringify(await post(JSON.parse(process.argv[3] ?? ""))));
