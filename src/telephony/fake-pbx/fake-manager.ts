import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Random } from "../../kit/random.ts";
import { type FakeFields, toBytes } from "./fake-wire.ts";

/** One action of a session that is logged in. */
export interface FakeAction {
  name: string;
  /** First value of a header, whatever its case; `undefined` when absent. */
  get(header: string): string | undefined;
  all(header: string): string[];
  /** Writes one message to this session; the ActionID goes behind its first header. */
  answer(fields: FakeFields): void;
  list(options: { message: string; event: string; complete: string; items: readonly FakeFields[] }): void;
}

export interface FakeManager {
  port: number;
  /** To every session that hears this class. Written together at the end of the turn, as Asterisk's queue does. */
  broadcast(fields: FakeFields, eventClass: string): void;
  /** Sessions that are logged in. */
  sessions(): number;
  /** Cuts every connection. */
  cut(): void;
  stop(): Promise<void>;
}

export interface FakeManagerOptions {
  port?: number;
  username: string;
  secret: string;
  random: Random;
  onAction(action: FakeAction): void;
}

interface Session {
  socket: Socket;
  /** Classes it hears; `undefined` before its login. */
  hears: ReadonlySet<string> | undefined;
  challenge: string | undefined;
  unsent: string;
}

const BANNER = "Asterisk Call Manager/5.0.4\r\n";
/** Asterisk drops a session that does not read; so does this one. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024;

/** The manager port: logins, actions as bytes, events by class. */
export async function startFakeManager(options: FakeManagerOptions): Promise<FakeManager> {
  const sessions = new Set<Session>();
  let flushing = false;
  const server = createServer({ noDelay: true }, (socket) => {
    const session: Session = { socket, hears: undefined, challenge: undefined, unsent: "" };
    sessions.add(session);
    let text = "";
    socket.on("error", () => socket.destroy()).on("close", () => sessions.delete(session));
    socket.write(BANNER);
    socket.on("data", (chunk) => {
      text += chunk.toString("utf8");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const lines = text.slice(0, end).split("\r\n");
        text = text.slice(end + 4);
        take(
          session,
          toAction(lines, (bytes) => push(session, bytes)),
          options,
        );
      }
    });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");

  function push(session: Session, bytes: string): void {
    session.unsent += bytes;
    if (flushing) return;
    flushing = true;
    setImmediate(flush);
  }

  function flush(): void {
    flushing = false;
    for (const session of sessions) {
      if (session.unsent === "") continue;
      const { socket, unsent } = session;
      session.unsent = "";
      if (socket.writableLength > UNSENT_BYTES_MAX) socket.destroy();
      else if (socket.writable) socket.write(unsent);
    }
  }

  return {
    port: (server.address() as { port: number }).port,
    broadcast: (fields, eventClass) => {
      let bytes: string | undefined;
      for (const session of sessions) {
        if (!session.hears?.has(eventClass)) continue;
        bytes ??= toBytes(fields);
        push(session, bytes);
      }
    },
    sessions: () => [...sessions].filter(({ hears }) => hears !== undefined).length,
    cut: () => {
      for (const { socket } of sessions) socket.destroy();
    },
    stop: async () => {
      server.close();
      for (const { socket } of sessions) socket.destroy();
      await once(server, "close");
    },
  };
}

function toAction(lines: readonly string[], write: (bytes: string) => void): FakeAction {
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const all = (header: string): string[] =>
    headers.flatMap(([name, value]) => (name === header.toLowerCase() ? [value] : []));
  const get = (header: string): string | undefined => all(header)[0];
  const id = get("ActionID");
  const own = id === undefined ? [] : ["ActionID", id];
  const answer = ([name = "", value = "", ...rest]: FakeFields): void => write(toBytes([name, value, ...own, ...rest]));
  return {
    name: (get("Action") ?? "").toLowerCase(),
    get,
    all,
    answer,
    list: ({ message, event, complete, items }) => {
      answer(["Response", "Success", "EventList", "start", "Message", message]);
      for (const item of items) answer(["Event", event, ...item]);
      answer(["Event", complete, "EventList", "Complete", "ListItems", String(items.length)]);
    },
  };
}

function take(session: Session, action: FakeAction, options: FakeManagerOptions): void {
  if (action.name === "challenge") challenge(session, action, options.random);
  else if (action.name === "login") login(session, action, options);
  else if (action.name === "logoff") {
    action.answer(["Response", "Goodbye", "Message", "Thanks for all the fish."]);
    setImmediate(() => session.socket.end());
  } else if (session.hears === undefined) action.answer(["Response", "Error", "Message", "Permission denied"]);
  else options.onAction(action);
}

function challenge(session: Session, action: FakeAction, random: Random): void {
  session.challenge = String(100_000_000 + Math.floor(random.fraction() * 899_999_999));
  action.answer(["Response", "Success", "Challenge", session.challenge]);
}

function login(session: Session, action: FakeAction, { username, secret }: FakeManagerOptions): void {
  const key = createHash("md5").update(`${session.challenge}${secret}`).digest("hex");
  const isKnown = action.get("Username") === username;
  const isRight =
    session.challenge === undefined ? isSame(action.get("Secret") ?? "", secret) : isSame(action.get("Key") ?? "", key);
  if (!isKnown || !isRight) {
    action.answer(["Response", "Error", "Message", "Authentication failed"]);
    return;
  }
  session.hears = toClasses(action.get("Events"));
  action.answer(["Response", "Success", "Message", "Authentication accepted"]);
  // In the same segment as the answer, and without its ActionID, as Asterisk does.
  if (session.hears.has("system"))
    session.unsent += toBytes(["Event", "FullyBooted", "Privilege", "system,all", ...BOOTED]);
}

const BOOTED = ["Uptime", "3", "LastReload", "3", "Status", "Fully Booted"];
const CLASSES = ["system", "call", "agent", "user", "cdr"];

function toClasses(events: string | undefined): ReadonlySet<string> {
  if (events === undefined || /^(on|all)$/i.test(events)) return new Set(CLASSES);
  return new Set(/^off$/i.test(events) ? [] : events.split(",").map((name) => name.trim().toLowerCase()));
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
