// FastAGI sessions: ours against ding-dong, the same script, each server in a process of its own, the same callers.
// `node bench/fastagi.ts` alone prints the ratios; the peer is not a dependency of Enlace:
//   BENCH_PEERS=/tmp/peers; npm i --prefix $BENCH_PEERS ding-dong@0.1.7
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { createAgiServer } from "../src/telephony/agi/server.ts";
import { type FigureContext, toMedian } from "./figure.ts";

const ROUNDS = 3;
const CALLERS = 64;
const COMMANDS = 8;
const WARM_UP_MS = 700;

export const fastagi = { name: "fastagi", run: runFastagi };

async function runFastagi({ seconds, report }: FigureContext): Promise<void> {
  const seen = { enlace: [] as Rates[], "ding-dong": [] as Rates[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, rates] of Object.entries(seen)) rates.push(await measure(name, seconds));
  }
  const pick = (rate: keyof Rates) => {
    const [ours, peer] = [seen.enlace, seen["ding-dong"]].map((rates) => toMedian(rates.map((one) => one[rate])));
    return { ours: ours ?? 0, peer: peer ?? 0, ratio: (ours ?? 0) / (peer ?? 0) };
  };
  report(`FastAGI sessions of ${COMMANDS} commands a second against ding-dong`, { ...pick("perSecond"), atLeast: 2 });
  report("FastAGI sessions for a second of the server's CPU against ding-dong", pick("perCpuSecond"));
}

interface Rates {
  perSecond: number;
  perCpuSecond: number;
}

async function measure(name: string, seconds: number): Promise<Rates> {
  const server = fork(import.meta.filename, ["serve", name]);
  const [port] = (await once(server, "message")) as [number];
  const askCpuMs = async (): Promise<number> => {
    server.send("cpu");
    return ((await once(server, "message")) as [number])[0];
  };
  let sessions = 0;
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isOver) {
      await callOnce(port);
      sessions++;
    }
  });
  await systemClock.sleep(WARM_UP_MS);
  const before = { sessions, cpuMs: await askCpuMs(), ms: performance.now() };
  await systemClock.sleep(seconds * 1000);
  const done = sessions - before.sessions;
  const cpuMs = (await askCpuMs()) - before.cpuMs;
  const ms = performance.now() - before.ms;
  isOver = true;
  await Promise.all(callers);
  const exited = once(server, "exit");
  server.kill();
  await exited;
  return { perSecond: done / (ms / 1000), perCpuSecond: done / (cpuMs / 1000) };
}

const ENVIRONMENT = Buffer.from(
  `${[
    "agi_network: yes",
    "agi_network_script: ivr?project=7",
    "agi_request: agi://127.0.0.1:4573/ivr?project=7",
    "agi_channel: PJSIP/trunk-00000012",
    "agi_language: en",
    "agi_type: PJSIP",
    "agi_uniqueid: 1771500000.42",
    "agi_version: 20.5.0",
    "agi_callerid: 34600000001",
    "agi_calleridname: unknown",
    "agi_callingpres: 0",
    "agi_callingani2: 0",
    "agi_callington: 0",
    "agi_callingtns: 0",
    "agi_dnid: 34600000002",
    "agi_rdnis: unknown",
    "agi_context: from-pstn",
    "agi_extension: 34600000002",
    "agi_priority: 3",
    "agi_enhanced: 0.0",
    "agi_accountcode: ",
    "agi_threadid: 140002",
    "agi_arg_1: 77",
  ].join("\n")}\n\n`,
);
const REPLY = Buffer.from("200 result=1 (value)\n");

/** Asterisk's part of one session, as lean as can be: one reply a command. */
function callOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let commands = 0;
    socket.on("error", reject);
    socket.on("data", () => {
      commands++;
      socket.write(REPLY);
    });
    socket.on("close", () => {
      if (commands === COMMANDS) resolve();
      else reject(new Error(`a session had ${commands} commands`));
    });
    socket.write(ENVIRONMENT);
  });
}

function reportCpu(): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
}

async function serveOurs(): Promise<void> {
  const server = createAgiServer({
    ...{ host: "127.0.0.1", port: 0, allow: ["127.0.0.1"], clock: systemClock },
    log: createLog({ level: "error", format: "json" }),
    onCall: async (agi) => {
      await agi.answer();
      for (let index = 0; index < (COMMANDS - 2) / 2; index++) {
        await agi.getVariable("PROJECT");
        await agi.setVariable("RESULT", "value");
      }
      await agi.verbose("done");
    },
  });
  process.send?.(await server.start());
}

interface DingDongContext {
  onEvent(name: string): Promise<unknown>;
  answer(): Promise<unknown>;
  getVariable(name: string): Promise<unknown>;
  setVariable(name: string, value: string): Promise<unknown>;
  verbose(text: string, level: number): Promise<unknown>;
  end(): Promise<unknown>;
}

/** As its README shows it. */
async function serveDingDong(): Promise<void> {
  const folder = process.env.BENCH_PEERS;
  if (folder === undefined)
    throw new Error("BENCH_PEERS names no folder with the peer; see the top of bench/fastagi.ts");
  const AgiServer = createRequire(join(folder, "package.json"))("ding-dong");
  const script = async (context: DingDongContext): Promise<void> => {
    await context.onEvent("variables");
    await context.answer();
    for (let index = 0; index < (COMMANDS - 2) / 2; index++) {
      await context.getVariable("PROJECT");
      await context.setVariable("RESULT", "value");
    }
    await context.verbose("done", 1);
    await context.end();
  };
  const probe = createAgiServer({
    ...{ host: "127.0.0.1", port: 0, allow: [] },
    clock: systemClock,
    log: createLog({ level: "error", format: "json" }),
    onCall: async () => undefined,
  });
  const port = await probe.start(); // it takes no port 0: find a free one for it
  await probe.stop();
  const listening = once(new AgiServer(script).start(port, "127.0.0.1"), "listening");
  await listening;
  process.send?.(port);
}

if (import.meta.main) {
  const [mode, name] = process.argv.slice(2);
  if (mode === "serve") {
    reportCpu();
    await (name === "enlace" ? serveOurs() : serveDingDong());
  } else {
    const context = { seconds: Number(process.env.BENCH_SECONDS ?? 2), report: console.log };
    await runFastagi(context as unknown as FigureContext);
  }
}
