// FastAGI sessions: ours against ding-dong, the same script, each server in a process of its own, the same callers.
// The peer is not a dependency of Enlace; with it `npm run bench -- fastagi` (or `node bench/fastagi.ts` alone) prints the ratios:
//   BENCH_PEERS=/tmp/peers; npm i --prefix $BENCH_PEERS ding-dong@0.1.7
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { createAgiServer } from "../src/telephony/agi/server.ts";
import { type FigureContext, toMedian } from "./figure.ts";

const ROUNDS = 3;
const CALLERS = 64;
const COMMANDS = 8;
const WARM_UP_SESSIONS = 5_000;
const CONTENDERS = ["enlace", "ding-dong", "floor"] as const;

type Contender = (typeof CONTENDERS)[number];

/**
 * (f) FastAGI sessions against ding-dong, and both against a floor: a bare `net` server that answers each packet with constant
 * bytes and understands nothing. No FastAGI server on node:net can be faster than that, so the floor's own ratio to ding-dong
 * says how much there is to win.
 */
export const fastagi = { name: "fastagi", run: runFastagi };

async function runFastagi({ seconds, report }: FigureContext): Promise<void> {
  const servers = await Promise.all(CONTENDERS.map(startServer));
  try {
    for (const { port } of servers) await call(port, (done) => done >= WARM_UP_SESSIONS); // compilers settle
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) server.rates.push(await measure(server, seconds)); // in turns: a busy moment hurts all
    }
  } finally {
    await Promise.all(servers.map(({ stop }) => stop()));
  }
  const median = (name: Contender, rate: keyof Rates): number =>
    toMedian(servers.find((server) => server.name === name)?.rates.map((one) => one[rate]) ?? []);
  const compare = (one: Contender, other: Contender, rate: keyof Rates) => {
    const [ours, peer] = [median(one, rate), median(other, rate)];
    return { ours, peer, ratio: ours / peer };
  };
  const sessions = `FastAGI sessions of ${COMMANDS} commands`;
  report(`${sessions} a second against ding-dong`, { ...compare("enlace", "ding-dong", "perSecond"), atLeast: 2 });
  report("the same for a second of the server's CPU", compare("enlace", "ding-dong", "perCpuSecond"));
  report("the most there is to win: constant bytes against ding-dong, for a second of CPU", {
    ...compare("floor", "ding-dong", "perCpuSecond"),
    detail: "a bare net server that parses nothing",
  });
  report(`${sessions} for a second of CPU against constant bytes`, compare("enlace", "floor", "perCpuSecond"));
}

interface Rates {
  perSecond: number;
  perCpuSecond: number;
}

interface Server {
  name: Contender;
  port: number;
  rates: Rates[];
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

async function startServer(name: Contender): Promise<Server> {
  const child = fork(import.meta.filename, ["serve", name]);
  const [port] = (await once(child, "message")) as [number];
  return {
    ...{ name, port, rates: [] },
    cpuMs: async () => {
      child.send("cpu");
      return ((await once(child, "message")) as [number])[0];
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

async function measure({ port, cpuMs }: Server, seconds: number): Promise<Rates> {
  const before = await cpuMs();
  const startedMs = performance.now();
  const sessions = await call(port, () => performance.now() - startedMs >= seconds * 1000);
  const ms = performance.now() - startedMs;
  return { perSecond: (sessions / ms) * 1000, perCpuSecond: (sessions / ((await cpuMs()) - before)) * 1000 };
}

/** Has all callers call until `isOver`; resolves with the number of sessions once the last one has ended. */
async function call(port: number, isOver: (done: number) => boolean): Promise<number> {
  let done = 0;
  const caller = async (): Promise<void> => {
    while (!isOver(done)) {
      await callOnce(port);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return done;
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

/** The same conversation with no understanding: what node:net and the kernel cost by themselves. */
async function serveFloor(): Promise<void> {
  const pair = ['GET VARIABLE "PROJECT"\n', 'SET VARIABLE "RESULT" "value"\n'];
  const middle = Array.from({ length: (COMMANDS - 2) / 2 }, () => pair).flat();
  const lines = ["ANSWER\n", ...middle, 'VERBOSE "done" "1"\n'].map((line) => Buffer.from(line));
  const server = createServer({ noDelay: true }, (socket) => {
    let sent = 0;
    socket.on("error", () => socket.destroy());
    socket.on("data", () => {
      const line = lines[sent++];
      if (line) socket.write(line);
      else socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.((server.address() as { port: number }).port);
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
    await (name === "enlace" ? serveOurs() : name === "floor" ? serveFloor() : serveDingDong());
  } else {
    const context = { seconds: Number(process.env.BENCH_SECONDS ?? 2), report: console.log };
    await runFastagi(context as unknown as FigureContext);
  }
}
