import { connect } from "node:net";
import type { Clock } from "../../kit/clock.ts";
import { type FakeChannel, UNKNOWN } from "./fake-wire.ts";

/** Asterisk's side of one FastAGI session, with a caller who presses keys. */
export interface FakeAgiOptions {
  /** `agi://host:port/script?query` */
  url: string;
  channel: FakeChannel;
  args: readonly string[];
  /** Keys the caller presses, one after the other, whenever he is listened to. */
  keys: string;
  /** How long a sound is. */
  soundMs: number;
  clock: Clock;
  /** ANSWER was asked for. */
  onAnswer(): void;
  /** Whether the channel still lives; a dead one refuses commands. */
  isLive(): boolean;
  /** Aborts when the caller hangs up: what is under way comes back with -1. */
  gone?: AbortSignal;
  /** Runs an application; absent: each takes as long as a sound. */
  exec?: FakeExec;
}

/** Resolves with how long it takes from then on. */
export type FakeExec = (application: string, argument: string) => Promise<{ afterMs: number }>;

export interface FakeAgiEnd {
  /** AGISTATUS. */
  status: "SUCCESS" | "FAILURE" | "HANGUP";
  /** As received, in order. */
  commands: readonly string[];
}

type Words = readonly [string, ...string[]];

/** Resolves when the server has closed the session; never rejects: a server that is not there is a `FAILURE`, as in a dialplan. */
export function converseAgi(options: FakeAgiOptions): Promise<FakeAgiEnd> {
  const { hostname, port, pathname, search } = new URL(options.url.replace(/^agi:/, "http:"));
  const { promise, resolve } = Promise.withResolvers<FakeAgiEnd>();
  const commands: string[] = [];
  const answer = createAnswers(options);
  const socket = connect({ host: hostname, port: Number(port || 4573), noDelay: true });
  const { gone, clock, exec, isLive } = options;
  let status: FakeAgiEnd["status"] = "FAILURE";
  let text = "";
  /** Answers the command under way because the caller has gone. */
  let interrupt: (() => void) | undefined;
  const onGone = (): void => {
    status = "HANGUP";
    if (socket.writable) socket.write("HANGUP\n");
    interrupt?.();
  };
  const say = (bytes: string): void => {
    interrupt = undefined;
    if (socket.writable) socket.write(bytes);
  };

  /** One reply, when it is its time. */
  function reply(bytes: string, afterMs: number): void {
    if (afterMs === 0) {
      say(bytes);
      return;
    }
    const release = clock.after(afterMs, () => say(bytes));
    interrupt = () => {
      release();
      say("200 result=-1\n");
    };
  }

  function run(application: string, argument: string): void {
    let isOver = false;
    interrupt = () => {
      isOver = true;
      say("200 result=-1\n");
    };
    void exec?.(application, argument).then(({ afterMs }) => {
      if (!isOver) reply("200 result=0\n", afterMs);
    });
  }

  function carryOut(line: string): void {
    commands.push(line);
    const words = toWords(line);
    const [name] = words;
    if (!isLive() && !SAFE_WHEN_DEAD.has(name)) say(`${DEAD}\n`);
    else if (name === "EXEC" && exec) run(words[1] ?? "", words[2] ?? "");
    else {
      const { reply: text, afterMs = 0, isHangup } = answer(words);
      if (isHangup) status = "HANGUP";
      reply(`${text}\n${isHangup ? "HANGUP\n" : ""}`, afterMs);
    }
  }

  gone?.addEventListener("abort", onGone, { once: true });
  socket.once("connect", () => {
    status = "SUCCESS";
    socket.write(toEnvironment(options, `${pathname.slice(1)}${search}`));
  });
  socket.on("error", () => socket.destroy()); // no server: FAILURE, and the dialplan goes on
  socket.on("close", () => {
    gone?.removeEventListener("abort", onGone);
    resolve({ status, commands });
  });
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      carryOut(line);
    }
  });
  return promise;
}

interface Answer {
  reply: string;
  afterMs?: number;
  isHangup?: boolean;
}

const DEAD = "511 Command Not Permitted on a dead channel or intercept routine";
/** Asterisk keeps the variables of a channel for as long as the session lasts. */
const SAFE_WHEN_DEAD = new Set<string>(["GET VARIABLE", "SET VARIABLE", "VERBOSE"]);

/** What the channel says to each command; commands it does not know are 510, as in the real one. */
function createAnswers({ channel, keys, soundMs, onAnswer }: FakeAgiOptions) {
  const left = [...keys];
  const press = (among?: string): string | undefined =>
    left[0] !== undefined && (among === undefined || among.includes(left[0])) ? left.shift() : undefined;
  const toCode = (key: string | undefined): number => key?.charCodeAt(0) ?? 0;
  const ok = (result: number | string = 0): Answer => ({ reply: `200 result=${result}` });

  const play = (among: string): Answer => {
    const key = press(among);
    const afterMs = key === undefined ? soundMs : Math.ceil(soundMs / 2);
    return { reply: `200 result=${toCode(key)} endpos=${afterMs * 8}`, afterMs };
  };
  const gather = (digitsMax: number): Answer => {
    const digits = left.splice(0, digitsMax).join("");
    const isFull = digits.length === digitsMax;
    return { reply: `200 result=${digits}${isFull ? "" : " (timeout)"}`, afterMs: soundMs };
  };

  return ([name, ...args]: Words): Answer => {
    switch (name) {
      case "ANSWER":
        onAnswer();
        return ok();
      case "HANGUP":
        return { reply: "200 result=1", isHangup: true };
      case "CHANNEL STATUS":
        return ok(channel.state);
      case "GET VARIABLE": {
        const value = channel.variables.get(args[0] ?? "");
        return value === undefined ? ok() : { reply: `200 result=1 (${value})` };
      }
      case "SET VARIABLE":
        channel.variables.set(args[0] ?? "", args[1] ?? "");
        return ok(1);
      case "SET CONTEXT":
        channel.context = args[0] ?? "";
        return ok();
      case "SET EXTENSION":
        channel.exten = args[0] ?? "";
        return ok();
      case "SET PRIORITY":
        channel.priority = Number(args[0]);
        return ok();
      case "STREAM FILE":
        return play(args[1] ?? "");
      case "SAY DIGITS":
        return play(args[1] ?? "");
      case "WAIT FOR DIGIT":
        return { reply: `200 result=${toCode(press())}`, afterMs: 1 };
      case "GET DATA":
        return gather(Number(args[2] ?? 1024));
      case "RECORD FILE":
        return { reply: `200 result=${toCode(press(args[2]))} (timeout) endpos=${soundMs * 8}`, afterMs: soundMs };
      case "EXEC":
        return { reply: "200 result=0", afterMs: soundMs };
      case "VERBOSE":
        return ok(1);
      default:
        return { reply: "510 Invalid or unknown command" };
    }
  };
}

const TWO_WORDS = /^(?:CHANNEL STATUS|GET VARIABLE|GET DATA|RECORD FILE|SAY DIGITS|STREAM FILE|WAIT FOR DIGIT|SET \w+)/;

/** The name of a command and its arguments, quoted or not. */
function toWords(line: string): Words {
  const name = TWO_WORDS.exec(line)?.[0] ?? line.split(" ", 1)[0] ?? "";
  const args = [...line.slice(name.length).matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)];
  return [name, ...args.map(([, quoted, plain]) => plain ?? (quoted ?? "").replaceAll(/\\(.)/g, "$1"))];
}

function toEnvironment({ channel, args, url }: FakeAgiOptions, script: string): string {
  const unknown = (text: string): string => (text === UNKNOWN ? "unknown" : text);
  const lines = [
    ...["network: yes", `network_script: ${script}`, `request: ${url}`, `channel: ${channel.name}`, "language: en"],
    ...[`type: ${channel.name.split("/", 1)[0]}`, `uniqueid: ${channel.uniqueId}`, "version: 16.28.0~dfsg-0+deb11u10"],
    ...[`callerid: ${unknown(channel.number)}`, `calleridname: ${unknown(channel.callerName)}`, "callingpres: 0"],
    ...["callingani2: 0", "callington: 0", "callingtns: 0", `dnid: ${channel.exten}`, "rdnis: unknown"],
    ...[`context: ${channel.context}`, `extension: ${channel.exten}`, `priority: ${channel.priority}`],
    ...["enhanced: 0.0", "accountcode: ", "threadid: 140002"],
    ...args.map((value, index) => `arg_${index + 1}: ${value}`),
  ];
  return `${lines.map((line) => `agi_${line}\n`).join("")}\n`;
}
