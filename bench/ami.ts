// Events of a busy PBX, parsed and handed over: ours against the AMI clients of npm, each in a process of its own, on the
// same bytes from the same source. `node bench/ami.ts` alone prints the ratios; the peers are not dependencies of Enlace:
//   BENCH_PEERS=/tmp/peers; npm i --prefix $BENCH_PEERS asterisk-manager@0.2.0 asterisk-ami-client@1.1.5 yana@0.3.0
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { systemRandom } from "../src/kit/random.ts";
import { AmiConnection } from "../src/telephony/ami/connection.ts";
import { type FigureContext, toMedian } from "./figure.ts";

const PEERS = ["asterisk-manager", "asterisk-ami-client", "yana"] as const;
const ROUNDS = 3;
const WARM_UP_MS = 500;

export const ami = { name: "ami", run: runAmi };

async function runAmi({ seconds, report }: FigureContext): Promise<void> {
  const source = fork(import.meta.filename, ["source"]);
  const [port] = (await once(source, "message")) as [number];
  const rates = new Map<string, number[]>(["enlace", ...PEERS].map((name) => [name, []]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, measured] of rates) measured.push(await measure(name, port, seconds));
    }
  } finally {
    source.kill();
  }
  const ours = toMedian(rates.get("enlace") ?? []);
  const best = Math.max(...PEERS.map((name) => toMedian(rates.get(name) ?? [])));
  for (const name of PEERS) {
    const peer = toMedian(rates.get(name) ?? []);
    const isBest = peer === best ? { atLeast: 3 } : {};
    report(`AMI events a second against ${name}`, { ratio: ours / peer, ours, peer, ...isBest });
  }
}

async function measure(name: string, port: number, seconds: number): Promise<number> {
  const child = fork(import.meta.filename, ["client", name, String(port), String(seconds)]);
  const [rate] = (await once(child, "message")) as [number];
  await end(child);
  return rate;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill();
  await exited;
}

/** A PBX that lets anybody in and then tells of calls as fast as it is read. */
async function serveEvents(): Promise<void> {
  const chunk = Buffer.from(toEvents().join(""));
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.write("Asterisk Call Manager/5.0.4\r\n");
    socket.on("data", (bytes) => {
      text += bytes.toString("utf8");
      for (let stop = text.indexOf("\r\n\r\n"); stop >= 0; stop = text.indexOf("\r\n\r\n")) {
        answer(socket, text.slice(0, stop), chunk);
        text = text.slice(stop + 4);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.((server.address() as { port: number }).port);
}

function answer(socket: Socket, action: string, chunk: Buffer): void {
  const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, "im").exec(action)?.[1]?.trim() ?? "";
  const id = `ActionID: ${header("ActionID")}\r\n`;
  const name = header("Action").toLowerCase();
  if (name === "challenge") socket.write(`Response: Success\r\n${id}Challenge: 1\r\n\r\n`);
  else if (name === "coreshowchannels") {
    socket.write(`Response: Success\r\n${id}EventList: start\r\n\r\n`);
    socket.write(`Event: CoreShowChannelsComplete\r\n${id}EventList: Complete\r\nListItems: 0\r\n\r\n`);
  } else socket.write(`Response: Success\r\n${id}Message: Authentication accepted\r\n\r\n`);
  if (name === "login") pour(socket, chunk);
}

function pour(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    if (!socket.destroyed && socket.write(chunk)) setImmediate(more);
  };
  socket.on("drain", more);
  setTimeout(more, 100);
}

/** The recorded calls with the headers that the recordings leave out: about 700 bytes an event, as on the wire. */
function toEvents(): string[] {
  const folder = join(import.meta.dirname, "../src/telephony/tracker/fixtures");
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").trim().split("\n"));
  return lines.map((line) => {
    const { ms: _, Event, ...fields } = JSON.parse(line);
    const names = {
      CallerIDName: "Agent 101",
      ConnectedLineName: "<unknown>",
      Language: "en",
      AccountCode: "",
      Priority: 1,
    };
    const whole = {
      Event,
      Privilege: "call,all",
      Timestamp: "1795344270.123456",
      ...fields,
      ChannelStateDesc: "Up",
      ...names,
    };
    return `${Object.entries({ ...whole, DestLanguage: "en", DestPriority: 1, DestChannelStateDesc: "Down" })
      .map(([header, value]) => `${header}: ${value}\r\n`)
      .join("")}\r\n`;
  });
}

type Read = (header: string) => unknown;

/** Counts events for `seconds` after a warm-up; each is looked at as a call tracker would. */
function count(seconds: number, connect: (onEvent: (read: Read) => void) => void): void {
  let events = 0;
  let bytes = 0;
  connect((read) => {
    events++;
    bytes += String(read("Event")).length + String(read("Channel")).length;
    bytes += String(read("Uniqueid")).length + String(read("Linkedid")).length;
    if (events === 1) setTimeout(start, WARM_UP_MS);
  });
  function start(): void {
    const before = events;
    const startedMs = performance.now();
    setTimeout(() => {
      if (bytes === 0) throw new Error("nothing was read");
      process.send?.((events - before) / ((performance.now() - startedMs) / 1000));
    }, seconds * 1000);
  }
}

const account = { host: "127.0.0.1", login: "enlace", password: "secret" };

function connectOurs(port: number, onEvent: (read: Read) => void): void {
  const { host, login: username, password: secret } = account;
  const connection = new AmiConnection({
    address: { host, port, username, secret },
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: "error", format: "json" }),
    onItems: (items) => {
      for (const item of items) if (item.kind === "event") onEvent((header) => item.message.get(header));
    },
  });
  connection.start();
}

/** The peers have no types; each is used as its own README shows. */
function connectPeer(name: string, port: number, onEvent: (read: Read) => void): void {
  const folder = process.env.BENCH_PEERS;
  if (folder === undefined) throw new Error("BENCH_PEERS names no folder with the peers; see the top of bench/ami.ts");
  const Peer = createRequire(join(folder, "package.json"))(name);
  const { host, login, password } = account;
  const take = (event: Record<string, unknown>): void => onEvent((header) => event[header]);
  if (name === "asterisk-manager") {
    const peer = new Peer(port, host, login, password, true);
    peer.on("managerevent", (event: Record<string, unknown>) => onEvent((header) => event[header.toLowerCase()]));
  } else if (name === "yana") {
    const peer = new Peer({ port, host, login, password, events: true });
    peer.on("event", take);
    peer.connect(() => undefined);
  } else {
    const peer = new Peer({ reconnect: false });
    peer.on("event", take);
    peer.connect(login, password, { host, port });
  }
}

if (import.meta.main) {
  const [mode, name = "", port, seconds] = process.argv.slice(2);
  if (mode === "source") await serveEvents();
  else if (mode === "client") {
    const connect = (onEvent: (read: Read) => void): void =>
      name === "enlace" ? connectOurs(Number(port), onEvent) : connectPeer(name, Number(port), onEvent);
    count(Number(seconds), connect);
  } else {
    const context = { seconds: Number(process.env.BENCH_SECONDS ?? 2), report: console.log };
    await runAmi(context as unknown as FigureContext);
  }
}
