// Click to call on the running Enlace with a real Asterisk 16: from the request to the 202, which comes when Asterisk has
// accepted the order, beside the same order given over a bare AMI socket in the same run. Needs root and apt, as
// test/peers/asterisk does; `node bench/originate.ts` runs it alone.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Figure, type FigureContext, toMedian } from "./figure.ts";
import { callApi, openStage, type Stage, startEnlace } from "./stage.ts";

const run = promisify(execFile);
const KIT = join(import.meta.dirname, "../test/peers/asterisk");
/** Of its ports; the tests' own Asterisks have 7,000 to 10,000. */
const OFFSET = 11_500;
const AMI_PORT = 5038 + OFFSET;
const AMI_SECRET = "enlace-test";
/** Enlace takes 30 clicks a minute from one caller: several take turns. */
const CALLERS = 10;
const CLICKS_PER_CALLER = 28;
const WARM_UP = 20;
/** A phone that answers at once and hangs up: no SIP, so that nothing but the order is measured. */
const DIAL = {
  extension: "Local/wait-$" + "{extension}@far",
  context: "from-internal",
  number: "9$" + "{number}",
  form: "local",
};

export const originate: Figure = { name: "originate", run: measure };

async function measure({ stage, report }: FigureContext): Promise<void> {
  const asterisk = await startAsterisk().catch((error: Error & { stderr?: string }) => {
    console.log(`SKIPPED originate: Asterisk cannot be had here: ${(error.stderr || error.message).trim()}`);
  });
  if (!asterisk) return;
  const enlace = await startEnlace(await stage.createDatabase("originate"), {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(AMI_PORT), AMI_USERNAME: "enlace", AMI_SECRET },
  }).catch(async (error: unknown) => {
    await asterisk.stop();
    throw error;
  });
  try {
    const keys = await prepare(enlace.port);
    const bare = await openBareAmi();
    const ours: number[] = [];
    const peer: number[] = [];
    for (let index = 0; index < CALLERS * CLICKS_PER_CALLER; index++) {
      const [click, order] = [await timed(() => place(enlace.port, keys[index % CALLERS] ?? "")), await bare.place()];
      if (index < WARM_UP) continue;
      ours.push(click);
      peer.push(order);
    }
    bare.close();
    const [median, own] = [toMedian(ours), toMedian(peer)];
    const p95 = ours.toSorted((a, b) => a - b)[Math.floor(ours.length * 0.95)] ?? 0;
    const detail = `${ours.length} clicks; p95 ${p95.toFixed(1)} ms; Asterisk's own answer over a bare AMI socket ${own.toFixed(2)} ms`;
    report("Click to call, from request to Originate accepted by Asterisk, median ms", {
      value: median,
      atMost: 50,
      detail,
    });
    report("Click to call against the same order over a bare AMI socket", { ratio: median / own });
  } finally {
    await enlace.stop();
    await asterisk.stop();
  }
}

async function startAsterisk(): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "enlace-bench-asterisk-"));
  const env = {
    ...process.env,
    ...{ PBX_CONF: join(KIT, "etc/pbx"), PBX_OFFSET: String(OFFSET), PBX_RTP_START: String(20_000 + OFFSET) },
    ...{ PBX_TRUNK_PORT: "9", PBX_AMI_SECRET: AMI_SECRET },
  };
  const kit = (...words: string[]) => run(join(KIT, "asterisk.sh"), words, { env, timeout: 300_000 });
  const stop = async (): Promise<void> => {
    await kit("stop", folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await kit("install", "16", folder);
    await kit("start", folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return { stop };
}

interface Pbxs {
  items: { id: string; status: { state: string | null } }[];
}

/** An extension, a dial template, callers; resolves with their keys once the PBX is connected. */
async function prepare(port: number): Promise<string[]> {
  await callApi(port, "PUT", "/api/v1/extensions/00", {});
  const [pbx] = (await callApi<Pbxs>(port, "GET", "/api/v1/pbxs")).items;
  await callApi(port, "PATCH", `/api/v1/pbxs/${pbx?.id}`, { dial: DIAL });
  const keys: string[] = [];
  for (let index = 0; index < CALLERS; index++) {
    const request = { name: `bench ${index}`, scopes: ["calls:write"] };
    keys.push((await callApi<{ key: string }>(port, "POST", "/api/v1/api-keys", request)).key);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // the burst of changes is connected to anew once
  for (;;) {
    const [found] = (await callApi<Pbxs>(port, "GET", "/api/v1/pbxs")).items;
    if (found?.status.state === "ready") return keys;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function place(port: number, key: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/calls/originate`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ extension: "00", number: "+34600000011" }),
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`a click was answered ${answer.status}: ${text}`);
}

/** AMI with nothing around it: one action written, its response awaited. */
async function openBareAmi(): Promise<{ place(): Promise<number>; close(): void }> {
  const socket = connect(AMI_PORT, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  const responses = readResponses(socket);
  socket.write(`Action: Login\r\nUsername: enlace\r\nSecret: ${AMI_SECRET}\r\nEvents: off\r\n\r\n`);
  await responses.next();
  let placed = 0;
  return {
    place: () =>
      timed(async () => {
        const target = "Channel: Local/wait-00@far\r\nContext: from-internal\r\nExten: 9600000011\r\nPriority: 1";
        const id = `bare${++placed}`;
        socket.write(`Action: Originate\r\n${target}\r\nTimeout: 30000\r\nAsync: true\r\nChannelId: ${id}\r\n\r\n`);
        const { value } = await responses.next();
        if (value !== "Response: Success") throw new Error(`Asterisk said ${value}`);
      }),
    close: () => socket.destroy(),
  };
}

async function* readResponses(socket: Socket): AsyncGenerator<string> {
  for await (const line of createInterface({ input: socket })) if (line.startsWith("Response: ")) yield line;
}

if (import.meta.main) {
  const stage: Stage = await openStage();
  try {
    await measure({ stage, seconds: 0, report: (what, result) => console.log(what, result) });
  } finally {
    await stage.stop();
  }
}
