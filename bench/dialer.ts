// Calls of the dialer started a second on a real Asterisk 16, beside a bare loop that gives the same orders over an AMI socket
// of its own in the same run: at a pace that is held, and as fast as each goes. Needs root and apt, as test/peers/asterisk does;
// `node bench/dialer.ts` runs it alone.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Figure, type FigureContext, toMedian } from "./figure.ts";
import { cpuSeconds } from "./processor-time.ts";
import { callApi, execute, openStage, type Stage, startEnlace } from "./stage.ts";

const run = promisify(execFile);
const KIT = join(import.meta.dirname, "../test/peers/asterisk");
/** Of its ports; the tests' own Asterisks have 7,000 to 10,000, bench/originate.ts has 11,500. */
const OFFSET = 12_500;
const AMI_PORT = 5038 + OFFSET;
const AMI_SECRET = "enlace-test";
/** A phone that answers at once, and a dialplan that holds whoever picked up for a second: nothing but the calls is measured. */
const CHANNEL = "Local/wait-1@far";
const DIALPLAN = "\n[enlace-ivr]\nexten => s,1,Wait(1)\n same => n,Hangup()\n";
const HELD_PER_SECOND = 100;
const CALLS_HELD = 600;
/** Long enough that the first moments count for little, in turns so that what else the machine does hurts both. */
const CALLS_FREE = Number(process.env.BENCH_CALLS ?? 3_000);
const ROUNDS = 3;
/** Orders that the bare loop has given and not heard of: more makes it no faster. */
const UNHEARD_MAX = 50;

export const dialer: Figure = { name: "dialer", run: measure };

async function measure({ stage, report }: FigureContext): Promise<void> {
  const asterisk = await startAsterisk().catch((error: Error & { stderr?: string }) => {
    console.log(`SKIPPED dialer: Asterisk cannot be had here: ${(error.stderr || error.message).trim()}`);
  });
  if (!asterisk) return;
  const databaseUrl = await stage.createDatabase("dialer");
  const enlace = await startEnlace(databaseUrl, {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(AMI_PORT), AMI_USERNAME: "enlace", AMI_SECRET },
    ENLACE_API_RATE: "100000",
  }).catch(async (error: unknown) => {
    await asterisk.stop();
    throw error;
  });
  try {
    const house = await prepare(enlace.port, databaseUrl);
    const held = {
      peer: await runBare(HELD_PER_SECOND, CALLS_HELD),
      ours: await house.run(HELD_PER_SECOND, CALLS_HELD),
    };
    report(`Calls started on a real Asterisk against a bare AMI loop, held at ${HELD_PER_SECOND}`, {
      ...{ ...held, ratio: held.ours / held.peer, atLeast: 0.95 },
      detail: `${CALLS_HELD} calls; ours ${held.ours.toFixed(0)}/s, bare ${held.peer.toFixed(0)}/s`,
    });
    const rounds: { peer: number; ours: number }[] = [];
    const beforeSeconds = cpuSeconds(enlace.pid);
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({ peer: await runBare(null, CALLS_FREE), ours: await house.run(null, CALLS_FREE) });
    const [peer, ours] = [toMedian(rounds.map((each) => each.peer)), toMedian(rounds.map((each) => each.ours))];
    const microseconds = ((cpuSeconds(enlace.pid) - beforeSeconds) / (ROUNDS * CALLS_FREE)) * 1e6;
    const all = rounds.map((each) => `${each.ours.toFixed(0)} to ${each.peer.toFixed(0)}`).join(", ");
    report("Calls started on a real Asterisk against a bare AMI loop, as fast as it goes", {
      ...{ ratio: toMedian(rounds.map((each) => each.ours / each.peer)), ours, peer, atLeast: 0.95 },
      detail: `the middle of ${ROUNDS} rounds of ${CALLS_FREE} calls each, ours to bare a second: ${all}; ${microseconds.toFixed(0)} µs of Enlace's processor time for a call with its asking`,
    });
  } finally {
    await enlace.stop();
    await asterisk.stop();
  }
}

async function startAsterisk(): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "enlace-bench-dialer-"));
  const settings = `${folder}-etc`;
  await cp(join(KIT, "etc/pbx"), settings, { recursive: true });
  await appendFile(join(settings, "extensions.conf"), DIALPLAN);
  const env = {
    ...process.env,
    ...{ PBX_CONF: settings, PBX_OFFSET: String(OFFSET), PBX_RTP_START: String(20_000 + OFFSET) },
    ...{ PBX_TRUNK_PORT: "9", PBX_AMI_SECRET: AMI_SECRET },
  };
  const kit = (...words: string[]) => run(join(KIT, "asterisk.sh"), words, { env, timeout: 300_000 });
  const clean = async (): Promise<void> => {
    for (const each of [folder, settings]) await rm(each, { recursive: true, force: true });
  };
  try {
    await kit("install", "16", folder);
    await kit("start", folder);
  } catch (error) {
    await clean();
    throw error;
  }
  return {
    stop: async () => {
      await kit("stop", folder);
      await clean();
    },
  };
}

/** Requests under way. */
const AT_ONCE = 200;

/** A project whose calls wait in the queue until its trunk is switched on. */
async function prepare(port: number, databaseUrl: string) {
  const pbxId = await loadReadyPbx(port);
  const post = (path: string, body: object): Promise<{ id: string }> => callApi(port, "POST", path, body);
  const trunk = { pbx_id: pbxId, name: "bench", dial_template: CHANNEL, channels_max: 10_000 };
  const { id: trunkId } = await post("/api/v1/trunks", trunk);
  const request = { name: "bench", scopes: ["dialer:write"] };
  const { key } = await callApi<{ key: string }>(port, "POST", "/api/v1/api-keys", request);
  let round = 0;
  return {
    run: async (perSecond: number | null, calls: number): Promise<number> => {
      await callApi(port, "PATCH", `/api/v1/trunks/${trunkId}`, { enabled: false });
      await callApi(port, "PUT", "/api/v1/dialer/limits", { per_second: perSecond, channels_max: 10_000 });
      const name = `bench ${++round}`;
      const { id } = await post("/api/v1/projects", {
        name,
        trunks: [{ trunk_id: trunkId }],
        retry: { attempts_max: 1 },
      });
      for (let from = 0; from < calls; from += AT_ONCE)
        await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, calls - from) }, (_, index) =>
            ask({ port, key, projectId: id }, from + index),
          ),
        );
      await callApi(port, "PATCH", `/api/v1/trunks/${trunkId}`, { enabled: true });
      return loadRate(databaseUrl, id, calls);
    },
  };
}

async function ask(
  { port, key, projectId }: { port: number; key: string; projectId: string },
  index: number,
): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/dial`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ project_id: projectId, number: `+346${10_000_000 + index}` }),
  });
  if (answer.status !== 202) throw new Error(`a call was answered ${answer.status}: ${await answer.text()}`);
}

async function loadReadyPbx(port: number): Promise<string> {
  for (;;) {
    const { items } = await callApi<{ items: { id: string; status: { state: string | null } }[] }>(
      port,
      "GET",
      "/api/v1/pbxs",
    );
    const [pbx] = items;
    if (pbx?.status.state === "ready") return pbx.id;
    await rest(100);
  }
}

/** Calls a second from the first order to the last of whom Asterisk said that somebody picked up; as `runBare` counts. */
async function loadRate(databaseUrl: string, projectId: string, calls: number): Promise<number> {
  for (;;) {
    const [row] = await execute<{ open: number; failed: number; seconds: number }>(
      databaseUrl,
      `select count(*) filter (where state <> 'ended')::int as open,
              count(*) filter (where disposition <> 'answered')::int as failed,
              extract(epoch from max(answered_at) - min(dialed_at))::float8 as seconds
         from dial_attempts where project_id = $1`,
      [projectId],
    );
    if (row && row.open === 0 && row.failed > 0) throw new Error(`${row.failed} calls were not answered`);
    if (row && row.open === 0) return calls / row.seconds;
    await rest(200);
  }
}

/** AMI with nothing around it: orders written one after the other, until Asterisk has said of each that somebody picked up. */
async function runBare(perSecond: number | null, count: number): Promise<number> {
  const socket = connect(AMI_PORT, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  const { heard, wait } = countAnswers(socket);
  socket.write(`Action: Login\r\nUsername: enlace\r\nSecret: ${AMI_SECRET}\r\nEvents: call\r\n\r\n`);
  while (heard().orders < 1) await wait();
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) {
    if (perSecond !== null) await rest(startedMs + (index * 1000) / perSecond - performance.now());
    while (index + 1 - heard().orders >= UNHEARD_MAX) await wait();
    const place = "Context: enlace-ivr\r\nExten: s\r\nPriority: 1";
    const id = `bare${Math.round(startedMs)}-${index}`;
    socket.write(
      `Action: Originate\r\nChannel: ${CHANNEL}\r\n${place}\r\nTimeout: 45000\r\nAsync: true\r\nChannelId: ${id}\r\n\r\n`,
    );
  }
  while (heard().calls < count) await wait();
  const tookSeconds = (performance.now() - startedMs) / 1000;
  socket.destroy();
  await rest(2_500); // its last calls end before ours begin
  return count / tookSeconds;
}

/** Answers to orders, the log-in's among them, and calls that were answered; an event's own `Response` is neither. */
function countAnswers(socket: Socket) {
  const counts = { orders: 0, calls: 0 };
  let event = "";
  let bell = Promise.withResolvers<void>();
  createInterface({ input: socket }).on("line", (line) => {
    if (line === "") event = "";
    else if (line.startsWith("Event: ")) event = line.slice("Event: ".length);
    if (!line.startsWith("Response: ") || (event !== "" && event !== "OriginateResponse")) return;
    if (line !== "Response: Success") throw new Error(`Asterisk said ${line}`);
    counts[event === "" ? "orders" : "calls"]++;
    bell.resolve();
    bell = Promise.withResolvers();
  });
  return { heard: () => counts, wait: () => bell.promise };
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

if (import.meta.main) {
  const stage: Stage = await openStage();
  try {
    await measure({ stage, seconds: 0, report: (what, result) => console.log(what, result) });
  } finally {
    await stage.stop();
  }
}
