// A stand-in for Vtiger over real HTTP. Everything it does was observed at Vtiger 8.4.0 and 7.5.0 (fixtures/samples.jsonl);
// fake-vtiger.test.ts holds it against those recordings.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createFaultQueue, type Fault, type FaultKind, type Faults } from "./fake-faults.ts";
import { StackTrace } from "./fake-modules.ts";
import { Crash, FakeOperations, type FakeRequest } from "./fake-operations.ts";
import { toRecordsPage } from "./fake-page.ts";
import { FakeStore, type FakeUser, isBefore } from "./fake-store.ts";
import { WsError } from "./fake-vtql.ts";

export interface FakeVtigerOptions {
  /** 0, the default, is any free port. */
  port?: number;
  /** `8.4.0` unless said otherwise; the assign bug, key order and crashes follow it. */
  version?: string;
  /** Rules of Duplicate Prevention, such as `PBXManager.sourceuuid`; none, as Vtiger comes. */
  unique?: readonly string[];
  /** The custom fields of the recorded installation; there unless `false`. */
  customFields?: boolean;
  /** The custom module `Calls` of the older system; there unless `false`. */
  callsModule?: boolean;
  now?(): Date;
}

export interface FakeVtiger {
  /** Address of webservice.php. */
  url: string;
  store: FakeStore;
  faults: Faults;
  /** Live records of a module, oldest first. */
  records(module?: string): { id: string; fields: Record<string, string> }[];
  /** Adds a record that belongs to apiuser unless said otherwise; gives its id. */
  add(module: string, element: Readonly<Record<string, string>>): string;
  addContact(contact: Readonly<Record<string, string>>): string;
  remove(id: string): void;
  /** Every session and challenge given out so far: secrets. */
  secrets(): readonly string[];
  /** The user by log-in name, to change: `user("apiuser").accessKey = …`. */
  user(userName: string): FakeUser;
  /** Every operation asked for, in order, from the beginning. */
  readonly operations: readonly string[];
  /** Resolves when the next request of this operation has arrived. */
  nextRequest(operation: string): Promise<void>;
  stop(): Promise<void>;
}

const BODY_BYTES_MAX = 1024 * 1024;
const OPERATIONS_KEPT = 10_000;

export async function startFakeVtiger(options: FakeVtigerOptions = {}): Promise<FakeVtiger> {
  const { version = "8.4.0", customFields = true, callsModule = true } = options;
  const now = options.now ?? ((): Date => new Date());
  const store = new FakeStore({ version, unique: options.unique ?? [], customFields, callsModule, now });
  const crm = new FakeOperations(store, { version, now });
  const faults = createFaultQueue();
  const operations: string[] = [];
  const waiting = new Map<string, (() => void)[]>();
  let held: (() => void)[] = [];
  let overlaps = 0;
  let silence = (): void => undefined;

  const server = createServer(async (incoming, response) => {
    const request = await readRequest(incoming);
    if (request.get.get("operation") === null && incoming.url === "/") {
      return void response.writeHead(200, { "content-type": "text/html; charset=UTF-8" }).end(toRecordsPage(store));
    }
    const operation = request.get.get("operation") ?? request.post.get("operation") ?? "";
    if (operations.length < OPERATIONS_KEPT) operations.push(operation);
    for (const arrived of waiting.get(operation) ?? []) arrived();
    waiting.delete(operation);
    if (operation === "login" && overlaps > 0 && overlaps-- > 0) crm.forgetTokens();
    const fault = faults.take(operation);
    if (fault === undefined) send(response, toAnswer(request));
    else spoil(fault, response, request);
  });

  function toAnswer(request: FakeRequest): PlainAnswer {
    try {
      return toJson({ success: true, result: crm.run(request) });
    } catch (error) {
      if (error instanceof WsError) {
        const { code, message } = error;
        return toJson({ success: false, error: isBefore(version, 8, 0) ? { code, message } : { message, code } });
      }
      if (error instanceof Crash) return { status: 500, type: HTML, body: "" };
      if (error instanceof StackTrace) return { status: 200, type: HTML, body: toTrace(error.message) };
      throw error;
    }
  }

  function spoil(fault: Fault, response: ServerResponse, request: FakeRequest): void {
    const page = (status: number, body: string, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, { "content-type": HTML, ...headers }).end(body);
    const retryAfter =
      fault.retryAfterSeconds === undefined ? undefined : { "retry-after": String(fault.retryAfterSeconds) };
    const actions: Record<FaultKind, () => unknown> = {
      empty500: () => page(500, "", retryAfter),
      html502: () => page(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"),
      maintenance: () => page(200, "<!DOCTYPE html><html><body><h1>Under maintenance</h1></body></html>"),
      trace: () => page(200, toTrace("Query Failed: INSERT INTO vtiger_activity")),
      forbidden: () => page(403, "<html><body><h1>Forbidden</h1></body></html>"),
      refused: () => send(response, toJson({ success: false, error: fault.error ?? { code: "", message: "" } })),
      oddResult: () => send(response, toJson({ success: true, result: "?" })),
      tooMany: () => page(429, "", retryAfter),
      unavailable: () => page(503, "", retryAfter),
      cut: () => cutOff(response),
      cutAfter: () => {
        toAnswer(request);
        cutOff(response);
      },
      silent: () => silence(),
      lost: () => {
        toAnswer(request);
        silence();
      },
      late: () => {
        held.push(() => toAnswer(request));
        silence();
      },
      slow: () => setTimeout(() => send(response, toAnswer(request)), fault.delayMs ?? 50),
    };
    actions[fault.kind]();
  }

  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webservice.php`;
  const admin = store.users.get("19x1") as FakeUser;
  const add = (module: string, element: Readonly<Record<string, string>>): string =>
    String(store.create(admin, module, { assigned_user_id: "19x5", ...element }).id);

  return {
    url,
    store,
    operations,
    add,
    addContact: (contact) => add("Contacts", { lastname: "Contact", ...contact }),
    remove: (id) => store.delete(admin, id),
    secrets: () => crm.secrets(),
    records: (module = "PBXManager") =>
      [...store.records.values()]
        .filter((record) => record.module === module && !record.deleted)
        .map(({ id, fields }) => ({ id, fields: { ...fields } })),
    user: (userName) => {
      const found = [...store.users.values()].find((user) => user.userName === userName);
      if (found === undefined) throw new Error(`the stand-in has no user ${userName}`);
      return found;
    },
    nextRequest: (operation) =>
      new Promise((resolve) => void waiting.set(operation, [...(waiting.get(operation) ?? []), resolve])),
    faults: {
      add: faults.add,
      clear: faults.clear,
      release: () => {
        for (const work of held) work();
        held = [];
      },
      onSilence: (listener) => {
        silence = listener;
      },
      expireSessions: () => crm.expireSessions(),
      overlapLogins: (times) => {
        overlaps = times;
      },
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const HTML = "text/html; charset=UTF-8";

interface PlainAnswer {
  status: number;
  type: string;
  body: string;
}

const toJson = (content: unknown): PlainAnswer => ({
  status: 200,
  type: "application/json",
  body: JSON.stringify(content),
});

function send(response: ServerResponse, { status, type, body }: PlainAnswer): void {
  response.writeHead(status, { "content-type": type }).end(body);
}

function cutOff(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
  response.write('{"success":true,"result":{"id":"24x', () => response.socket?.destroy());
}

const toTrace = (message: string): string =>
  `<pre>array(8) {\n  [0]=>\n  string(9) "#0 include/database/PearDatabase.php(379)"\n}\n</pre>${message}`;

/** A JSON body is nothing to PHP: its parameters are not seen. */
async function readRequest(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  const isForm = incoming.headers["content-type"]?.includes("x-www-form-urlencoded") ?? false;
  const method = incoming.method ?? "GET";
  const get = new URL(incoming.url ?? "/", "http://crm.example.test").searchParams;
  return { method, get, post: new URLSearchParams(isForm ? Buffer.concat(chunks).toString("utf8") : "") };
}
