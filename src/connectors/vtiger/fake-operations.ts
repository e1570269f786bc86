// The operations of webservice.php: verbs, log-in, sessions, and what each answers.
import { createHash, randomUUID } from "node:crypto";
import { type FakeStore, type FakeUser, isBefore } from "./fake-store.ts";
import { unknownError, WsError } from "./fake-vtql.ts";

/** The request ends in an empty HTTP 500: thrown outside of what the web service catches. */
export class Crash extends Error {}

const GET_OPERATIONS = new Set(["getchallenge", "listtypes", "describe", "retrieve", "query"]);
const POST_OPERATIONS = new Set(["login", "create", "update", "revise", "delete", "logout", "extendsession"]);
const TOKEN_TTL_MS = 300_000;

const OTHER_TYPES = ["Campaigns", "Vendors", "Faq", "Quotes", "Potentials", "Products", "Documents", "HelpDesk"];

export interface FakeRequest {
  method: string;
  /** Of the URL. */
  get: URLSearchParams;
  /** Of a form body. */
  post: URLSearchParams;
}

export class FakeOperations {
  readonly store: FakeStore;
  readonly #version: string;
  readonly #now: () => Date;
  readonly #tokens = new Map<string, { token: string; untilMs: number }>();
  readonly #sessions = new Map<string, string>();
  readonly #secrets: string[] = [];

  constructor(store: FakeStore, { version, now }: { version: string; now(): Date }) {
    this.store = store;
    this.#version = version;
    this.#now = now;
  }

  secrets(): string[] {
    return this.#secrets;
  }

  /** PHP's session files are gone. */
  expireSessions(): void {
    this.#sessions.clear();
  }

  /** Challenges given out stop working, as when somebody else logs in as the same user. */
  forgetTokens(): void {
    for (const known of this.#tokens.values()) known.token = randomUUID();
  }

  /** The result of one request. Throws `WsError`, `Crash` or a stack trace. */
  run(request: FakeRequest): unknown {
    const operation = (request.get.get("operation") ?? request.post.get("operation") ?? "").toLowerCase();
    const isGet = GET_OPERATIONS.has(operation);
    if (!isGet && !POST_OPERATIONS.has(operation)) throw new Crash();
    const params = isGet ? request.get : request.post;
    const parameter = (name: string): string => params.get(name) ?? "";
    if (operation === "getchallenge") return this.#challenge(parameter("username"));
    if (operation === "login") return this.#logIn(parameter("username"), parameter("accessKey"));
    const sessionName = request.get.get("sessionName") ?? request.post.get("sessionName") ?? "";
    if (operation === "extendsession" && params.get("PHPSESSID")) {
      throw new WsError("AUTHENTICATION_FAILURE", "Authencation Failed");
    }
    if (sessionName === "") throw new WsError("AUTHENTICATION_REQUIRED", "Authencation required");
    const user = this.store.users.get(this.#sessions.get(sessionName) ?? "");
    if (user === undefined) throw new WsError("INVALID_SESSIONID", "Session Identifier provided is Invalid");
    return this.#runAs(user, { operation, params, sessionName });
  }

  #challenge(username: string): unknown {
    if (username === "") throw new WsError("ACCESS_DENIED", "No username given");
    const user = this.#findUser(username);
    if (user === undefined) throw new WsError("ACCESS_DENIED", "username does not exists");
    const token = createHash("md5").update(randomUUID()).digest("hex").slice(0, 14);
    const serverTime = Math.floor(this.#now().getTime() / 1000);
    this.#secrets.push(token);
    this.#tokens.set(user.id, { token, untilMs: this.#now().getTime() + TOKEN_TTL_MS });
    return { token, serverTime, expireTime: serverTime + TOKEN_TTL_MS / 1000 };
  }

  #logIn(username: string, digest: string): unknown {
    const user = this.#findUser(username);
    const known = user === undefined ? undefined : this.#tokens.get(user.id);
    if (user === undefined || known === undefined || known.untilMs < this.#now().getTime()) {
      throw new WsError("INVALID_AUTH_TOKEN", "Specified token is invalid or expired");
    }
    const expected = createHash("md5").update(`${known.token}${user.accessKey}`).digest("hex");
    if (!user.isActive || digest !== expected)
      throw new WsError("INVALID_USER_CREDENTIALS", "Invalid username or password");
    const sessionName = createHash("md5").update(randomUUID()).digest("hex").slice(0, 21);
    this.#secrets.push(sessionName);
    this.#sessions.set(sessionName, user.id);
    const session = { sessionName, userId: user.id, version: "0.22", vtigerVersion: this.#version };
    if (isBefore(this.#version, 7, 5)) return session;
    const preferences = { time_zone: "Europe/Madrid", hour_format: "24", date_format: "yyyy-mm-dd" };
    const person = {
      username: user.userName,
      first_name: "",
      last_name: user.userName,
      email: `${user.userName}@example.test`,
    };
    const rest = { is_admin: user.isAdmin ? "on" : "off", call_duration: "5", other_event_duration: "5" };
    return { ...person, ...preferences, ...rest, ...session };
  }

  /** Without regard to case or spaces at the end, as MySQL compares. */
  #findUser(username: string): FakeUser | undefined {
    const wanted = username.trimEnd().toLowerCase();
    return [...this.store.users.values()].find((user) => user.userName.toLowerCase() === wanted);
  }

  #runAs(user: FakeUser, call: { operation: string; params: URLSearchParams; sessionName: string }): unknown {
    const { store } = this;
    const parameter = (name: string): string => call.params.get(name) ?? "";
    switch (call.operation) {
      case "listtypes":
        return this.#listTypes(user);
      case "describe":
        return store.describe(user, parameter("elementType"));
      case "retrieve":
        return store.retrieve(user, parameter("id"));
      case "query":
        if (parameter("query") === "")
          throw new WsError("ACCESS_DENIED", "Permission to perform the operation is denied for query");
        return store.query(user, parameter("query"));
      case "create":
        store.checkCreatable(user, parameter("elementType"));
        return store.create(user, parameter("elementType"), this.#parseElement(call.params.get("element")));
      case "revise":
      case "update":
        return store.revise(user, this.#parseElement(call.params.get("element")), {
          whole: call.operation === "update",
        });
      case "delete":
        store.delete(user, parameter("id"));
        return { status: "successful" };
      case "logout":
        this.#sessions.delete(call.sessionName);
        return { message: "successfull" };
      default:
        return { sessionName: call.sessionName, userId: user.id, version: "0.22", vtigerVersion: this.#version };
    }
  }

  #listTypes(user: FakeUser): unknown {
    const names = [...this.store.modules.keys(), ...OTHER_TYPES].filter((name) => !user.closed.includes(name));
    const toFacts = (name: string): unknown => ({
      isEntity: name !== "Groups",
      label: name,
      singular: name.replace(/s$/, ""),
    });
    return { types: names, information: Object.fromEntries(names.map((name) => [name, toFacts(name)])) };
  }

  /** 8.x falls over what 7.5 takes for an empty element. */
  #parseElement(text: string | null): Record<string, unknown> {
    const isOld = isBefore(this.#version, 8, 0);
    if (text === null && !isOld) throw new Crash();
    try {
      const element: unknown = JSON.parse(text ?? "{}");
      if (typeof element === "object" && element !== null) return element as Record<string, unknown>;
    } catch {
      if (!isOld) throw unknownError();
    }
    return {};
  }
}
