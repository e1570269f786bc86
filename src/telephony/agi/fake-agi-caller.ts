// The other side of the wire: Asterisk calling a FastAGI server.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface FakeAgiCaller {
  socket: Socket;
  /** Commands received so far. */
  commands: readonly string[];
  /** Resolves with the next command that has not been taken yet. Rejects when the server closes first. */
  next(): Promise<string>;
  reply(text: string): void;
  /** Resolves when the server has ended the session. */
  ended: Promise<void>;
}

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  agi_network: "yes",
  agi_network_script: "ivr?project=77&x=a%20b",
  agi_channel: "PJSIP/trunk-00000012",
  agi_uniqueid: "1771500000.42",
  agi_callerid: "34600000001",
  agi_calleridname: "unknown",
  agi_dnid: "34600000002",
  agi_context: "from-pstn",
  agi_extension: "100",
  agi_arg_1: "one",
  agi_arg_2: "",
};

export const toEnvironmentBytes = (environment: Readonly<Record<string, string>>): string =>
  `${Object.entries(environment)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("")}\n`;

/** Connects and sends an environment. `answer` replies to commands; without it the test calls `next` and `reply`. */
export async function callAgi(
  port: number,
  answer?: (command: string) => string | undefined,
  environment = toEnvironmentBytes(ENVIRONMENT),
): Promise<FakeAgiCaller> {
  const socket = connect({ port, host: "127.0.0.1" });
  const commands: string[] = [];
  const waiters: { resolve(command: string): void; reject(error: Error): void }[] = [];
  const untaken: string[] = [];
  let text = "";
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    for (const { reject } of waiters.splice(0)) reject(new Error("the server closed the session"));
  });
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const command = text.slice(0, end);
      text = text.slice(end + 1);
      commands.push(command);
      const reply = answer?.(command);
      const waiter = waiters.shift();
      if (reply !== undefined) socket.write(`${reply}\n`);
      if (waiter) waiter.resolve(command);
      else untaken.push(command);
    }
  });
  await once(socket, "connect");
  socket.write(environment);
  return {
    socket,
    commands,
    ended,
    reply: (reply) => socket.write(`${reply}\n`),
    next: () =>
      new Promise((resolve, reject) => {
        const command = untaken.shift();
        if (command === undefined) waiters.push({ resolve, reject });
        else resolve(command);
      }),
  };
}
