// The other side of the wire: bytes like Asterisk's manager port, wrong days included.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export type FakeFields = Readonly<Record<string, string>>;

export interface FakeAction {
  /** As received, line by line. */
  lines: readonly string[];
  get(header: string): string | undefined;
  /** Writes one message; the ActionID is added. */
  answer(fields: FakeFields): void;
  socket: Socket;
}

export interface FakeAmi {
  port: number;
  /** Actions received since the start, logins included. */
  actions: readonly FakeAction[];
  /** Live channels for CoreShowChannels. */
  channels: FakeFields[];
  /** Takes an action away from the fake; `true` says it was answered (or deliberately not). */
  onAction: (action: FakeAction) => boolean;
  event(fields: FakeFields): void;
  raw(bytes: string | Buffer): void;
  cut(): void;
  connections(): number;
  /** Resolves with the next action of that name. */
  next(name: string): Promise<FakeAction>;
  stop(): Promise<void>;
}

export interface FakeAmiOptions {
  username?: string;
  secret?: string;
  banner?: string;
  /** Speaks TLS. */
  tls?: { key: string; cert: string };
  /** Answers to CoreShowChannels with "Permission denied". */
  mayReport?: boolean;
}

export const toBytes = (fields: FakeFields): string =>
  `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;

/** Starts on a free loopback port. */
export async function startFakeAmi(options: FakeAmiOptions = {}): Promise<FakeAmi> {
  const sockets = new Set<Socket>();
  const actions: FakeAction[] = [];
  const waiters: { name: string; resolve(action: FakeAction): void }[] = [];
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => sockets.delete(socket)).on("close", () => sockets.delete(socket));
    socket.write(`${options.banner ?? "Asterisk Call Manager/5.0.4"}\r\n`);
    socket.on("data", (chunk) => {
      text += chunk.toString("utf8");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const lines = text.slice(0, end).split("\r\n");
        text = text.slice(end + 4);
        take(toAction(lines, socket));
      }
    });
  };
  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  function take(action: FakeAction): void {
    actions.push(action);
    const index = waiters.findIndex(({ name }) => name === action.get("Action"));
    if (!fake.onAction(action)) answer(action, options, fake.channels);
    if (index >= 0) waiters.splice(index, 1)[0]?.resolve(action);
  }

  const broadcast = (bytes: string | Buffer): void => {
    for (const socket of sockets) socket.write(bytes);
  };
  const fake: FakeAmi = {
    port: (server.address() as { port: number }).port,
    actions,
    channels: [],
    onAction: () => false,
    event: (fields) => broadcast(toBytes(fields)),
    raw: broadcast,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    connections: () => sockets.size,
    next: (name) => new Promise((resolve) => waiters.push({ name, resolve })),
    stop: async () => {
      server.close();
      fake.cut();
      await once(server, "close");
    },
  };
  return fake;
}

function toAction(lines: readonly string[], socket: Socket): FakeAction {
  const get = (header: string): string | undefined =>
    lines.find((line) => line.startsWith(`${header}: `))?.slice(header.length + 2);
  const ActionID = get("ActionID") ?? "";
  return {
    lines,
    get,
    socket,
    answer: ({ Response, Event, ...rest }) => {
      const first: FakeFields = Response !== undefined ? { Response } : { Event: Event ?? "" };
      socket.write(toBytes({ ...first, ActionID, ...rest }));
    },
  };
}

const CHALLENGE = "840415273";

function answer(action: FakeAction, options: FakeAmiOptions, channels: readonly FakeFields[]): void {
  const name = action.get("Action");
  if (name === "Challenge") action.answer({ Response: "Success", Challenge: CHALLENGE });
  else if (name === "Login") answerLogin(action, options);
  else if (name === "Ping") action.answer({ Response: "Success", Ping: "Pong" });
  else if (name === "CoreShowChannels" && options.mayReport !== false) answerList(action, "CoreShowChannel", channels);
  else if (name === "CoreShowChannels") action.answer({ Response: "Error", Message: "Permission denied" });
  else if (name === "Status") answerList(action, "Status", channels);
  else action.answer({ Response: "Error", Message: "Invalid/unknown command" });
}

function answerLogin(action: FakeAction, { username = "enlace", secret = "test-secret" }: FakeAmiOptions): void {
  const key = createHash("md5").update(`${CHALLENGE}${secret}`).digest("hex");
  if (action.get("Username") !== username || action.get("Key") !== key) {
    action.answer({ Response: "Error", Message: "Authentication failed" });
    return;
  }
  action.answer({ Response: "Success", Message: "Authentication accepted" });
  action.socket.write(toBytes({ Event: "FullyBooted", Status: "Fully Booted" })); // in the same segment, as Asterisk does
}

function answerList(action: FakeAction, event: string, items: readonly FakeFields[]): void {
  action.answer({ Response: "Success", EventList: "start", Message: "Channels will follow" });
  for (const item of items) action.answer({ Event: event, ...item });
  action.answer({ Event: `${event}sComplete`, EventList: "Complete", ListItems: String(items.length) });
}
